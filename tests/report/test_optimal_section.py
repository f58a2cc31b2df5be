"""The section on compute-optimal scaling: its figures are the study's, and what it lacks has a reason."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from tts.analysis import curves
from tts.analysis.studies import study_optimal
from tts.report import write_report
from tts.report.content import panels
from tts.report.sections.optimal_charts import CURVES
from tts.report.sections.optimal_curves import MOST
from tts.report.sections.optimal_section import optimal_section
from tts.stats import mean_interval
from tts.store import read_run

PRM = "prm/toy:last"


@pytest.fixture
def hard_and_easy(make_run, entry):
    """``hard_and_easy(...)``: votes help on easy problems, scores on hard ones; 16 samples a problem and greedy."""

    def make(name="run", problems=None, model="simulated", entries=None, verifier=PRM, oracle=()):
        problems = problems or {"toy": 20}
        made = make_run(
            entries or [entry([1], "greedy"), entry([1, 4, 16])],
            problems=0,
            name=name,
            verifiers=[verifier] if verifier else [],
        )
        made.info["model"]["name"] = model
        made.info["benchmarks"] = {
            b: {"source": f"{b}.jsonl", "revision": None, "problems": count} for b, count in problems.items()
        }
        made.info["oracle_verifiers"] = list(oracle)
        rng = np.random.default_rng(0)
        for benchmark, count in problems.items():
            for i in range(count):
                chance = 0.1 + 0.8 * i / count
                for e in made.info["plan"]:
                    right = rng.random(e["n"][-1]) < chance
                    scores = np.clip(np.where(right, 0.6, 0.4) + rng.normal(0, 0.15, len(right)), 0.01, 0.99)
                    made.cell(
                        f"p{i:02}",
                        [
                            (0 if ok else int(rng.integers(1, 4)), bool(ok), True, int(rng.integers(40, 60)))
                            for ok in right
                        ],
                        benchmark=benchmark,
                        strategy=e["strategy"],
                        setting=e["setting"],
                        scores={verifier: scores.tolist()} if verifier else None,
                        **(
                            {}
                            if e["independent"]
                            else {"budget": e["n"][-1], "usage": {"output_tokens": 50 * e["n"][-1]}}
                        ),
                    )
        return made.save()

    return make


def section(*paths):
    return optimal_section([read_run(path) for path in paths])


def points(chart):
    return chart.spec("light")["data"]["values"]


def xy(chart, series):
    return {(p["x"], p["y"], p["low"], p["high"]) for p in points(chart) if p["series"] == series}


def of_study(study, curve):
    return {(p.compute, p.accuracy.mean, p.accuracy.low, p.accuracy.high) for p in study.points if p.curve == curve}


def test_the_large_chart_holds_the_studys_curves_under_the_names_of_the_curves(hard_and_easy):
    run = read_run(hard_and_easy())
    study, whole = study_optimal([run]), optimal_section([run]).charts[0]
    for curve in CURVES:
        assert xy(whole, curve) == of_study(study, curve) != set()
    assert xy(whole, "best_of_n · majority") == of_study(study, "best_of_n, majority") != set()
    assert xy(whole, "greedy") == of_study(study, "greedy, first") != set()
    named = {one.name for panel in panels(curves(run).rows) for one in panel.series}
    assert {p["series"] for p in points(whole)} - set(CURVES) <= named


def test_panels_are_means_over_the_bins_problems_on_shared_axes_in_one_look(hard_and_easy):
    run = read_run(hard_and_easy())
    study = study_optimal([run])
    charts = [chart for chart in optimal_section([run]).charts if chart.small]
    assert len(charts) == len(study.bins.names) > 1
    for k, chart in enumerate(charts):
        mine = study.bins.member == k
        for curve, chosen in (("compute-optimal", study.optimal), ("best single", study.single)):
            expected = set()
            for right, cost in zip(chosen.accuracy, chosen.compute, strict=True):
                found = mean_interval(right[mine])
                expected.add((cost[mine].mean(), found.mean, found.low, found.high))
            assert xy(chart, curve) == expected
        at = [i for i, c in enumerate(study.table.choices) if (c.strategy, c.selector) == ("best_of_n", "weighted")]
        assert {(x, y) for x, y, _, _ in xy(chart, f"best_of_n · weighted ({PRM})")} == {
            (study.table.compute[i][mine].mean(), study.table.accuracy[i][mine].mean()) for i in at
        }
    specs = [chart.spec("dark") for chart in charts]
    axes = {json.dumps([s["encoding"]["x"], [layer["encoding"].get("y", {}).get("scale") for layer in s["layer"]]])
            for s in specs}  # fmt: skip
    looks = {json.dumps([layer["encoding"].get("color") for layer in s["layer"]]) for s in specs}
    assert len(axes) == len(looks) == 1
    assert specs[0]["layer"][0]["encoding"]["y"]["scale"]["domain"] == [0, 1.04]


def test_the_map_shows_what_each_half_chose_in_the_looks_of_the_panels(hard_and_easy):
    run = read_run(hard_and_easy())
    study, found = study_optimal([run]), optimal_section([run])
    chart, panel = found.charts[1], found.charts[2]
    picks = {(p.budget, p.bin, p.fold + 1, p.choice.n, p.choice.selector) for p in study.picks}
    drawn = {
        (v["budget"], v["bin"], v["half"], v["n"], v["setting"].partition(" · ")[2].partition(" ")[0] or "first")
        for v in points(chart)
    }
    assert drawn <= picks
    last = max(p.budget for p in study.picks if p.budget in {d[0] for d in drawn})
    assert {d[1:] for d in drawn if d[0] == last} == {p[1:] for p in picks if p[0] == max(q[0] for q in picks)}
    scale, own = (c.spec("light")["layer"][-1]["encoding"]["color"]["scale"] for c in (chart, panel))
    looks = dict(zip(own["domain"], own["range"], strict=True))
    shown = [(name, color) for name, color in zip(scale["domain"], scale["range"], strict=True) if name in looks]
    assert shown
    assert len(shown) <= MOST
    assert all(looks[name] == color for name, color in shown)
    encoding = chart.spec("light")["encoding"]
    assert encoding["x"]["axis"]["format"] == encoding["tooltip"][-1]["format"] == ".3s"  # 1.00k, not 1.004k


def test_files_lie_in_a_folder_of_their_own_and_hold_every_curve_by_bin(hard_and_easy):
    path = hard_and_easy()
    write_report(path)
    folder = path / "report/optimal"
    assert (folder / "optimal.png").stat().st_size
    study = study_optimal([read_run(path)])
    tables = {}
    for name in ("optimal", "optimal_choices", "optimal_ratios", "optimal_bins"):
        with (folder / f"{name}.csv").open(newline="") as file:
            tables[name] = list(csv.DictReader(file))
        assert {row["benchmark"] for row in tables[name]} == {"toy"}
    assert len(tables["optimal"]) == len(study.points)
    assert len(tables["optimal_choices"]) * 2 == len(study.picks)
    assert [row["ratio"] for row in tables["optimal_ratios"]] == [str(s.ratio) for s in study.savings]
    bins = len(study.bins.names)
    assert len(tables["optimal_bins"]) == bins * (len(study.table.choices) + 2 * len(study.budgets))
    row = next(
        r for r in tables["optimal_bins"] if (r["bin"], r["curve"], r["n"]) == ("1", "best_of_n · majority", "4")
    )
    at = [(c.strategy, c.selector, c.n) for c in study.table.choices].index(("best_of_n", "majority", 4))
    mine = study.bins.member == 0
    assert float(row["accuracy"]) == pytest.approx(study.table.accuracy[at][mine].mean(), abs=1e-5)
    assert int(row["problems"]) == mine.sum()


def test_benchmarks_are_studied_each_by_itself_and_one_that_cannot_be_has_a_reason(hard_and_easy):
    run = read_run(hard_and_easy(problems={"toy": 20, "other": 12, "broken": 6}))
    left = {key: cell for key, cell in run.cells.items() if key[:2] not in {("broken", f"p{i:02}") for i in range(3)}}
    found = optimal_section([replace(run, cells=left)])
    for name in ("toy", "other"):
        alone = study_optimal([replace(run, problems={name: run.problems[name]})])
        (whole,) = (c for c in found.charts if c.title == f"{name}: all {len(alone.problems)} problems")
        assert xy(whole, "compute-optimal") == of_study(alone, "compute-optimal")
    assert {row[0] for row in found.tables["optimal_bins"].rows} == {"toy", "other"}
    (note,) = (n for n in found.notes if n.startswith("broken"))
    assert "3 problems are complete" in note
    assert "needs at least 4" in note


def test_models_are_compared_by_flops_or_not_at_all(hard_and_easy):
    small, large = hard_and_easy("small"), hard_and_easy("large", model="larger")
    found = section(small, large)
    assert not found.charts
    assert "FLOPs" in found.notes[0]
    assert "--parameters" not in " ".join(section(small).notes)


def test_runs_of_one_model_are_one_pool_of_settings_named_by_their_directories(hard_and_easy, entry):
    one, two = hard_and_easy("one"), hard_and_easy("two", entries=[entry([4], "search", independent=False)])
    found = section(one, two)
    names = {p["series"] for p in points(found.charts[0])}
    assert {"one: best_of_n · majority", "two: search · majority"} <= names
    assert "best_of_n in one: samples that" in found.text[0]


def test_there_is_no_section_where_nothing_can_be_chosen(hard_and_easy, entry):
    assert section(hard_and_easy("few", problems={"toy": 3})) is None
    assert section(hard_and_easy("greedy", entries=[entry([1], "greedy")])) is None
    assert section(hard_and_easy("lone", entries=[entry([1])])) is None


def test_searches_alone_say_that_difficulty_needs_independent_samples(hard_and_easy, entry):
    found = section(hard_and_easy("search", entries=[entry([4], "search", independent=False)]))
    assert not found.charts
    assert not found.tables
    assert "no independent samples to tell difficulty from" in found.notes[0]


def test_scores_that_know_the_answer_and_small_bins_are_named(hard_and_easy, tmp_path):
    notes = section(hard_and_easy("told", oracle=["prm/toy"])).notes
    assert any("prm/toy is told the reference answer" in note for note in notes)
    smallest = study_optimal([read_run(tmp_path / "told")]).bins.sizes.min()
    assert any(f"as few as {smallest} problems" in note for note in notes)
    assert not any("told" in note for note in section(hard_and_easy("honest")).notes)
