"""The section on verifiers: its figures are the comparison's, and what it lacks has a reason."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from tts.analysis.studies import compare_verifiers
from tts.report import write_report
from tts.report.sections.verifiers_section import verifiers_section
from tts.report.tables.compare import compare_tables
from tts.stats import best_of_k, distinct_scores, fit_over_optimisation
from tts.store import read_run

GOOD, POOR, ODDS = "prm/good:last", "prm/poor:min", "rm/odds:last"


@pytest.fixture
def judged_run(make_run, entry):
    """``judged_run(labels, ...)``: a run of 8 samples a problem; later verifiers are worse, ``rm/`` give log-odds."""

    def make(labels, *, problems=12, name="run", entries=None, seeds=(0,), skip=None, seed=0):
        made = make_run(entries or [entry([1, 8])], problems=problems, name=name, verifiers=[*labels], seeds=seeds)
        rng = np.random.default_rng(seed)
        for i in range(problems):
            for draw in seeds:
                right = rng.random(8) < 0.2 + 0.6 * i / problems
                scores = {}
                for j, label in enumerate(labels):
                    p = 1 / (1 + np.exp(-rng.normal(np.where(right, 1.5, -1.5), 1 + 2 * j)))
                    scores[label] = (np.log(p / (1 - p)) if label.startswith("rm/") else p).tolist()
                if skip is not None and i == 3:
                    scores[skip][0] = None
                classes = np.where(right, 0, rng.integers(-1, 4, 8))
                made.cell(f"p{i:02}", [(int(c), bool(c == 0)) for c in classes], scores=scores, seed=draw)
        return made.save()

    return make


def section(*paths):
    return verifiers_section([read_run(path) for path in paths])


def points(chart):
    return chart.spec("light")["data"]["values"]


def titled(found, text):
    (chart,) = (chart for chart in found.charts if chart.title == text)
    return chart


def curve(chart, series, x="x"):
    """(x, y, low, high) of a series' markers."""
    rows = [row for row in points(chart) if row["series"] == series and row["mark"]]
    return [(row[x], row["y"], row["low"], row["high"]) for row in rows]


def of(selected, selector, verifier, value=lambda s: s.accuracy):
    rows = [s for s in selected if (s.selector, s.verifier) == (selector, verifier) and value(s) is not None]
    return [(s.n, value(s).mean, value(s).low, value(s).high) for s in rows]


def test_selection_is_the_comparisons_for_each_verifier_and_baseline(judged_run):
    path = judged_run([GOOD, POOR])
    found, comparison = section(path), compare_verifiers(read_run(path)).selected
    for title, selector in (("Best of n", "best"), ("Weighted vote", "weighted")):
        chart = titled(found, title)
        for label in (GOOD, POOR):
            assert curve(chart, label) == of(comparison, selector, label)
            assert [n for n, *_ in curve(chart, label)] == [1, 2, 4, 8]
        assert curve(chart, "majority vote") == of(comparison, "majority", "")
        assert curve(chart, "oracle (coverage)") == of(comparison, "oracle", "")
        ((_, *one),) = of(comparison, "first", "")
        level = [row for row in points(chart) if row["series"] == "one sample"]
        assert {(row["x"], row["y"], row["low"], row["high"]) for row in level} == {(1, *one), (8, *one)}


def test_both_charts_of_selection_share_their_axis_so_that_heights_compare(judged_run):
    found = section(judged_run([GOOD, POOR]))
    axes = [titled(found, title).spec("light")["layer"][0]["encoding"]["y"]["scale"] for title in
            ("Best of n", "Weighted vote")]  # fmt: skip
    assert axes[0] == axes[1]
    low, high = axes[0]["domain"]
    rows = [row for title in ("Best of n", "Weighted vote") for row in points(titled(found, title))]
    assert low <= min(row["low"] for row in rows) and max(row["high"] for row in rows) <= high


def test_the_gap_is_the_paired_one_and_majority_stands_beside_it(judged_run):
    path = judged_run([GOOD, POOR])
    chart, comparison = (
        titled(section(path), "Gap to the oracle, best of n"),
        compare_verifiers(read_run(path)).selected,
    )
    for label in (GOOD, POOR):
        assert curve(chart, label) == of(comparison, "best", label, lambda s: s.to_oracle)
    assert curve(chart, "majority vote") == of(comparison, "majority", "", lambda s: s.to_oracle)


def test_one_verifier_has_both_rules_in_one_chart(judged_run):
    path = judged_run([GOOD])
    found, comparison = section(path), compare_verifiers(read_run(path)).selected
    assert curve(titled(found, "Selection by score"), f"weighted ({GOOD})") == of(comparison, "weighted", GOOD)
    gap = titled(found, "Gap to the oracle")
    assert curve(gap, f"best ({GOOD})") == of(comparison, "best", GOOD, lambda s: s.to_oracle)
    assert len(found.charts) == 4


def test_over_optimisation_is_the_fit_to_best_of_n_seeds_together(judged_run):
    path = judged_run([GOOD, POOR], seeds=(0, 1))
    run, found = read_run(path), section(path)
    chart, ns = titled(found, "Best of n away from the policy, with the fit"), np.array([1, 2, 4, 8])
    for label in (GOOD, POOR):
        names = dict.fromkeys(key[:2] for key in run.cells)
        cells = {name: [cell for key, cell in run.cells.items() if key[:2] == name] for name in names}
        exact = [
            np.mean([best_of_k(c.scores[label], c.correct, ns, answered=c.classes >= 0) for c in row], axis=0)
            for row in cells.values()
        ]
        law = fit_over_optimisation(ns, exact, distinct=distinct_scores(c.scores[label] for c in run.cells.values()))
        assert curve(chart, label, "n") == of(compare_verifiers(run).selected, "best", label)
        line = [row for row in points(chart) if row["series"] == label and not row["mark"]]
        assert line[-1]["x"] == pytest.approx(np.sqrt(np.log(8) - 7 / 8))
        band = law.at([1, 8])
        for row, *expected in zip((line[0], line[-1]), band.value, band.low, band.high, strict=True):
            assert [row["y"], row["low"], row["high"]] == pytest.approx(expected)
        table = found.tables["over_optimisation"]
        row = dict(zip(table.columns, next(r for r in table.rows if r[0] == label), strict=True))
        assert (row["alpha"], row["beta"]) == pytest.approx((law.alpha, law.beta))
        assert row["over_optimised"] == ("yes" if law.over_optimised() else "no")
        assert row["exact_kl"] == "yes"


def test_too_few_problems_for_a_fit_are_said_and_the_rest_is_shown(judged_run):
    found = section(judged_run([GOOD, POOR], problems=5))
    assert f"No over-optimisation fit for {GOOD}, {POOR}: 5 problems are too few" in " ".join(found.notes)
    assert not any("policy" in chart.title for chart in found.charts)
    assert not any("Over-optimisation" in text for text in found.text)
    assert titled(found, "Best of n")


def test_equal_scores_make_the_divergence_a_bound_and_the_section_says_so(judged_run, make_run, entry):
    made = make_run([entry([1, 8])], problems=10, verifiers=[GOOD])
    for i in range(10):
        marks = [(0, True)] * (i % 5 + 1) + [(1, False)] * (7 - i % 5)
        made.cell(f"p{i}", marks, scores={GOOD: [0.5, 0.5, *np.linspace(0.1, 0.4, 6)]})
    found = section(made.save())
    assert any("share their score" in note and "upper bound" in note for note in found.notes)
    assert found.tables["over_optimisation"].rows[0][-2] == "upper bound"
    assert not any("share their score" in note for note in section(judged_run([GOOD], name="other")).notes)


def test_reliability_is_the_comparisons_and_larger_bins_have_larger_markers(judged_run):
    path = judged_run([GOOD, POOR])
    found = section(path)
    calibrated = compare_verifiers(read_run(path)).calibrated
    for label in (GOOD, POOR):
        chart = titled(found, f"Reliability of {label}")
        for row in (row for row in calibrated if row.verifier == label):
            stated = [(p["x"], p["y"], p["samples"]) for p in points(chart) if p["series"] == row.by]
            assert stated == [(b.confidence, b.accuracy, b.samples) for b in row.bins]
        assert not any(p["line"] for p in points(chart))  # a bin of few samples must not pull a line
        size = chart.spec("light")["layer"][-1]["encoding"]["size"]
        most = max(b.samples for row in calibrated for b in row.bins)
        assert (size["field"], size["scale"]["domain"]) == ("samples", [0, most])
        assert size["scale"]["range"][0] < size["scale"]["range"][1]


def test_log_odds_have_no_raw_line_and_no_weights_and_both_are_said(judged_run):
    found = section(judged_run([GOOD, ODDS]))
    assert {row["series"] for row in points(titled(found, f"Reliability of {ODDS}"))} == {"platt", "isotonic"}
    assert {row["series"] for row in points(titled(found, f"Reliability of {GOOD}"))} == {"raw", "platt", "isotonic"}
    (no_raw,) = (note for note in found.notes if "no raw" in note)
    assert ODDS in no_raw and GOOD not in no_raw
    assert any(note.startswith(f"weighted cannot use {ODDS}") for note in found.notes)
    chart = titled(found, "Weighted vote")
    assert curve(chart, GOOD) and not curve(chart, ODDS)
    legend = chart.spec("light")["layer"][-1]["encoding"]["color"]["legend"]["values"]
    assert GOOD in legend and ODDS not in legend


def test_long_names_have_a_legend_of_one_column_that_fits_the_chart(judged_run):
    def columns(found):
        return titled(found, "Best of n").spec("light")["layer"][-1]["encoding"]["color"]["legend"]["columns"]

    assert columns(section(judged_run([GOOD, POOR], problems=3))) == 2
    assert columns(section(judged_run([GOOD, f"prm/{'long-' * 8}name:last"], problems=3, name="long"))) == 1


def test_tables_are_those_of_the_comparison_in_percent_where_shares(judged_run):
    path = judged_run([GOOD, POOR])
    found, tables = section(path), compare_tables(compare_verifiers(read_run(path)))
    assert {name: (t.columns, t.rows) for name, t in found.tables.items() if name != "over_optimisation"} == {
        name: (t.columns, t.rows) for name, t in tables.items()
    }
    assert all(set(t.shares) <= set(t.columns) for t in found.tables.values())
    assert "accuracy" in found.tables["compare_selection"].shares
    assert "auroc_within" not in found.tables["compare_discrimination"].shares


def test_joined_runs_have_a_comparison_each_and_one_look(judged_run):
    small, large = judged_run([GOOD, POOR, ODDS], name="small"), judged_run([POOR, ODDS], name="large", seed=1)
    found = section(small, large)
    comparison = compare_verifiers(read_run(large))
    assert curve(titled(found, "large: Best of n"), POOR) == of(comparison.selected, "best", POOR)
    looks = []
    for name in ("small", "large"):
        scale = titled(found, f"{name}: Best of n").spec("light")["layer"][-1]["encoding"]["color"]["scale"]
        looks.append(dict(zip(scale["domain"], scale["range"], strict=True)))
    assert all(looks[0][name] == looks[1][name] for name in (POOR, "majority vote", "one sample"))
    table = found.tables["compare_discrimination"]
    assert table.columns[:2] == ("run", "verifier")
    assert [row[:2] for row in table.rows] == [
        *(("small", v) for v in (GOOD, POOR, ODDS)), *(("large", v) for v in (POOR, ODDS))
    ]  # fmt: skip
    assert any(note.startswith("large: weighted cannot use") for note in found.notes)


def test_many_verifiers_the_best_are_drawn_the_rest_named_and_all_in_the_tables(judged_run):
    labels = [f"prm/v{i}:last" for i in range(6)]
    path = judged_run(labels)
    found = section(path)
    last = {s.verifier: s.accuracy.mean for s in compare_verifiers(read_run(path)).selected
            if (s.selector, s.n) == ("best", 8)}  # fmt: skip
    drawn = {row["series"] for row in points(titled(found, "Best of n"))} & set(labels)
    left = set(labels) - drawn
    assert len(drawn) == 4 and min(last[v] for v in drawn) >= max(last[v] for v in left)
    (note,) = (note for note in found.notes if "leave out" in note)
    assert all(v in note for v in left) and not any(v in note for v in drawn)
    assert sum(chart.title.startswith("Reliability") for chart in found.charts) == 4
    assert [row[0] for row in found.tables["compare_discrimination"].rows] == labels


def test_of_many_runs_some_are_in_the_tables_alone(judged_run):
    paths = [judged_run([GOOD], name=f"r{i}", problems=3) for i in range(5)]
    found = section(*paths)
    assert {chart.title.split(":")[0] for chart in found.charts} == {"r0", "r1", "r2", "r3"}
    assert "r4: This run is in the tables alone." in found.notes
    assert {row[0] for row in found.tables["compare_selection"].rows} == {f"r{i}" for i in range(5)}


def test_a_run_without_scores_on_independent_samples_has_no_section(make_run, entry):
    plain = make_run([entry([1, 4])], name="plain")
    plain.cell("a", [(0, True)] * 4)
    guided = make_run([entry([4], "beam_search", independent=False)], name="guided", verifiers=[GOOD])
    guided.cell("a", [(0, True)] * 4, strategy="beam_search", budget=4, scores={GOOD: [0.5] * 4})
    unscored = make_run([entry([1, 4])], name="unscored", verifiers=[GOOD])
    unscored.cell("a", [(0, True)] * 4)
    paths = [made.save() for made in (plain, guided, unscored)]
    assert [section(path) for path in paths] == [None] * 3
    assert section(*paths) is None


def test_a_verifier_that_scored_a_part_is_named_and_one_alone_leaves_the_reason(judged_run):
    both = section(judged_run([GOOD, POOR], skip=POOR))
    assert any(note.startswith(f"{POOR} has not scored every sample") for note in both.notes)
    assert [row[0] for row in both.tables["compare_discrimination"].rows] == [GOOD]
    path = judged_run([GOOD], skip=GOOD, name="alone")
    alone = section(path)
    assert not alone.charts and not alone.tables
    (note,) = alone.notes
    assert "no verifier that scored every sample" in note and str(path) not in note


def test_the_text_says_which_samples_and_that_other_settings_are_not_compared(make_run, entry):
    hot = '{"temperature":1.2}'
    made = make_run([entry([1, 4]), entry([1, 4], setting=hot)], problems=1, verifiers=[GOOD])
    for setting in ("{}", hot):
        made.cell("a", [(0, True), (1, False)] * 2, setting=setting, scores={GOOD: [0.9, 0.2, 0.8, 0.1]})
    found = section(made.save())
    assert found.text[0] == "best_of_n: all verifiers judge the same samples: 1 problem (toy), 4 each."
    assert any("Of 2 settings of independent samples only the first, best_of_n, is compared" in n for n in found.notes)


def test_the_report_has_the_section_in_the_page_and_a_folder_and_names_are_only_data(judged_run):
    nasty = "prm/</script><script>alert('x')</script>:last"
    paths = write_report(judged_run([GOOD, nasty]))
    text = paths.html.read_text(encoding="utf-8")
    assert '<h2 id="verifiers">Verifiers on the same samples</h2>' in text and nasty not in text
    folder = paths.html.parent / "verifiers"
    assert (folder / "verifiers.png").stat().st_size > 10_000 and (folder / "verifiers.svg").is_file()
    with (folder / "compare_selection.csv").open(newline="", encoding="utf-8") as file:
        assert {row["verifier"] for row in csv.DictReader(file)} == {"", GOOD, nasty}
    assert "nan" not in json.dumps([points(c) for c in section(paths.html.parent.parent).charts]).lower()
