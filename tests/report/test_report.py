import csv
import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from tts.analysis import COLUMNS, curves
from tts.core import Candidate, Question, UsageError, score_key
from tts.report import write_report
from tts.report.charts.look import DASHES, PALETTES, SHAPES
from tts.report.content import panels
from tts.report.notes import label, notes
from tts.store import read_run

NASTY = "</script><script>document.title='owned'</script><img src=x onerror=document.title='owned'>"


@pytest.fixture
def small(make_run, entry):
    """Two problems, greedy and best_of_n with 4 samples."""
    made = make_run([entry([1], "greedy"), entry([1, 4])])
    for name, labels in (("a", [0, 0, 1, 1]), ("b", [0, 1, 2, -1])):
        made.cell(name, [(0, True, True, 40)], strategy="greedy")
        made.cell(name, [(c, c == 0, c >= 0, 50) for c in labels])
    return made


def table(run):
    with (run / "report" / "curves.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def page_data(text):
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(found)


def test_curves_csv_holds_the_hand_computed_values(small):
    paths = write_report(small.save())
    rows = table(small.path)
    assert tuple(rows[0]) == COLUMNS
    assert [(r["strategy"], r["selector"], r["n"]) for r in rows] == [
        *[("greedy", s, "1") for s in ("first", "majority", "oracle")],
        *[("best_of_n", s, n) for s in ("first", "majority", "oracle") for n in ("1", "4")],
    ]
    majority = rows[6]
    assert majority["accuracy"] == "0.416667"  # (1/2 a tie of two + 1/3 a tie of three) / 2
    assert (majority["output_tokens"], majority["total_tokens"]) == ("200", "210")
    assert (majority["truncated_rate"], majority["no_answer_rate"]) == ("0.125", "0.125")
    assert (majority["problems"], majority["seeds"], majority["samples"]) == ("2", "1", "8")
    assert (majority["setting"], majority["verifier"], majority["model"]) == ("{}", "", "simulated")
    assert paths.csv.read_bytes().endswith(b"\n") and b"\r" not in paths.csv.read_bytes()


def test_the_same_run_gives_the_same_bytes_and_only_the_report_is_written(small):
    small.save()
    paths = write_report(small.path)
    first = [p.read_bytes() for p in (paths.csv, paths.html, paths.png)]
    write_report(small.path)
    assert [p.read_bytes() for p in (paths.csv, paths.html, paths.png)] == first
    assert sorted(p.name for p in paths.csv.parent.iterdir()) == [
        "coverage",
        "curves.csv",
        "curves.parquet",
        "failures.csv",
        "failures.parquet",
        "report.html",
        "report.png",
        "report.svg",
    ]
    assert first[2].startswith(b"\x89PNG")
    assert paths.svg.read_text(encoding="utf-8").startswith("<svg")


def test_the_order_in_which_cells_arrived_changes_nothing(make_run, entry):
    texts = []
    for name, order in (("one", range(12)), ("two", reversed(range(12)))):
        made = make_run([entry([1, 3])], problems=12, name=name)
        for i in order:
            made.cell(f"p{i}", [(0, True, True, 7 * i + 1)] * (i % 4) + [(1, False, True, i)] * (4 - i % 4))
        texts.append(write_report(made.save()).csv.read_bytes())
    assert texts[0] == texts[1]


def test_an_unfinished_run_says_how_many_problems_are_left_out(small):
    small.info["benchmarks"]["toy"]["problems"] = 10
    small.cell("c", [(0, True)], strategy="greedy")
    small.cell("c", [(0, True)] * 3)
    text = html.unescape(write_report(small.save()).html.read_text(encoding="utf-8"))
    assert "toy: 3 of 10 problems are complete for greedy at n = 1. The other 7 are left out" in text
    assert "toy: 2 of 10 problems are complete for best_of_n at n = 4. The other 8 are left out" in text
    assert {r["problems"] for r in table(small.path) if r["strategy"] == "best_of_n"} == {"2"}


def test_a_run_without_a_finished_cell_is_refused_and_nothing_is_written(make_run, entry):
    made = make_run([entry([1])])
    with pytest.raises(UsageError, match="no problem whose samples are complete yet"):
        write_report(made.save())
    assert not (made.path / "report").exists()


def test_a_place_that_cannot_be_written_is_named(small):
    small.save()
    (small.path / "report").write_text("a file where the folder should be")
    with pytest.raises(UsageError, match=r"report: cannot write the report there"):
        write_report(small.path)


def warnings(made):
    run = read_run(made.save())
    return "\n".join(notes([run], [curves(run)]))


def test_a_sound_run_of_many_problems_has_no_warning(make_run, entry):
    made = make_run([entry([1])], problems=40)
    for i in range(40):
        made.cell(f"p{i}", [(0, True)])
    made.db.execute("INSERT INTO engines VALUES (1, 'vllm 0.32.0')")
    made.db.execute("INSERT INTO sessions VALUES (1, 0, 0)")
    assert warnings(made) == ""


@pytest.mark.parametrize(("redrawn", "warned"), [(1, False), (2, True)])
def test_redrawn_samples_are_warned_of_above_one_percent(small, redrawn, warned):
    small.db.execute(
        "INSERT INTO contexts (id, digest, problem, chat, prefix_ids, params, seed) "
        "VALUES (1, x'00', 1, NULL, x'', '{}', 0)"
    )
    small.db.execute("INSERT INTO engines VALUES (1, 'e')")
    for i in range(100):
        values = (i + 1, json.dumps(["sample", i]))
        small.db.execute("INSERT INTO samples VALUES (?, 1, ?, '', x'', NULL, NULL, NULL, 'stop', NULL, 1)", values)
    small.db.execute("INSERT INTO sessions VALUES (1, 50, ?)", (redrawn,))
    assert ("2 of 100 samples (2.0%) were in flight" in warnings(small)) is warned


def test_everything_that_went_wrong_is_said(small):
    small.db.execute("INSERT INTO engines VALUES (1, 'vllm 0.32.0'), (2, 'vllm 0.33.0')")
    small.cell("a", [(0, True)], seed=9, grader={"timeouts": 2, "mixed": 1, "capped": 1})
    small.info["sessions"][-1]["finished"] = None
    text = warnings(small)
    assert "2 engine versions are mixed: vllm 0.32.0, vllm 0.33.0" in text
    assert "ran out of time on 2 pairs" in text
    assert "1 class of equal answers (of 5 cells)" in text
    assert "1 cell (of 5 cells) had too many distinct answers" in text
    assert "12.5% of best_of_n" in text
    assert "last session of this run did not finish" in text
    assert "only 2 problems" in text


@pytest.mark.parametrize(("labels", "ours", "files"), [("own", 3, 0), ("file", 0, 3), ("both", 1, 2)])
def test_verdicts_of_a_file_are_no_disagreement_of_our_grader(make_run, entry, labels, ours, files):
    theirs = '{"labels":"file"}'
    made = make_run([entry([1]), *([entry([1], setting=theirs)] if labels == "both" else [])])
    made.info["imported"] = {"files": {"x.jsonl": ""}, "labels": labels, "tokens": "file", "disagreements": 5}
    for name, mixed in (("a", 1), ("b", 2)):
        made.cell(name, [(0, True)], grader={"mixed": mixed if labels != "both" else mixed - 1})
        if labels == "both":
            made.cell(name, [(0, True)], setting=theirs, grader={"mixed": 1})
    made.db.execute(
        "INSERT INTO contexts (id, digest, problem, chat, prefix_ids, params, seed) "
        "VALUES (1, x'00', 1, NULL, x'', '{}', 0)"
    )
    made.db.execute("INSERT INTO engines VALUES (1, 'e')")
    made.db.execute("INSERT INTO samples VALUES (1, 1, 'x', '', x'', NULL, NULL, NULL, 'stop', NULL, 1)")
    text = warnings(made)
    assert (f"disagreed with itself within {ours} class" in text) is (ours > 0)
    assert (f"The file judges members of {files} classes" in text) is (files > 0)
    assert ("differ on 5 of 1 samples: disagreements.jsonl" in text) is (labels == "both")


def test_a_plan_counts_only_the_problems_that_it_names(make_run, entry):
    setting = '{"plan":"abc"}'
    made = make_run([entry([1]), entry([1], setting=setting, independent=False)], problems=3)
    for name in "abc":
        made.cell(name, [(0, True)])
    made.cell("a", [(0, True)], setting=setting, budget=1)
    (made.path / "plans").mkdir()
    plan = made.path / "plans" / "abc.json"
    plan.write_text(json.dumps({"problems": [{"benchmark": "toy", "id": "a"}]}))
    assert "toy: best_of_n (plan abc) is planned for 1 of the 3 problems." in warnings(made)
    assert "complete for" not in warnings(made)
    plan.write_text(json.dumps({"problems": [{"benchmark": "toy", "id": name} for name in "ab"]}))
    assert "1 of 2 problems are complete for best_of_n (plan abc) at n = 1. The other is left out" in warnings(made)


def test_a_setting_is_shown_for_people():
    assert label("best_of_n", "{}") == "best_of_n"
    assert label("x", '{"temperature":0.7,"weight":"odds"}') == "x (temperature 0.7, weight odds)"


def test_a_single_budget_is_one_marker_for_all_selectors(small):
    data = page_data(write_report(small.save()).html.read_text(encoding="utf-8"))
    points = data["panels"][0]["spec"]["light"]["data"]["values"]
    greedy = [p for p in points if p["strategy"] == "greedy"]
    assert [(p["selector"], p["alone"]) for p in greedy] == [("first = majority = oracle", True)]
    assert len({(p["series"], p["n"]) for p in points}) == len(points) == 7


def test_failures_are_counted_by_strategy(small):
    small.cell("c", [(0, True, False, 9), (-1, False, False, 9)], grader={"timeouts": 3, "mixed": 0, "capped": 1})
    with write_report(small.save()).failures.open(newline="", encoding="utf-8") as file:
        greedy, best = csv.DictReader(file)
    assert (greedy["candidates"], greedy["truncated"], greedy["cells"]) == ("2", "0", "2")
    assert (best["strategy"], best["candidates"], best["cells"]) == ("best_of_n", "10", "3")
    assert (best["truncated"], best["no_answer"]) == ("0.3", "0.2")  # one of eight was cut in the other cells
    found = [best[f"grader_{name}"] for name in ("timeout", "disagreement", "capped")]
    assert found == ["0.333333", "0", "0.333333"]


@pytest.mark.parametrize("known", [True, False])
def test_flops_are_an_axis_where_every_point_has_them(make_run, entry, known):
    made = make_run([entry([1, 4])])
    usage = {"output_tokens": 400, "samples": 4, "prompt_tokens_ideal": 10}
    usage |= {"output_positions": [[10, 4], [110, -4]], "prompt_positions_ideal": [[0, 1], [10, -1]]}
    for name in "ab":
        made.cell(name, [(0, True)] * 4, usage=usage)
    paths = write_report(made.save(), {"policy": 1e9} if known else None)
    text = paths.html.read_text(encoding="utf-8")
    assert ('<option value="flops">' in text, "6 of 6 points lack them" in text) == (known, not known)
    if known:
        point = page_data(text)["panels"][0]["spec"]["light"]["data"]["values"][0]
        assert point["flops"] == pytest.approx(2e9 * 110)


def test_what_knows_the_reference_answer_is_not_on_the_front(scored):
    run = read_run(scored.save())
    (panel,) = panels(curves(run).rows, told=("rm/b",))
    bound = {(r["selector"], r["verifier"]): r["bound"] for r in panel.rows}
    assert bound["oracle", "none"] and bound["best", "rm/b:min"] and bound["weighted", "rm/b:min"]
    assert not bound["best", "prm/a:last"] and not bound["majority", "none"]


def test_the_axes_hold_every_interval_and_say_where_they_start(make_run, entry):
    made = make_run([entry([1, 4])], problems=200)
    for i in range(200):
        made.cell(f"p{i}", [(0, i % 10 > 0)] * 4)
    data = page_data(write_report(made.save()).html.read_text(encoding="utf-8"))
    spec = data["panels"][0]["spec"]["light"]
    y = spec["layer"][0]["encoding"]["y"]
    low, high = y["scale"]["domain"]
    points = spec["data"]["values"]
    assert 0 < low <= min(p["ci_low"] for p in points) and max(p["ci_high"] for p in points) <= high <= 1
    assert f"axis starts at {low:.0%}" in y["title"]
    left, right = spec["encoding"]["x"]["scale"]["domain"]
    assert left < min(p["output_tokens"] for p in points) <= max(p["output_tokens"] for p in points) < right


@pytest.fixture
def scored(make_run, entry):
    """Greedy and best_of_n on problems of two levels, scored by two verifiers."""
    made = make_run([entry([1], "greedy"), entry([1, 2, 4])], problems=4, verifiers=("prm/a:last", "rm/b:min"))
    for i, level in enumerate("1122"):
        values = {"prm/a:last": [0.9, 0.5, 0.2, 0.1], "rm/b:min": [0.1, 0.2, 0.3, 0.4]}
        one = {name: scores[:1] for name, scores in values.items()}
        made.cell(f"p{i}", [(0, True, True, 40)], strategy="greedy", scores=one, level=level)
        labels = [0, 1, 1, 2] if level == "1" else [1, 0, 2, 3]
        made.cell(f"p{i}", [(c, c == 0, True, 50) for c in labels], scores=values, level=level)
    return made


def test_each_verifier_has_lines_of_its_own(scored):
    paths = write_report(scored.save())
    rows = [r for r in table(scored.path) if r["strategy"] == "best_of_n" and r["n"] == "4"]
    assert [(r["selector"], r["verifier"], r["accuracy"]) for r in rows] == [
        ("first", "", "0.25"),
        ("majority", "", "0.125"),
        ("best", "prm/a:last", "0.5"),
        ("best", "rm/b:min", "0"),
        ("weighted", "prm/a:last", "0.5"),
        ("weighted", "rm/b:min", "0"),
        ("oracle", "", "1"),
    ]
    text = html.unescape(paths.html.read_text(encoding="utf-8"))
    assert 'data-series="best_of_n · best (prm/a:last)"' in text
    assert "<span>every selector</span>" in text and ">Verifier</button>" in text
    values = page_data(text)["panels"][0]["spec"]["light"]["data"]["values"]
    shown = {(p["series"], p["selector"], p["verifier"]) for p in values}
    assert ("best_of_n · weighted (rm/b:min)", "weighted", "rm/b:min") in shown
    assert ("greedy", "every selector", "none") in shown
    assert "random orders of the samples" in text


def test_levels_have_panels_and_a_table_of_their_own(scored):
    paths = write_report(scored.save())
    with paths.by_level.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == (*COLUMNS, "level")
    found = [(r["level"], r["accuracy"]) for r in rows if (r["verifier"], r["n"]) == ("prm/a:last", "4")]
    assert found == [("1", "1"), ("1", "1"), ("2", "0"), ("2", "0")]  # best and weighted
    assert {r["problems"] for r in rows} == {"2"}
    text = paths.html.read_text(encoding="utf-8")
    first, *levels = page_data(text)["panels"]
    assert (first["small"], [panel["small"] for panel in levels]) == (False, [True, True])
    assert "toy by difficulty" in text and "level 1 · 2 problems" in text
    assert levels[0]["x"] == levels[1]["x"]
    again = [p.read_bytes() for p in (paths.csv, paths.html, paths.png, paths.by_level)]
    paths = write_report(scored.path)
    assert [p.read_bytes() for p in (paths.csv, paths.html, paths.png, paths.by_level)] == again


def test_one_level_is_no_table_by_level(small):
    paths = write_report(small.save())
    assert paths.by_level is None
    text = paths.html.read_text(encoding="utf-8")
    assert "by difficulty" not in text and ">Verifier</button>" not in text


@pytest.mark.parametrize("strategies", [1, 2, 3])
def test_every_series_has_a_look_of_its_own(make_run, entry, strategies):
    names = [f"s{i}" for i in range(strategies)]
    labels = tuple(f"v{i}:last" for i in range(3))
    made = make_run([entry([1], "greedy"), *(entry([1, 2], name) for name in names)], problems=1, verifiers=labels)
    scores = {name: [0.2, 0.1] for name in labels}
    made.cell("a", [(1, False)], strategy="greedy", scores={name: [0.1] for name in labels})
    for name in names:
        made.cell("a", [(0, True), (1, False)], strategy=name, scores=scores)
    rows = curves(read_run(made.save())).rows
    (panel,) = panels(rows)
    assert len(panel.series) == 9 * strategies + 1
    assert len({(one.color % len(PALETTES["light"]), one.form % len(SHAPES)) for one in panel.series}) == len(
        panel.series
    )
    assert len(PALETTES["light"]) == len(PALETTES["dark"]) >= 10 and len(DASHES) >= len(SHAPES) == 9


def test_missing_and_useless_scores_are_said(scored):
    scored.db.execute("""UPDATE candidates SET scores = '{"rm/b:min":-2}' WHERE cell = 1""")
    text = warnings(scored)
    assert "toy: prm/a:last has scored 3 of the 4 complete problems of greedy at n = 1. The other is left out" in text
    assert "weighted (rm/b:min) has no line: rm/b:min: weights must be non-negative and finite, not -2." in text
    scored.info["verifiers"] = []
    assert "best and weighted need the scores of a verifier, and this run names none" in warnings(scored)


@pytest.fixture
def hostile(make_run, entry):
    """Every text of a run that reaches the page holds markup."""
    setting = json.dumps({"prompt": NASTY})
    made = make_run([entry([1, 2], NASTY, setting)])
    made.cell(
        NASTY,
        [(0, True), (1, False)],
        benchmark=NASTY,
        strategy=NASTY,
        setting=setting,
        level=NASTY,
        texts=[f"one\n\n{NASTY}", NASTY],
        scores={NASTY: [0.1, 0.2]},
        history=[{"beams": [["sample", 0]], "values": [0.1]}, {"beams": [["sample", 0, 0]], "values": [0.2]}],
    )
    made.db.execute("UPDATE problems SET question = ?, answer = ?, subject = ?", (NASTY, NASTY, NASTY))
    key = score_key("f", False, f"{NASTY}/{NASTY}", Question(NASTY, NASTY), Candidate((), f"one\n\n{NASTY}"))
    made.db.execute("INSERT INTO scores VALUES (?, ?, '[0.5, 0.25]', 9)", (key, NASTY))
    made.info["judges"] = {NASTY: {"fingerprint": "f", "reads_tokens": False}}
    made.db.execute("INSERT OR REPLACE INTO engines VALUES (1, ?), (2, 'b')", (NASTY,))
    made.info["model"] = {"name": NASTY, "fingerprint": NASTY}
    made.info["benchmarks"] = {NASTY: {"source": NASTY, "revision": NASTY, "problems": 3}}
    made.info["config"] = {NASTY: NASTY}
    made.info["sessions"][0] |= {"versions": {NASTY: NASTY}, "git": NASTY}
    return made


def test_texts_of_a_run_never_become_markup(hostile):
    text = write_report(hostile.save()).html.read_text(encoding="utf-8")
    assert "<img" not in re.sub(r"<script>.*?</script>", "", text, flags=re.S)
    assert text.count("<script>") == 3 and text.count("</script>") == 5
    assert NASTY in html.unescape(text)
    assert page_data(text)["panels"][0]["spec"]["dark"]["data"]["values"][0]["strategy"].startswith(NASTY)


def test_texts_in_the_svg_are_escaped(hostile):
    assert {"script", "img"}.isdisjoint(tags(write_report(hostile.save()).svg.read_text(encoding="utf-8")))


def test_the_page_loads_nothing(small):
    text = write_report(small.save()).html.read_text(encoding="utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy and "'unsafe-inline'" not in policy.split("style-src")[0]
    markup = re.sub(r"<script.*?</script>", "", text, flags=re.S)
    assert not re.search(r"<(link|iframe|object|embed|base)\b|\bsrc\s*=|@import|url\(|https?:", markup)


def tags(text):
    """The elements of some markup, by name."""
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, _: found.append(tag)
    parser.feed(text)
    return found


CHROMIUM = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_browser_draws_the_chart_and_runs_no_script_of_the_data(hostile, tmp_path):
    page = write_report(hostile.save()).html
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=9000",
             "--window-size=1300,1400"]  # fmt: skip
    command = [CHROMIUM, *flags, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "owned</title>" not in dom
    problem = dom[dom.index('id="problem"') :]
    assert problem.count("&lt;script&gt;document.title='owned'") > 8 and "img" not in tags(problem)
    assert re.search(r'class="step"[^>]*><span class="score">0.25</span>&lt;/script&gt;', problem)
    assert "The search: 2 steps" in problem
    drawn = dom[dom.index('id="chart-0"') :]
    assert drawn.count('aria-roledescription="point"') == 6
    assert "<svg" in drawn
