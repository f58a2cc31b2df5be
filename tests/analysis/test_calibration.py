"""Discrimination and calibration against their definitions, done slowly."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.stats.calibration import (
    brier_score,
    brier_scores,
    expected_calibration_error,
    fit_isotonic,
    fit_platt,
    log_odds,
    reliability,
)
from tts.stats.discrimination import Ranked, auroc, average_precision, rank_correlation

samples = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=12)
both = samples.filter(lambda s: {c for _, c in s} == {True, False})


def arrays(pairs):
    return np.array([s / 4 for s, _ in pairs]), np.array([c for _, c in pairs])


@given(both)
def test_auroc_is_the_share_of_ordered_pairs(pairs):
    right, wrong = ([s for s, c in pairs if c is which] for which in (True, False))
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a, b in product(right, wrong)]
    assert auroc(*arrays(pairs)) == pytest.approx(sum(wins) / len(wins))


@given(both)
def test_average_precision_sums_precision_over_thresholds(pairs):
    total, area, recall = sum(c for _, c in pairs), 0.0, 0.0
    for threshold in sorted({s for s, _ in pairs}, reverse=True):
        passed = [c for s, c in pairs if s >= threshold]
        area += (sum(passed) / total - recall) * sum(passed) / len(passed)
        recall = sum(passed) / total
    assert average_precision(*arrays(pairs)) == pytest.approx(area)


@given(both, st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_weights_count_samples_as_often(pairs, counts):
    counts = counts[: len(pairs)]
    repeated = [p for p, k in zip(pairs, counts, strict=True) for _ in range(k)]
    if {c for _, c in repeated} != {True, False}:
        return
    for measure in (auroc, average_precision):
        assert measure(*arrays(pairs), counts) == pytest.approx(measure(*arrays(repeated)))


@given(both, st.lists(st.integers(0, 2), min_size=12, max_size=12), st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_a_problems_weight_is_that_of_its_samples(pairs, problem, counts):
    problem = np.array(problem[: len(pairs)])
    scores, correct = arrays(pairs)
    own = np.array(counts)[problem]
    if not (own @ correct and own @ ~correct):
        return
    found = Ranked(scores, correct, problem).measure(counts[: problem.max() + 1])
    assert found == pytest.approx((auroc(scores, correct, own), average_precision(scores, correct, own)))


def test_brier_scores_by_problem_are_those_of_each_problem_alone():
    p, y, problem = np.array([0.1, 0.9, 0.5, 0.25]), np.array([False, True, True, False]), np.array([0, 3, 3, 1])
    expected = [brier_score(p[problem == i], y[problem == i]) for i in (0, 1, 3)]
    assert brier_scores(p, y, problem).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("marks", [[True, True], [False, False]])
def test_nothing_to_tell_apart_is_refused(marks):
    for measure in (auroc, average_precision):
        with pytest.raises(ValueError, match="right and wrong"):
            measure([0.1, 0.2], marks)
        with pytest.raises(ValueError, match="not a number"):
            measure([0.1, math.nan], [True, False])


def test_rank_correlation_shares_ranks_and_is_none_for_a_constant():
    assert rank_correlation([1, 2, 3], [10, 20, 90]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert rank_correlation([1, 1, 2], [1, 2, 3]) == pytest.approx(math.sqrt(3) / 2)
    assert rank_correlation([1, 1, 1], [1, 2, 3]) is None


@given(samples)
@settings(deadline=None)
def test_isotonic_is_the_nearest_rising_function(pairs):
    """Minimax formula of isotonic regression: max over lower sets of min over upper sets of the mean between."""
    scores, correct = arrays(pairs)
    fit = fit_isotonic(scores, correct)
    assert (np.diff(fit.values) >= 0).all()
    xs = sorted(set(scores.tolist()))
    for i, x in enumerate(xs):
        best = max(
            min(correct[(scores >= xs[a]) & (scores <= xs[b])].mean() for b in range(i, len(xs))) for a in range(i + 1)
        )
        assert float(fit([x])[0]) == pytest.approx(best)


def test_platt_finds_a_logistic_truth_again():
    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, 40_000)
    y = rng.random(40_000) < 1 / (1 + np.exp(-(1.5 * x - 4)))
    fit = fit_platt(x, y)
    at = np.array([0.0, 2.0, 4.0, 8.0])
    assert fit(at) == pytest.approx(1 / (1 + np.exp(-(1.5 * at - 4))), abs=0.015)


def test_platt_in_log_odds_leaves_a_calibrated_probability_as_it_is():
    rng = np.random.default_rng(0)
    p = rng.beta(0.2, 0.4, 40_000)  # most are near 0 or 1, where a sigmoid in p itself cannot follow
    y = rng.random(40_000) < p
    at = np.array([0.001, 0.02, 0.3, 0.7, 0.98, 0.999])
    assert fit_platt(log_odds(p), y)(log_odds(at)) == pytest.approx(at, abs=0.015)
    assert np.abs(fit_platt(p, y)(at) - at).max() > 0.04
    assert np.isfinite(log_odds([0.0, 1.0])).all()
    with pytest.raises(ValueError, match="must lie in"):
        log_odds([1.2])


@pytest.mark.parametrize("correct", [[0, 0, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]])
@pytest.mark.parametrize("scores", [[0.0, 0.1, 0.8, 1.0], [1.0, 1, 1, 1], [-1e6, 0, 1e6, 1e7]])
def test_platt_stays_finite_where_the_likelihood_has_no_maximum(scores, correct):
    p = fit_platt(scores, correct)(scores)
    assert ((p > 0) & (p < 1)).all()
    if len(set(scores)) == 1:
        plus = sum(correct)
        smoothed = (plus * (plus + 1) / (plus + 2) + (4 - plus) / (6 - plus)) / 4
        assert p == pytest.approx([smoothed] * 4)


@given(samples)
def test_calibration_error_and_brier_score_by_hand(pairs):
    p, y = arrays(pairs)
    assert brier_score(p, y) == pytest.approx(sum((a - b) ** 2 for a, b in zip(p, y, strict=True)) / len(p))
    gaps = 0.0
    for b in range(10):
        mine = [(a, c) for a, c in zip(p, y, strict=True) if min(int(a * 10), 9) == b]
        if mine:
            gaps += abs(sum(a for a, _ in mine) - sum(c for _, c in mine))
    assert expected_calibration_error(p, y) == pytest.approx(gaps / len(p))
    rows = reliability(p, y)
    assert sum(r.samples for r in rows) == len(p)
    assert all(r.low <= r.confidence <= r.high for r in rows)


def test_what_is_no_probability_is_refused():
    for bad in ([1.2], [-0.1], [math.nan], []):
        with pytest.raises(ValueError):
            brier_score(bad, [True] * len(bad))
