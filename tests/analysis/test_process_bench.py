"""First-error F1 as Zheng et al. 2024 define it, against a plain count and every threshold tried."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.analysis.studies import best_threshold, cross_fitted, first_below, first_error
from tts.stats import mean_interval

score = st.integers(0, 8).map(lambda i: i / 8)


@st.composite
def samples(draw, least=1):
    """Labels and step scores, with at least ``least`` samples of either kind."""
    rows = []
    for wrong in (True, False):
        for _ in range(draw(st.integers(least, 6))):
            scores = draw(st.lists(score, min_size=1, max_size=4))
            rows.append((draw(st.integers(0, len(scores) - 1)) if wrong else -1, scores))
    rows = draw(st.permutations(rows))
    return [r[0] for r in rows], [r[1] for r in rows]


def plain_f1(labels, predictions) -> float:
    wrong = [p == k for k, p in zip(labels, predictions, strict=True) if k != -1]
    right = [p == k for k, p in zip(labels, predictions, strict=True) if k == -1]
    a, b = sum(wrong) / len(wrong), sum(right) / len(right)
    return 0.0 if a + b == 0 else 2 * a * b / (a + b)


@given(samples(), st.floats(-0.5, 1.5))
def test_the_figures_are_a_plain_count(data, threshold):
    labels, scores = data
    plain = [next((i for i, s in enumerate(each) if s < threshold), -1) for each in scores]
    predictions = first_below(scores, threshold)
    assert predictions.tolist() == plain
    found = first_error(labels, predictions)
    assert found.f1 == pytest.approx(plain_f1(labels, plain))
    assert found.f1_low <= found.f1 + 1e-9 and found.f1 - 1e-9 <= found.f1_high
    hits = [float(p == k) for k, p in zip(labels, plain, strict=True) if k >= 0]
    assert found.erroneous == mean_interval(hits)


def test_naming_another_step_than_the_first_wrong_one_is_a_miss():
    found = first_error([2, 2, 2, -1, -1], [2, 1, -1, -1, 0])
    assert (found.erroneous.mean, found.correct.mean) == (pytest.approx(1 / 3), 0.5)
    assert found.f1 == pytest.approx(0.4)


def test_a_score_at_the_threshold_passes_and_an_answer_without_a_step_has_no_wrong_one():
    assert first_below([(0.5, 0.4), (0.5,), ()], 0.5).tolist() == [1, -1, -1]


@given(samples())
def test_the_best_threshold_is_the_best_of_all(data):
    labels, scores = data
    every = sorted({s for each in scores for s in each})
    tried = [every[0] - 1, *((a + b) / 2 for a, b in pairwise(every)), every[-1] + 1]
    best = max(plain_f1(labels, first_below(scores, t)) for t in tried)
    chosen = best_threshold(labels, scores)
    assert plain_f1(labels, first_below(scores, chosen)) == pytest.approx(best)


@settings(max_examples=30)
@given(samples(least=2))
def test_a_samples_threshold_is_chosen_without_it(data):
    """Changing a sample's own scores never changes the threshold that it is judged by."""
    labels, scores = data
    predictions, thresholds = cross_fitted(labels, scores)
    by_half = [first_below(scores, t) for t in thresholds]
    for i, predicted in enumerate(predictions):
        changed = [*scores]
        changed[i] = [1 - s for s in scores[i]]
        _, moved = cross_fitted(labels, changed)
        kept = [k for k in (0, 1) if thresholds[k] == moved[k]]
        assert any(by_half[k][i] == predicted for k in kept)


def test_the_interval_of_f1_holds_about_as_often_as_it_says():
    """100 data sets of known accuracies 0.3 and 0.8: at 95%, fewer than 88 hits would be a one in a thousand chance."""
    rng = np.random.default_rng(3)
    truth = 2 * 0.3 * 0.8 / 1.1
    labels = np.array([0] * 120 + [-1] * 120)
    held = 0
    for _ in range(100):
        right = np.concatenate((rng.random(120) < 0.3, rng.random(120) < 0.8))
        found = first_error(labels, np.where(right, labels, 5))
        held += found.f1_low <= truth <= found.f1_high
    assert 88 <= held <= 100


@pytest.mark.parametrize(
    ("labels", "said"),
    [([-1, -1], "no erroneous sample"), ([0, 1], "no correct sample"), ([0], "a prediction a label")],
)
def test_data_without_both_kinds_have_no_f1(labels, said):
    with pytest.raises(ValueError, match=said):
        first_error(labels, [0, 0])


def test_two_halves_need_two_of_either_kind():
    with pytest.raises(ValueError, match="at least two erroneous and two correct"):
        cross_fitted([0, -1, -1], [(0.1,), (0.2,), (0.3,)])
