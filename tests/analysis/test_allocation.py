"""Sharing a budget against brute force, values against enumeration, and plans on simulated runs with known truth."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.analysis import best_of_k, majority_at_k, pass_at_k, weighted_majority_at_k
from tts.analysis.allocation import Options, allocate, envelope
from tts.analysis.posterior import Beta, fit_beta
from tts.analysis.rehearsal import Rehearsed, learn, pilot_signs, prefix_accuracy
from tts.analysis.rundata import Cell
from tts.core import Usage


def cell(classes, correct, scores=None, tokens=None):
    n = len(classes)
    return Cell(
        n=n,
        usage=Usage(),
        grader={},
        classes=np.array(classes),
        correct=np.array(correct, bool),
        finished=np.ones(n, bool),
        output_tokens=np.array(tokens or [10] * n),
        scores={"v": np.array(scores, float)} if scores else {},
    )


def exhaustively(prompts, budget):
    best = -np.inf
    for at in product(*(range(len(p.cost)) for p in prompts)):
        if sum(p.cost[i] for p, i in zip(prompts, at, strict=True)) <= budget + 1e-9:
            best = max(best, sum(p.value[i] for p, i in zip(prompts, at, strict=True)))
    return best


def concave(gains):
    value = np.concatenate([[0.0], np.cumsum(sorted(gains, reverse=True))])
    return Options(np.arange(1.0, len(value) + 1), value)


gains = st.lists(st.integers(0, 20).map(float), min_size=1, max_size=4)
points = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), min_size=1, max_size=4)


@given(st.lists(gains, min_size=1, max_size=4), st.integers(0, 14))
@settings(deadline=None)
def test_greedy_is_optimal_where_values_are_concave_and_samples_cost_the_same(all_gains, more):
    prompts = [concave(g) for g in all_gains]
    budget = len(prompts) + more
    taken = allocate(prompts, budget)
    assert sum(p.cost[i] for p, i in zip(prompts, taken, strict=True)) <= budget
    assert sum(p.value[i] for p, i in zip(prompts, taken, strict=True)) == exhaustively(prompts, budget)


@given(st.lists(points, min_size=1, max_size=4), st.integers(0, 12))
@settings(deadline=None, max_examples=200)
def test_with_any_options_it_keeps_the_budget_and_the_greedy_bound(all_points, more):
    prompts = [Options(*np.array(p, float).T) for p in all_points]
    budget = sum(p.cost.min() for p in prompts) + more
    taken = allocate(prompts, budget)
    assert sum(p.cost[i] for p, i in zip(prompts, taken, strict=True)) <= budget + 1e-9
    found = sum(p.value[i] for p, i in zip(prompts, taken, strict=True))
    largest = max(np.diff(p.value[envelope(p)]).max(initial=0) for p in prompts)
    assert exhaustively(prompts, budget) - largest <= found <= exhaustively(prompts, budget)


@given(points)
def test_no_option_lies_above_the_envelope(found):
    options = Options(*np.array(found, float).T)
    hull = envelope(options)
    assert (np.diff(options.cost[hull]) > 0).all()
    assert (np.diff(options.value[hull]) > 0).all()
    highest = np.interp(options.cost, options.cost[hull], options.value[hull])
    assert (options.value <= highest + 1e-9).all()


def test_a_budget_below_the_cheapest_options_is_refused():
    with pytest.raises(ValueError, match="budget 1 is smaller than the 2"):
        allocate([concave([1.0]), concave([1.0])], 1)


def test_a_late_gain_is_bought_whole_by_its_envelope():
    """Nothing for two more samples, everything for three: 1/3 a sample, better than 0.3 a sample."""
    late = Options(np.array([1.0, 2, 3, 4]), np.array([0.0, 0, 0, 1]))
    steady = Options(np.array([1.0, 2, 3, 4]), np.array([0.0, 0.3, 0.6, 0.9]))
    assert allocate([late, steady], 5).tolist() == [3, 0]


@given(st.floats(0.2, 5), st.floats(0.2, 5))
@settings(max_examples=5, deadline=None)
def test_the_prior_is_found_again_from_many_prompts(a, b):
    rng = np.random.default_rng(int(1000 * a + b))
    successes = rng.binomial(16, rng.beta(a, b, 20_000))
    found = fit_beta(successes, 16)
    assert found.mean == pytest.approx(a / (a + b), abs=0.02)
    assert found.a + found.b == pytest.approx(a + b, rel=0.1)


def test_the_priors_likelihood_is_the_greatest():
    """Against the beta-binomial written out, at points around."""
    from math import lgamma

    c, n = np.array([0, 0, 1, 3, 4, 4, 2]), 4

    def likelihood(a, b):
        def beta(x, y):
            return lgamma(x) + lgamma(y) - lgamma(x + y)

        return sum(beta(a + x, b + n - x) - beta(a, b) for x in c.tolist())

    prior = fit_beta(c, n)
    best = likelihood(prior.a, prior.b)
    for da, db in product((0.97, 1, 1.03), repeat=2):
        assert likelihood(prior.a * da, prior.b * db) <= best + 1e-9


def test_prompts_that_are_all_alike_get_a_prior_within_bounds():
    for c in (0, 4):
        prior = fit_beta(np.full(10, c), 4)
        assert np.isfinite([prior.a, prior.b]).all()
        assert abs(prior.mean - c / 4) < 0.01


def test_coverage_after_a_pilot_is_the_beta_integral():
    posterior = Beta(0.7, 1.3).after(1, 4)
    p = np.random.default_rng(0).beta(posterior.a, posterior.b, 400_000)
    simulated = [(1 - (1 - p) ** n).mean() for n in (1, 2, 8)]
    assert posterior.coverage(8)[[0, 1, 7]] == pytest.approx(simulated, abs=0.003)


small = st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 3)), min_size=1, max_size=5)


@given(small, st.lists(st.booleans(), min_size=3, max_size=3))
@settings(deadline=None, max_examples=60)
def test_over_all_orders_rehearsals_equal_the_exact_estimators(pool, verdicts):
    classes = [c for c, _ in pool]
    some = cell(classes, [c >= 0 and verdicts[c] for c in classes], [s / 4 for _, s in pool])
    n = len(some)
    orders, ks = np.array(list(permutations(range(n)))), np.arange(1, n + 1)

    class EveryOrder:
        def permuted(self, x, axis):
            return orders

    weights = some.scores["v"]
    exact = {
        "oracle": pass_at_k(n, int(some.correct.sum()), ks),
        "majority": majority_at_k(some.classes, some.correct, ks),
        "best": best_of_k(weights, some.correct, ks, answered=some.classes >= 0),
    }
    if len(orders) > 1:
        exact["weighted"] = weighted_majority_at_k(
            some.classes, weights, some.correct, ks, draws=len(orders), rng=EveryOrder()
        )[0]
    for selector, wanted in exact.items():
        found = prefix_accuracy(some, selector, "v", orders).mean(axis=0)
        assert found == pytest.approx(wanted), selector


def test_a_pilot_is_read_without_the_reference_except_by_a_checker():
    some = cell([0, 0, 1, -1], [True, True, False, False], [0.1, 0.2, 0.9, 1.0])
    other = cell([0, 0, 1, -1], [False, False, True, False], [0.1, 0.2, 0.9, 1.0])
    pilot = np.array([[0, 1, 2], [3, 0, 2], [3, 3, 3]])
    for selector in ("majority", "best", "weighted"):
        edges = np.array([0.5])
        mine, theirs = (pilot_signs(c, selector, "v", pilot, edges) for c in (some, other))
        assert (mine == theirs).all()
        assert len(set(mine.tolist())) == 3
    assert pilot_signs(some, "oracle", "", pilot, np.zeros(0)).tolist() == [2, 1, 0]


def test_values_are_means_over_problems_whose_pilot_looked_the_same():
    first = Rehearsed(np.array([[1.0, 1], [0, 1]]), np.ones((2, 2)), np.array([5, 7]), 0.5)
    second = Rehearsed(np.array([[0.0, 0], [0, 0]]), np.ones((2, 2)), np.array([7, 7]), 0.0)
    values = learn([first, second], np.array([[3.0], [9.0]]), shrink=0)
    assert values.accuracy[values.row(5)].tolist() == [1, 1]
    assert values.accuracy[values.row(7)] == pytest.approx([0, 1 / 3]), "0.5 and 1 problems"
    assert values.extra[values.row(7)] == pytest.approx([7.0])
    assert values.accuracy[values.row(6)].tolist() == [0.25, 0.5], "never seen: the mean"
    drawn = learn([first, second], np.zeros((2, 0)), shrink=1.0)
    assert drawn.accuracy[drawn.row(5)] == pytest.approx([(0.5 * 1 + 0.25) / 1.5, (0.5 * 1 + 0.5) / 1.5])
