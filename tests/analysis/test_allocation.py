"""Sharing a budget against brute force, values against enumeration, and plans on simulated runs with known truth."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.analysis.axes import sample_axis, token_axis
from tts.analysis.planning.allocation import Options, allocate, envelope
from tts.analysis.planning.held_out import evaluate_plan, in_hindsight, uniform_at
from tts.analysis.planning.plan import make_plan
from tts.analysis.planning.rehearsal import Rehearsed, learn, pilot_signs, prefix_accuracy
from tts.analysis.planning.rules import Rules, rehearse_run
from tts.core import Usage
from tts.session import run
from tts.stats import best_of_k, majority_at_k, pass_at_k, scored, weighted_majority_at_k
from tts.stats.posterior import Beta, fit_beta
from tts.store import CellData, read_run
from tts.sweep import parse_config


def cell(classes, correct, scores=None, tokens=None):
    n = len(classes)
    return CellData(
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

    weights = some.scores["v"]
    exact = {
        "oracle": pass_at_k(n, int(some.correct.sum()), ks),
        "majority": majority_at_k(some.classes, some.correct, ks),
        "best": best_of_k(weights, some.correct, ks, answered=some.classes >= 0),
    }
    if len(orders) > 1:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scored, "_orders", lambda n, draws: orders.T)
            exact["weighted"], _ = weighted_majority_at_k(
                some.classes, weights, some.correct, ks, draws=len(orders), rng=np.random.default_rng(0)
            )
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


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """Runs of 90 problems x 24 samples with success rates from Beta(alpha, beta)."""
    place = tmp_path_factory.mktemp("allocation")

    def make(alpha, beta):
        out = place / f"{alpha}-{beta}"
        data = {
            "model": f"simulated:alpha={alpha},beta={beta},steps=2,step_tokens=4",
            "benchmarks": ["arith:levels=1-3,per_level=30"],
            "strategies": [{"name": "best_of_n", "n": 24}],
        }
        with out.with_suffix(".log").open("w") as log:
            run(parse_config(data, "test"), out, stream=log)
        return read_run(out)

    return make


def test_with_a_checker_stopping_on_what_is_solved_gains_what_theory_says(simulated):
    """Every prompt has success rate 1/2: after a pilot of 2 a quarter is unsolved, and gets all that is left."""
    known = rehearse_run(simulated(5000, 5000), Rules("oracle", "", 2), sample_axis)
    result = evaluate_plan(known, 90 * 3, "samples")
    assert result.plan.compute.mean() == pytest.approx(3, abs=0.02)
    assert result.uniform.compute.mean() == pytest.approx(result.plan.compute.mean())
    assert result.uniform.accuracy.mean() == pytest.approx(1 - 0.5**3, abs=0.03)
    assert result.plan.accuracy.mean() == pytest.approx(1 - 0.25 * 0.5**4, abs=0.03), "4 more for each unsolved one"
    assert result.gain.low > 0


def test_where_more_samples_change_nothing_nothing_more_is_spent(simulated):
    data = simulated(5000, 5000)
    sure = {
        k: replace(c, classes=np.zeros(len(c), int), correct=np.full(len(c), int(k[1][-1]) % 2 == 0))
        for k, c in data.cells.items()
    }
    known = rehearse_run(replace(data, cells=sure), Rules("majority", "", 3), token_axis)
    result = evaluate_plan(known, 1e9, "tokens")
    cost = known.prompts.fixed + 3 * known.prompts.each
    assert result.plan.compute.mean() == pytest.approx(cost.mean(), rel=0.05)
    assert result.gain.mean == pytest.approx(0)


def test_uniform_spending_is_the_exact_curve_between_two_numbers_of_samples(simulated):
    known = rehearse_run(simulated(0.6, 1.4), Rules("majority", "", 2), sample_axis, orders=400)
    cells = [row[0] for row in known.prompts.cells]
    three, four = (np.mean([majority_at_k(c.classes, c.correct, k) for c in cells]) for k in (3, 4))
    found = uniform_at(known, 3.25)
    assert found.compute.mean() == pytest.approx(3.25)
    assert found.accuracy.mean() == pytest.approx(0.75 * three + 0.25 * four, abs=0.01)


def test_a_prompt_is_planned_without_its_own_reference_or_that_of_its_fold(simulated):
    data = simulated(0.6, 1.4)
    rules = Rules("majority", "", 4)
    known = rehearse_run(data, rules, sample_axis, orders=8)
    mine = {known.prompts.problems[i].id for i in np.flatnonzero(known.fold == 0)}
    flipped = {
        k: replace(c, correct=~c.correct & (c.classes >= 0)) if k[1] in mine else c for k, c in data.cells.items()
    }
    other = replace(data, cells=flipped)
    plans = [
        make_plan(d, rehearse_run(d, rules, sample_axis, orders=8), 1e9, "samples", sample_axis, d)
        for d in (data, other)
    ]
    acts = [{r.problem.id: (r.act.n, r.expected) for r in plan} for plan in plans]
    assert {i: acts[0][i] for i in mine} == {i: acts[1][i] for i in mine}
    assert acts[0] != acts[1], "the others learned from them"


def test_a_plan_spends_more_where_the_pilot_disagrees(simulated):
    data = simulated(0.6, 1.4)
    rules = Rules("majority", "", 4)
    known = rehearse_run(data, rules, sample_axis)
    rows = make_plan(data, known, 90 * 8, "samples", sample_axis, data)
    assert sum(r.cost for r in rows) <= 90 * 8 + 1e-6
    agreed = [
        len(set(data.cells[r.problem.benchmark, r.problem.id, "best_of_n", "{}", 0, 0].classes[:4])) == 1 for r in rows
    ]
    ns = np.array([r.act.n for r in rows])
    assert ns[np.array(agreed)].mean() < 5 < ns[~np.array(agreed)].mean()


@pytest.mark.parametrize("selector", ["majority", "oracle"])
@pytest.mark.parametrize("wrong", [0.0, 2.0])
def test_in_hindsight_no_numbers_do_better_for_the_same_compute(simulated, selector, wrong):
    known = rehearse_run(simulated(0.6, 1.4), Rules(selector, "", 4, wrong), sample_axis)
    for mean in (1.5, 4, 9.25):
        oracle, uniform = in_hindsight(known, mean), uniform_at(known, mean)
        assert oracle.compute.mean() <= mean + 1e-9
        assert oracle.worth(wrong).mean() >= uniform.worth(wrong).mean() - (1 + wrong) / 90, "a step of one prompt"
    if wrong and selector == "oracle":
        never = np.array([row[0].accuracy[:, -1].mean() for row in known.rehearsed]) < 0.5
        assert (oracle.abstained[never] == 1).all(), "half right and half wrong is worth less than no answer"


def test_the_best_numbers_in_hindsight_are_found(simulated):
    """Two prompts against every pair of numbers."""
    known = rehearse_run(simulated(0.6, 1.4), Rules("oracle", "", 4), sample_axis)
    some = (40, 80)
    few = replace(
        known,
        rehearsed=tuple(known.rehearsed[i] for i in some),
        prompts=replace(
            known.prompts,
            problems=tuple(known.prompts.problems[i] for i in some),
            fixed=known.prompts.fixed[list(some)],
            each=known.prompts.each[list(some)],
        ),
    )
    right = [row[0].accuracy.mean(axis=0) for row in few.rehearsed]
    for budget in (2, 5, 12, 48):
        best = max(right[0][a - 1] + right[1][b - 1] for a, b in product(range(1, 25), repeat=2) if a + b <= budget)
        step = max(float(np.diff(x, prepend=0).max()) for x in right)
        assert best - step - 1e-9 <= 2 * in_hindsight(few, budget / 2).accuracy.mean() <= best + 1e-9


def test_the_gain_is_in_what_answers_are_worth(simulated):
    rules = Rules("majority", "", 4, wrong=2.0)
    result = evaluate_plan(rehearse_run(simulated(0.6, 1.4), rules, sample_axis), 90 * 8, "samples")
    right, silent = result.plan.accuracy, result.plan.abstained
    worth = right - 2 * (1 - right - silent)
    base = result.uniform.accuracy - 2 * (1 - result.uniform.accuracy)
    assert silent.mean() > 0
    assert result.plan.worth(2.0) == pytest.approx(worth)
    assert result.gain.mean == pytest.approx((worth - base).mean())
    assert result.gain.low < result.gain.mean < result.gain.high
    assert result.gain.stderr == pytest.approx((worth - base).std(ddof=1) / 90**0.5, rel=0.1)
    found = result.plan.worth_interval(2.0)
    assert found.mean == pytest.approx(worth.mean())
    assert found.stderr == pytest.approx(worth.std(ddof=1) / 90**0.5, rel=0.1)
    assert found.low < found.mean < found.high
