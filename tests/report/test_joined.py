"""Several runs in one report."""

import csv
import html
import json
import re

import pyarrow.parquet as pq
import pytest

from tts.analysis import curves, joined_curves, merged, run_names
from tts.core import UsageError
from tts.report import write_report
from tts.report.charts.figure import spec
from tts.report.content import CROWDED, _front, panels, shown_first
from tts.store import read_run


@pytest.fixture
def two(make_run, entry):
    """Runs of two models on the same three problems; the second one is always right."""
    found = []
    for name, right in (("small", False), ("large", True)):
        made = make_run([entry([1, 2])], problems=3, name=name)
        made.info["model"]["name"] = f"vllm/{name}"
        for p in "abc":
            made.cell(p, [(0, True), (1 - right, right)], texts=[f"{name} {p}", "no"])
        found.append(made)
    return found


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def page_data(path):
    (found,) = re.findall(r'id="data">(.*?)</script>', path.read_text(encoding="utf-8"), re.S)
    return json.loads(found)


def test_a_joined_report_holds_the_rows_of_each_run_under_its_name(two):
    places = [made.save() for made in two]
    paths = write_report(places)
    assert paths.csv == places[0] / "report" / "joined" / "curves.csv"
    joined = rows_of(paths.csv)
    for place, model in zip(places, ("vllm/small", "vllm/large"), strict=True):
        alone = rows_of(write_report(place).csv)
        assert {row["run"] for row in alone} == {""}
        assert [row | {"run": ""} for row in joined if row["run"] == model] == alone
    assert len(joined) == 12
    assert [(r["strategy"], r["candidates"]) for r in rows_of(paths.failures)] == [
        ("vllm/small: best_of_n", "6"),
        ("vllm/large: best_of_n", "6"),
    ]


def test_a_joined_page_names_the_run_of_every_line_warning_and_outcome(two):
    page = write_report([made.save() for made in two]).html
    text = html.unescape(page.read_text(encoding="utf-8"))
    assert "<h3>vllm/small</h3>" in text and "<h3>vllm/large</h3>" in text
    assert "vllm/small: toy: only 3 problems" in text and "vllm/large: toy: only 3 problems" in text
    assert 'data-series="vllm/small: best_of_n · majority"' in text
    assert "whose tokens are not the same compute" in text
    points = text[text.index('id="table"') :]
    assert ">Run</button>" in points and points.count("<td>vllm/large</td>") == 6 + 1  # what went wrong


def test_lines_of_several_models_stand_over_flops_where_these_are_known(make_run, entry):
    usage = {"output_tokens": 200, "samples": 2, "prompt_tokens_ideal": 10}
    usage |= {"output_positions": [[10, 2], [110, -2]], "prompt_positions_ideal": [[0, 1], [10, -1]]}
    config = {"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 100,
              "num_attention_heads": 4, "num_key_value_heads": 4, "intermediate_size": 128,
              "model_type": "llama"}  # fmt: skip
    places = []
    for name in ("one", "other"):
        made = make_run([entry([1, 2])], name=name)
        made.info["model"] |= {"name": name, "architecture": config}
        for p in "ab":
            made.cell(p, [(0, True), (1, False)], usage=usage)
        places.append(made.save())
    joined = write_report(places).html.read_text(encoding="utf-8")
    assert '<select id="axis"><option value="flops">' in joined and "not the same compute" not in joined
    assert '<select id="axis"><option value="output_tokens">' in write_report(places[0]).html.read_text("utf-8")


def test_each_model_has_a_front_of_its_own_where_flops_are_not_known(two):
    """On tokens the larger model would hide every line of the smaller one."""
    runs = [read_run(made.save()) for made in two]
    (panel,) = panels(merged(joined_curves(runs)).rows)
    assert panel.by_model
    fronts = [{name.split(":")[0] for name in tied} for tied in _front(panel)]
    assert fronts and all(len(models) == 1 for models in fronts)
    assert {model for models in fronts for model in models} == {"vllm/small", "vllm/large"}
    (alone,) = panels(merged(joined_curves(runs[:1])).rows)
    assert not alone.by_model
    (layer,) = [layer for layer in spec(panel)["layer"] if layer.get("name") == "front"]
    assert [step["groupby"] for step in layer["transform"] if "window" in step] == [["model"], ["model"]]


def test_runs_on_different_problems_are_refused_with_those_that_differ(two):
    two[1].cell("d", [(0, True), (0, True)])
    with pytest.raises(
        UsageError, match=r"different problem sets: 1 problem \(toy/d\) only in .*large; give both the same"
    ):
        write_report([made.save() for made in two])
    assert not (two[0].path / "report").exists()


def test_runs_on_different_benchmarks_stand_side_by_side(make_run, entry):
    places = []
    for name in ("toy", "other"):
        made = make_run([entry([1, 2])], name=f"run-{name}")
        made.info["benchmarks"] = {name: made.info["benchmarks"]["toy"]}
        for p in "ab":
            made.cell(p, [(0, True), (1, False)], benchmark=name, texts=["yes", "no"])
        places.append(made.save())
    paths = write_report(places)
    assert [panel["spec"]["light"]["data"]["values"][0]["series"] for panel in page_data(paths.html)["panels"]] == [
        "run-toy: best_of_n · first",
        "run-other: best_of_n · first",
    ]
    (packed,) = re.findall(r'id="explorer-data">(.*?)</script>', paths.html.read_text(encoding="utf-8"), re.S)
    assert [(p[0], p[1]) for p in json.loads(packed)["problems"]] == [
        ("toy", "a"), ("toy", "b"), ("other", "a"), ("other", "b"),
    ]  # fmt: skip


def test_runs_are_named_by_what_tells_them_apart(two, make_run, entry):
    small, large = (read_run(made.save()) for made in two)
    assert run_names([small]) == ("",)
    assert run_names([small, large]) == ("vllm/small", "vllm/large")
    again = make_run([entry([1])], name="again")
    again.info["model"]["name"] = "vllm/small"
    assert run_names([small, read_run(again.save())]) == ("small", "again")
    with pytest.raises(UsageError, match=r"small is named twice; name each run once"):
        run_names([small, large, small])


def test_one_parameter_count_is_not_given_to_two_models(two):
    places = [made.save() for made in two]
    with pytest.raises(UsageError, match=r"--parameters: policy would give one size to 2 models"):
        write_report(places, {"policy": 1e9})
    with pytest.raises(UsageError, match=r"--parameters: the run has no model 'judge'"):
        write_report(places, {"judge": 1e9})


def test_nothing_but_the_reports_own_files_is_touched_in_a_folder_of_the_users(two, tmp_path):
    mine = [tmp_path / "out" / name / "mine.csv" for name in ("coverage", "verifiers", "optimal")]
    for path in mine:
        path.parent.mkdir(parents=True)
        path.write_text("kept")
    (tmp_path / "out" / "by_level.csv").write_text("kept")
    write_report([made.save() for made in two], out=tmp_path / "out")
    assert [path.read_text() for path in [*mine, tmp_path / "out" / "by_level.csv"]] == ["kept"] * 4
    assert (tmp_path / "out" / "report.html").is_file()


def test_what_an_earlier_report_left_in_the_run_is_taken_away(two):
    place = two[0].save()
    stale = place / "report" / "verifiers" / "verifiers.png"
    stale.parent.mkdir(parents=True)
    stale.write_text("of other scores")
    write_report(place)
    assert not stale.exists()


def test_parquet_holds_what_csv_holds(two):
    paths = write_report([made.save() for made in two])
    for path in (paths.csv, paths.failures):
        table = pq.read_table(path.with_suffix(".parquet")).to_pylist()
        as_text = [
            {k: "" if v is None else f"{v:.6g}" if isinstance(v, float) else str(v) for k, v in row.items()}
            for row in table
        ]
        assert as_text == rows_of(path)
    assert pq.read_schema(paths.csv.with_suffix(".parquet")).field("accuracy").type == "double"


def test_of_many_lines_those_on_the_front_are_shown_at_first(make_run, entry):
    count = CROWDED + 1
    made = make_run([entry([1, 2], f"s{i:02d}", independent=False) for i in range(count)], problems=count)
    for i in range(count):
        for n in (1, 2):
            # later settings cost more; only the first two and the last buy something with it
            right = {0: 1, 1: 3, count - 1: 5}.get(i, 0)
            for p in range(count):
                tokens = 10 * (i + 1) * n
                made.cell(f"p{p:02d}", [(0, p < right, True, tokens)] * n, strategy=f"s{i:02d}", budget=n,
                          usage={"output_tokens": tokens * n})  # fmt: skip
    run = read_run(made.save())
    content = panels(merged([curves(run)]).rows)
    names = {name.split(" ")[0] for name in shown_first(content)}
    assert names == {"s00", "s01", f"s{count - 1}"}
    text = write_report(made.path).html.read_text(encoding="utf-8")
    assert text.count('type="checkbox" checked') == len(shown_first(content))
    assert f'data-show="all">all ({len(content[0].series)})' in text
