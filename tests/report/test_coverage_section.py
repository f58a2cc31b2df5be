"""The report's section on coverage: its figures are the estimators', refusals give reasons and draw no line."""

import csv
import json

import numpy as np
import pytest

from tts.analysis import run_names
from tts.analysis.studies import study_coverage, study_levels
from tts.report import write_report
from tts.report.sections.coverage_section import MOST, coverage_section
from tts.stats import (
    best_of_k,
    fit_beta_binomial,
    fit_coverage_law,
    fit_saturation,
    majority_at_k,
    mean_interval,
    pass_at_k,
)
from tts.store import read_run

SCORE = "prm/a:last"


def fill(run, counts, n, *, seeds=(0,), benchmark="toy", setting="{}", scored=False):
    """``counts``: right samples of each problem and seed; wrong answers are spread over three classes."""
    rng = np.random.default_rng(7)
    for i, count in enumerate(counts):
        for seed in seeds:
            right = rng.permutation(n) < (count if len(seeds) == 1 else count[seed])
            scores = {SCORE: (rng.normal(size=n) + right).tolist()} if scored else None
            run.cell(
                f"p{i:03}",
                [(0, True) if good else (1 + j % 3, False) for j, good in enumerate(right)],
                benchmark=benchmark,
                setting=setting,
                seed=seed,
                n=n,
                scores=scores,
            )


def drawn(m, n, *, zero=0.0, seed=0, alpha=0.6, beta=1.2):
    rng = np.random.default_rng(seed)
    return rng.binomial(n, rng.beta(alpha, beta, m) * (rng.random(m) >= zero))


def records(table):
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def values(chart):
    return chart.spec("light")["data"]["values"]


def test_figures_are_those_of_the_estimators(make_run, entry):
    n, counts = 16, drawn(40, 16)
    run = make_run([entry([1, 4, 16])], problems=40)
    fill(run, counts, n)
    section = coverage_section([read_run(run.save())])
    points, (fits,) = records(section.tables["coverage"]), records(section.tables["coverage_fits"])
    law, rates = fit_coverage_law(n, counts), fit_beta_binomial(n, counts)
    assert (fits["a"], fits["b"], fits["alpha"], fits["zero"]) == (law.a, law.b, rates.alpha, rates.zero)
    assert (fits["problems"], fits["n"], fits["k"]) == (40, 16, 160)
    assert (points[0]["k"], points[-1]["k"]) == (1, 160)
    for row in points:
        if row["k"] <= n:
            interval = mean_interval(pass_at_k(n, counts, row["k"]))
            assert (row["measured"], row["ci_low"], row["ci_high"]) == (interval.mean, interval.low, interval.high)
        else:
            assert (row["measured"], row["ci_low"], row["ci_high"]) == (None, None, None)
        for names, line in (
            (("law", "law_low", "law_high"), law.at([row["k"]])),
            (("beta_binomial", "bb_low", "bb_high"), rates.coverage([row["k"]])),
        ):
            assert [row[name] for name in names] == pytest.approx([line.value[0], line.low[0], line.high[0]])
    assert {k: fits[k] for k in ("law", "law_high", "bb_low")} == {
        k: points[-1][k] for k in ("law", "law_high", "bb_low")
    }


def test_the_chart_draws_what_the_table_holds(make_run, entry):
    run = make_run([entry([16])], problems=40)
    fill(run, drawn(40, 16), 16)
    section = coverage_section([read_run(run.save())])
    (chart,) = section.charts
    points = records(section.tables["coverage"])
    for series, name in (("measured", "measured"), ("coverage law", "law"), ("beta-binomial", "beta_binomial")):
        shown = [(row["x"], row["y"]) for row in values(chart) if row["series"] == series]
        assert shown == [(row["k"], row[name]) for row in points if row[name] is not None]
    assert all(row["mark"] and not row["line"] for row in values(chart) if row["series"] == "measured")
    rules = [layer for layer in chart.spec("dark")["layer"] if layer.get("data") == {"values": [{"x": 16}]}]
    assert len(rules) == 1


def test_samples_of_all_seeds_count_together(make_run, entry):
    counts = np.stack([drawn(30, 8, seed=1), drawn(30, 8, seed=2)], axis=1)
    run = make_run([entry([8])], problems=30, seeds=(0, 1))
    fill(run, counts, 8, seeds=(0, 1))
    (study,) = study_coverage([read_run(run.save())])
    assert study.n == 16
    whole = counts.sum(axis=1)
    assert [one.mean for one in study.measured] == pytest.approx(
        [pass_at_k(16, whole, k).mean() for k in study.budgets[: len(study.measured)].tolist()]
    )


def test_problems_with_samples_missing_do_not_count(make_run, entry):
    run = make_run([entry([8])], problems=31)
    fill(run, drawn(30, 8), 8)
    run.cell("short", [(0, True)] * 7, n=8)
    (study,) = study_coverage([read_run(run.save())])
    assert (study.problems, study.n) == (30, 8)


@pytest.mark.parametrize(
    ("counts", "n", "reason"),
    [
        ([1, 2, 3] * 3, 16, "no coverage law and no beta-binomial: 9 problems are too few"),
        ([1, 2, 3] * 10, 6, "no coverage law: 6 samples a problem are too few"),
        ([0] * 20 + [16] * 20, 16, "only 0 of 40 problems have both right and wrong samples"),
    ],
)
def test_refusals_give_the_reason_and_draw_no_line(make_run, entry, counts, n, reason):
    run = make_run([entry([n])], problems=len(counts))
    fill(run, counts, n)
    section = coverage_section([read_run(run.save())])
    assert any(reason in note for note in section.notes)
    lines = {row["series"] for chart in section.charts for row in values(chart) if row["line"]}
    assert "coverage law" not in lines
    assert all(row["law"] is None for row in records(section.tables["coverage"]))
    assert records(section.tables["coverage"])[0]["measured"] == pytest.approx(np.mean(counts) / n)


def test_with_hopeless_problems_the_coverage_law_ends_at_n(make_run, entry):
    counts = drawn(200, 32, zero=0.4, alpha=2.0, beta=3.0)
    run = make_run([entry([32])], problems=200)
    fill(run, counts, 32)
    section = coverage_section([read_run(run.save())])
    points, (fits,) = records(section.tables["coverage"]), records(section.tables["coverage_fits"])
    assert fits["zero"] == pytest.approx(0.4, abs=0.08)
    assert all((row["law"] is not None) == (row["k"] <= 32) and row["beta_binomial"] is not None for row in points)
    assert fits["law"] is None and fits["beta_binomial"] == pytest.approx(1 - fits["zero"], abs=0.01)
    assert any(f"no sample solves {fits['zero']:.1%} of problems" in note for note in section.notes)


def test_a_law_that_misses_what_was_measured_is_called_out(make_run, entry):
    """Half of the problems are solved by every third sample, the other half by one sample in 64."""
    run = make_run([entry([64])], problems=60)
    fill(run, [60] * 30 + [1] * 30, 64)
    notes = coverage_section([read_run(run.save())]).notes
    assert any("the coverage law misses measured points by more than their intervals" in note for note in notes)


def test_one_sample_or_none_independent_makes_no_section(make_run, entry):
    run = make_run([entry([1]), entry([8], strategy="beam_search", independent=False)], problems=20)
    for i in range(20):
        run.cell(f"p{i}", [(0, i % 2 == 0)], n=1)
        run.cell(f"p{i}", [(0, True)] * 8, strategy="beam_search", budget=8)
    assert coverage_section([read_run(run.save())]) is None


def test_numbers_of_samples_chosen_by_outcomes_are_left_out(make_run, entry):
    run = make_run([{**entry([16]), "planned": True}], problems=20)
    fill(run, drawn(20, 16), 16)
    assert coverage_section([read_run(run.save())]) is None


def test_many_settings_are_tabled_and_the_charts_left_out_are_named(make_run, entry):
    settings = [json.dumps({"temperature": i / 10}) for i in range(MOST + 2)]
    run = make_run([entry([8], setting=s) for s in settings], problems=20)
    for s in settings:
        fill(run, drawn(20, 8), 8, setting=s)
    section = coverage_section([read_run(run.save())])
    assert len(section.charts) == MOST
    assert len(records(section.tables["coverage_fits"])) == MOST + 2
    (note,) = [note for note in section.notes if note.startswith("Left out of the charts")]
    assert "temperature 0.6" in note and "temperature 0.7" in note and "temperature 0.5" not in note


def test_runs_have_a_column_and_benchmarks_stand_together(make_run, entry):
    runs = []
    for name in ("one", "two"):
        run = make_run([entry([8])], problems=20, name=name)
        run.info["benchmarks"] |= {"other": run.info["benchmarks"]["toy"]}
        fill(run, drawn(20, 8), 8)
        fill(run, drawn(20, 8, seed=3), 8, benchmark="other")
        runs.append(read_run(run.save()))
    section = coverage_section(runs)
    fits = records(section.tables["coverage_fits"])
    assert [(row["benchmark"], row["run"]) for row in fits] == [
        (benchmark, name) for benchmark in ("toy", "other") for name in run_names(runs)
    ]
    assert [chart.title.split(":")[0] for chart in section.charts] == ["toy", "toy", "other", "other"]


def rising(make_run, entry):
    ns = [1, 2, 4, 8, 16, 32]
    run = make_run([entry(ns)], problems=40, verifiers=[SCORE])
    fill(run, np.maximum(drawn(40, 32, alpha=3.0, beta=3.0), 1), 32, scored=True)
    return read_run(run.save()), np.array(ns)


def test_ceilings_are_those_of_the_saturating_law_the_vote_from_three_on(make_run, entry):
    data, ns = rising(make_run, entry)
    section = coverage_section([data])
    found = {row["selector"]: row for row in records(section.tables["saturation"])}
    votes = np.array([majority_at_k(cell.classes, cell.correct, ns) for cell in data.cells.values()])
    best = np.array([best_of_k(cell.scores[SCORE], cell.correct, ns) for cell in data.cells.values()])
    for name, law in (("majority", fit_saturation(ns[2:], votes[:, 2:])), ("best", fit_saturation(ns, best))):
        limit = law.limit()
        assert [found[name][k] for k in ("ceiling", "ceiling_low", "ceiling_high", "rate", "misfit")] == pytest.approx(
            [limit.value[0], limit.low[0], limit.high[0], law.rate, law.misfit]
        )
    assert found["majority"]["accuracy"] == pytest.approx(votes[:, -1].mean())
    (chart,) = section.charts[1:]
    marked = {row["series"] for row in values(chart) if row["mark"]}
    assert marked == {"majority", f"best ({SCORE})"}
    assert min(row["x"] for row in values(chart) if row["line"] and row["series"] == "majority") == 4


def test_a_selector_that_does_not_rise_has_no_ceiling_and_no_line(make_run, entry):
    run = make_run([entry([1, 2, 4, 8, 16, 32])], problems=30)
    fill(run, [0, 32] * 12 + [3] * 6, 32)
    section = coverage_section([read_run(run.save())])
    assert any("majority: no ceiling: accuracy is not known to rise" in note for note in section.notes)
    assert [row["ceiling"] for row in records(section.tables["saturation"])] == [None]
    assert len(section.charts) == 1


def test_a_selector_that_rises_and_falls_has_no_ceiling(make_run, entry):
    """In a quarter of problems the verifier likes one wrong sample of 32 best: more samples find it more often."""
    run = make_run([entry([1, 2, 4, 8, 16, 32])], problems=40, verifiers=[SCORE])
    for i in range(40):
        marks = [False, *(j < 12 for j in range(31))]
        scores = [0.0 if i % 4 else 3.0, *(1.0 + j / 100 if good else j / 100 for j, good in enumerate(marks[1:]))]
        run.cell(f"p{i}", [(0, True) if m else (1 + j, False) for j, m in enumerate(marks)], scores={SCORE: scores})
    data = read_run(run.save())
    (level,) = (one for one in study_levels([data]) if one.selector == "best")
    assert level.measured[3].mean > level.measured[-1].mean + 0.1 > level.measured[0].mean + 0.2
    assert (level.fit, level.band, level.line.tolist()) == (None, None, [])
    assert any(
        f"best ({SCORE}): no ceiling: accuracy falls from n = 8 to 32: -" in note
        for note in coverage_section([data]).notes
    )


def test_the_report_holds_the_section(make_run, entry):
    run = make_run([entry([1, 8])], problems=20)
    fill(run, drawn(20, 8), 8)
    paths = write_report(run.save())
    folder = paths.html.parent / "coverage"
    assert {"coverage.png", "coverage.svg", "coverage.csv", "coverage_fits.parquet"} <= {
        p.name for p in folder.iterdir()
    }
    with (folder / "coverage.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[-1]["k"] == "80" and rows[-1]["measured"] == "" and float(rows[-1]["bb_low"]) > 0
    assert '<h2 id="coverage">Coverage, and where it goes</h2>' in paths.html.read_text(encoding="utf-8")
