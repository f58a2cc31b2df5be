from fractions import Fraction
from functools import cache
from itertools import combinations, permutations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.stats import all_of_k, best_of_k, majority_at_k, pass_at_k, scored, weighted_majority_at_k, worst_of_k

verdicts = st.lists(st.booleans(), min_size=4, max_size=4)
samples = st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 3)), min_size=1, max_size=8)
"""(class, score in tenths): few of both, so that ties are common"""
small = st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 3)), min_size=1, max_size=7)


def mean_over_subsets(rule, pool, k):
    return float(sum(rule(s) for s in combinations(pool, k)) / comb(len(pool), k))


def best(right):
    def rule(subset):
        answered = [s for s in subset if s[0] >= 0]
        top = [c for c, score in answered if score == max(s for _, s in answered)]
        return Fraction(sum(right[c] for c in top), len(top)) if top else Fraction(0)

    return rule


def worst(right):
    def rule(subset):
        silent = [c for c, _ in subset if c < 0]
        low = silent or [c for c, score in subset if score == min(s for _, s in subset)]
        return Fraction(sum(c >= 0 and right[c] for c in low), len(low))

    return rule


def heaviest(right):
    def rule(subset):
        totals = {c: sum(w for d, w in subset if d == c) for c, _ in subset if c >= 0}
        top = [c for c in totals if totals[c] == max(totals.values())]
        return Fraction(sum(right[c] for c in top), len(top)) if top else Fraction(0)

    return rule


@cache
def every_order(n):
    """Shape (n, orders): each order of the samples once, so that a mean over them is exact."""
    return np.array(list(permutations(range(n)))).T


def arrays(pool, right):
    classes = np.array([c for c, _ in pool])
    return classes, np.array([s / 10 for _, s in pool]), np.array([c >= 0 and right[c] for c in classes])


@given(samples, verdicts)
@settings(max_examples=300, deadline=None)
def test_best_equals_enumeration_of_all_subsets(pool, right):
    classes, scores, correct = arrays(pool, right)
    expected = [mean_over_subsets(best(right), pool, k) for k in range(1, len(pool) + 1)]
    found = best_of_k(scores, correct, np.arange(1, len(pool) + 1), answered=classes >= 0)
    assert found == pytest.approx(expected, abs=1e-12)


@given(samples, verdicts)
@settings(max_examples=200, deadline=None)
def test_worst_equals_enumeration_of_all_subsets(pool, right):
    classes, scores, correct = arrays(pool, right)
    expected = [mean_over_subsets(worst(right), pool, k) for k in range(1, len(pool) + 1)]
    found = worst_of_k(scores, correct, np.arange(1, len(pool) + 1), answered=classes >= 0)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("few", [0, 100], ids=["by step", "by segment"])
@given(pool=small, right=verdicts, ks=st.sets(st.integers(1, 7)))
@settings(max_examples=150, deadline=None)
def test_the_weighted_vote_over_every_order_equals_enumeration_of_all_subsets(few, pool, right, ks):
    """Tenths add up to sums that differ in the last digit (0.1 + 0.2 and 0.3), and are tied all the same."""
    classes, weights, correct = arrays(pool, right)
    n = len(pool)
    ks = sorted(k for k in ks if k <= n)
    expected = [mean_over_subsets(heaviest(right), pool, k) for k in ks]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scored, "_orders", lambda n, draws: every_order(n))
        patch.setattr(scored, "_FEW", few)
        found, _ = weighted_majority_at_k(
            classes, weights, correct, np.array(ks, int), draws=2, rng=np.random.default_rng(0)
        )
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_whole_segments_give_what_single_steps_do(seed):
    """Order by order, with classes of weight 0, silent samples and equal sums."""
    rng = np.random.default_rng(seed)
    n, classes = int(rng.integers(2, 60)), int(rng.integers(1, 12))
    member = rng.integers(-1, classes, n)
    weights = rng.integers(0, 4, n) / 10 if seed % 2 else rng.random(n)
    ks = np.flatnonzero(rng.random(n) < 0.4) + 1
    orders = np.array([rng.permutation(n) for _ in range(50)]).T
    given = member, weights, (rng.random(classes) < 0.4).astype(float), ks, orders
    assert scored._votes_at(*given) == pytest.approx(scored._votes_by_step(*given), abs=1e-12)


def test_best_is_exact_at_a_thousand_samples():
    n, rng = 1_024, np.random.default_rng(0)
    scores, correct = rng.integers(0, 300, n) / 300, rng.random(n) < 0.3
    found = best_of_k(scores, correct, np.arange(1, n + 1))
    for k in (1, 2, 17, 512, 1_000, 1_023, 1_024):
        exact, above = Fraction(0), 0
        for score in sorted(set(scores.tolist()), reverse=True):
            mine = scores == score
            size, hits = int(mine.sum()), int(correct[mine].sum())
            chance = Fraction(comb(n - above, k) - comb(n - above - size, k), comb(n, k))
            exact += chance * Fraction(hits, size)
            above += size
        assert found[k - 1] == pytest.approx(float(exact), rel=1e-11)


def test_a_perfect_score_gives_coverage_and_a_constant_one_gives_the_mean():
    correct = np.array([True] * 3 + [False] * 13)
    ks = np.arange(1, 17)
    assert best_of_k(correct, correct, ks) == pytest.approx(pass_at_k(16, 3, ks))
    assert best_of_k(np.full(16, 0.5), correct, ks) == pytest.approx(np.full(16, 3 / 16))
    assert worst_of_k(correct, correct, ks) == pytest.approx(all_of_k(16, 3, ks))


def test_equal_weights_give_the_majority_within_the_monte_carlo_error():
    classes = np.random.default_rng(7).integers(-1, 6, 64)
    correct = np.isin(classes, (2, 5))
    ks = np.array([1, 2, 8, 32, 64])
    found, error = weighted_majority_at_k(
        classes, np.full(64, 0.3), correct, ks, draws=4_000, rng=np.random.default_rng(1)
    )
    exact = majority_at_k(classes, correct, ks)
    assert (np.abs(found - exact) <= 4 * error + 1e-12).all()
    assert (error[[0, -1]] == 0).all() and (error[1:-1] > 0).all()


@pytest.mark.parametrize("seed", range(12))
def test_the_weighted_vote_lies_within_4_of_its_errors_of_enumeration(seed):
    rng = np.random.default_rng(seed)
    pool = [(int(c), int(w)) for c, w in zip(rng.integers(-1, 4, 10), rng.integers(0, 6, 10), strict=True)]
    right = [True, False, seed % 2 == 0, False]
    classes, weights, correct = arrays(pool, right)
    ks = np.arange(1, 11)
    found, error = weighted_majority_at_k(classes, weights, correct, ks, draws=1_000, rng=rng)
    expected = [mean_over_subsets(heaviest(right), pool, k) for k in ks.tolist()]
    assert (np.abs(found - expected) <= 4 * error + 1e-12).all()


def test_the_monte_carlo_error_is_the_spread_of_repeated_estimates():
    rng = np.random.default_rng(3)
    classes, weights = rng.integers(0, 5, 32), rng.random(32)
    runs = [
        weighted_majority_at_k(classes, weights, classes == 0, 8, draws=200, rng=np.random.default_rng(i))
        for i in range(200)
    ]
    spread = np.std([float(estimate) for estimate, _ in runs])
    assert spread == pytest.approx(np.mean([float(error) for _, error in runs]), rel=0.2)


def test_where_every_answer_has_one_verdict_nothing_is_drawn():
    found, error = weighted_majority_at_k([0, 0, -1], [0.1, 0.2, 0.3], [1, 1, 0], np.array([1, 2]), draws=2, rng=None)
    assert (found.tolist(), error.tolist()) == (pytest.approx([2 / 3, 1.0]), [0.0, 0.0])
    found, _ = weighted_majority_at_k([0, 1, -1], [0.1, 0.2, 0.3], [0, 0, 0], 2, draws=2, rng=None)
    assert float(found) == 0.0


def test_an_integer_gives_a_float_and_an_array_its_shape():
    assert isinstance(best_of_k([0.1, 0.2], [True, False], 1), float)
    assert best_of_k([0.1, 0.2], [True, False], np.array([[1], [2]])).tolist() == [[0.5], [0.0]]


def test_scores_of_samples_without_an_answer_are_not_read():
    assert best_of_k([float("nan"), 0.2], [False, True], 2, answered=[False, True]) == 1.0
    assert best_of_k([5.0, float("-inf")], [False, True], 2, answered=[False, True]) == 1.0
    found, _ = weighted_majority_at_k(
        [-1, 0, 1], [float("nan"), 0.3, 0.2], [0, 1, 0], 3, draws=5, rng=np.random.default_rng(0)
    )
    assert float(found) == 1.0


@pytest.mark.parametrize(("k", "message"), [(0, "k must lie in 1..2"), (3, "there are 2 samples"), (1.5, "integers")])
def test_a_budget_without_samples_is_refused(k, message):
    with pytest.raises(ValueError, match=message):
        best_of_k([0.1, 0.2], [True, False], k)
    with pytest.raises(ValueError, match=message):
        weighted_majority_at_k([0, 1], [0.1, 0.2], [True, False], k, draws=9, rng=np.random.default_rng(0))


@pytest.mark.parametrize("weight", [-0.5, float("inf"), float("nan")])
def test_numbers_that_cannot_rank_or_vote_are_refused(weight):
    with pytest.raises(ValueError, match="weights must be non-negative and finite, not"):
        weighted_majority_at_k([0, 1], [0.5, weight], [True, False], 1, draws=9, rng=np.random.default_rng(0))
    if np.isnan(weight):
        with pytest.raises(ValueError, match="a score is not a number"):
            best_of_k([0.5, weight], [True, False], 1)


def test_shapes_and_draws_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        best_of_k([0.5], [True, False], 1)
    with pytest.raises(ValueError, match="one shape"):
        weighted_majority_at_k([0, 1], [0.5], [True, False], 1, draws=9, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="draws must be at least 2"):
        weighted_majority_at_k([0, 1], [0.5, 0.5], [True, False], 1, draws=1, rng=np.random.default_rng(0))
