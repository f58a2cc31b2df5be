"""Verifiers with known errors on a simulated run: what the comparison says of them."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from tts.analysis.studies.compare import compare_verifiers
from tts.core import UsageError
from tts.report.tables.compare import compare_tables
from tts.report.tables.writing import TextTable, print_table, write_tables
from tts.session import run
from tts.stats import best_of_k
from tts.store import ImportInfo, read_run
from tts.sweep import parse_config

GOOD, POOR = (f"simulated/false_positive={x},false_negative={x}:last" for x in (0.05, 0.4))


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    out = tmp_path_factory.mktemp("compare") / "run"
    data = {
        "model": "simulated",
        "benchmarks": ["arith:levels=1-4,per_level=15"],
        "strategies": [{"name": "best_of_n", "n": [1, 16]}, "greedy"],
        "verifiers": [{"name": label.partition(":")[0], "soft": True} for label in (GOOD, POOR)],
    }
    with out.with_suffix(".log").open("w") as log:
        run(parse_config(data, "test"), out, stream=log)
    return read_run(out)


@pytest.fixture(scope="module")
def found(judged):
    return compare_verifiers(judged)


def selected(found, selector, verifier, n):
    return next(s for s in found.selected if (s.selector, s.verifier, s.n) == (selector, verifier, n))


def test_accuracy_is_the_exact_estimate_on_the_same_samples(judged, found):
    cells = [c for key, c in judged.cells.items() if key[2] == "best_of_n"]
    for label in (GOOD, POOR):
        exact = np.mean([best_of_k(c.scores[label], c.correct, 4, answered=c.classes >= 0) for c in cells])
        assert selected(found, "best", label, 4).accuracy.mean == pytest.approx(exact)


def test_the_better_verifier_selects_better_and_the_paired_interval_says_so(found):
    row = next(d for d in found.differences if (d.selector, d.n) == ("best", 16))
    assert (row.first, row.second) == (GOOD, POOR)
    assert row.difference.low > 0
    gap = selected(found, "best", GOOD, 16).accuracy.mean - selected(found, "best", POOR, 16).accuracy.mean
    assert row.difference.mean == pytest.approx(gap)


def test_the_gap_to_the_oracle_is_coverage_minus_accuracy(found):
    row, best = selected(found, "best", POOR, 16), selected(found, "oracle", "", 16)
    assert row.to_oracle.mean == pytest.approx(best.accuracy.mean - row.accuracy.mean)
    assert best.to_oracle is None
    assert row.sqrt_kl == pytest.approx((np.log(16) - 15 / 16) ** 0.5)
    assert selected(found, "best", POOR, 1).sqrt_kl == 0


def test_auroc_is_that_of_the_errors_built_in(found):
    """Scores are uniform in the upper half where accepted: AUROC = 1/2 + (right accepted - wrong accepted) / 2."""
    for row, error in zip(found.discrimination, (0.05, 0.4), strict=True):
        truth = 0.5 + (1 - 2 * error) / 2
        value, low, high = row.auroc_across
        assert abs(value - truth) < 3 * (high - low) / (2 * 1.96), "within 3 standard errors of the truth"
        assert row.auroc_within.low - 0.02 < truth < row.auroc_within.high + 0.02
        assert row.precision_across[0] > row.base_rate


def test_fitted_maps_mend_calibration_on_problems_that_they_were_not_fitted_on(found):
    for label in (GOOD, POOR):
        rows = {c.by: c for c in found.calibrated if c.verifier == label}
        assert set(rows) == {"raw", "platt", "isotonic"}
        assert rows["isotonic"].ece < rows["raw"].ece
        assert rows["isotonic"].brier.mean < rows["raw"].brier.mean


def test_a_budget_beyond_the_samples_held_says_how_many_there_are(judged):
    with pytest.raises(UsageError, match=r"--n: found 32; expected 1\.\.16: there are 16 samples a problem"):
        compare_verifiers(judged, [32])


def test_logits_are_no_raw_probabilities_and_no_weights(judged):
    cells = {k: replace(c, scores={GOOD: c.scores[GOOD], POOR: c.scores[POOR] - 3}) for k, c in judged.cells.items()}
    found = compare_verifiers(replace(judged, cells=cells), [2])
    assert {c.by for c in found.calibrated if c.verifier == POOR} == {"platt", "isotonic"}
    assert any(note.startswith(f"weighted cannot use {POOR}: weights must be non-negative") for note in found.notes)
    assert not any(s.selector == "weighted" and s.verifier == POOR for s in found.selected)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_verifier_without_a_finite_score_somewhere_is_left_out_and_named(judged, bad):
    key = next(k for k in judged.cells if k[2] == "best_of_n")
    cell = judged.cells[key]
    broken = cell.scores[POOR].copy()
    broken[0] = bad
    cells = {**judged.cells, key: replace(cell, scores={**cell.scores, POOR: broken})}
    found = compare_verifiers(replace(judged, cells=cells), [2])
    assert [d.verifier for d in found.discrimination] == [GOOD]
    assert any(POOR in note and "left out" in note for note in found.notes)


def test_where_every_sample_is_right_nothing_is_told_apart_and_no_table_holds_nan(judged, tmp_path, capsys):
    cells = {
        k: replace(c, correct=np.ones(len(c), bool), classes=np.zeros(len(c), int)) for k, c in judged.cells.items()
    }
    tables = compare_tables(compare_verifiers(replace(judged, cells=cells), [1, 4]))
    for table in tables.values():
        print_table(table)
    paths = write_tables(tmp_path / "report", tables)
    assert "nan" not in capsys.readouterr().out + "".join(p.read_text() for p in paths)
    with paths[2].open() as f:
        rows = list(csv.DictReader(f))
    assert [(r["auroc_within"], r["auroc_across"], r["mixed_problems"]) for r in rows] == [("", "", "0")] * 2


def test_a_table_refuses_what_is_not_a_number(tmp_path):
    with pytest.raises(ValueError, match="not a number"):
        write_tables(tmp_path, {"x": TextTable("x", ("a",), ((float("nan"),),))})


def test_what_adds_scores_is_what_the_run_can_do(judged):
    cells = {key: replace(cell, scores={}) for key, cell in judged.cells.items()}
    bare = replace(judged, cells=cells)
    with pytest.raises(UsageError, match=r"scored every sample; `tts score .* --verifier NAME` adds one"):
        compare_verifiers(bare)
    imported = replace(bare, info=bare.info.model_copy(update={"imported": ImportInfo(labels="own")}))
    with pytest.raises(UsageError, match=r"`tts import` again with --score NAME=COLUMN"):
        compare_verifiers(imported)
