from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.analysis.planning import pass_until, pass_until_interval


def outcomes(target, cap):
    """(successes, draws, number of orders) of every end of sampling until ``target`` successes or ``cap`` draws."""
    reached = [(target, k, comb(k - 1, target - 1)) for k in range(target, cap + 1)]
    return reached + [(s, cap, comb(cap, s)) for s in range(target)]


rules = st.integers(2, 5).flatmap(lambda target: st.tuples(st.just(target), st.integers(target, 12)))
rates = st.fractions(0, 1, max_denominator=50)


@given(rules, rates)
@settings(deadline=None)
def test_the_mean_over_every_outcome_is_the_true_rate_capped_ones_included(rule, p):
    target, cap = rule
    mean = total = Fraction(0)
    for s, k, ways in outcomes(target, cap):
        chance = ways * p**s * (1 - p) ** (k - s)
        found = float(pass_until(s, k, target=target, cap=cap))
        total += chance
        mean += chance * Fraction(found).limit_denominator(1_000)
    assert (total, mean) == (1, p)


@given(rules, rates)
@settings(deadline=None)
def test_the_interval_holds_the_true_rate_as_often_as_it_says(rule, p):
    target, cap = rule
    held = Fraction(0)
    for s, k, ways in outcomes(target, cap):
        found = pass_until_interval(s, k, target=target, cap=cap, level=0.9)
        if found.low - 1e-12 <= p <= found.high + 1e-12:
            held += ways * p**s * (1 - p) ** (k - s)
    assert held >= Fraction(9, 10)


def test_without_a_cap_it_is_unbiased_for_a_rate_far_below_what_was_ever_drawn():
    """Draws to the third success at a rate of 1 in 500: 20,000 problems have a standard error of 0.7%."""
    rng = np.random.default_rng(0)
    draws = rng.negative_binomial(3, 0.002, 20_000) + 3
    found = pass_until(3, draws, target=3)
    assert found.mean() == pytest.approx(0.002, rel=0.03)
    assert (3 / draws).mean() > 0.0028


def test_the_interval_is_clopper_pearson_where_the_cap_came_first():
    """No success in 100: the upper end solves (1-p)^100 = 0.025. One in 100: the lower end, 1 - (1-p)^100 = 0.025."""
    none, one = (pass_until_interval(s, 100, target=3, cap=100) for s in (0, 1))
    assert (none.rate, none.low, none.high) == (0.0, 0.0, pytest.approx(1 - 0.025**0.01))
    assert one.low == pytest.approx(1 - 0.975**0.01)


def test_tiny_rates_keep_their_digits_and_certain_ones_reach_1():
    rare = pass_until_interval(2, 10**9, target=2)
    assert rare.rate == pytest.approx(1e-9)
    assert 1e-10 < rare.low < rare.rate < rare.high < 1e-8
    sure = pass_until_interval(2, 2, target=2, cap=5)
    assert (sure.rate, sure.high) == (1.0, 1.0)
    assert sure.low == pytest.approx(0.025**0.5)


@pytest.mark.parametrize(
    ("successes", "draws", "target", "cap", "message"),
    [
        (1, 5, 1, None, "target must be at least 2"),
        (2, 5, 3, 2, "cap must be at least"),
        (1, 5, 3, None, "1 successes in 5 draws cannot come from a problem sampled until 3 successes"),
        (1, 5, 3, 9, "until 3 successes or 9 samples"),
        (3, 10, 3, 9, "3 successes in 10 draws"),
        (4, 9, 3, 9, "4 successes in 9 draws"),
        (3, 2, 3, None, "3 successes in 2 draws"),
        (-1, 9, 3, 9, "-1 successes"),
        (0.5, 9, 3, 9, "integers"),
    ],
)
def test_outcomes_that_the_rule_cannot_give_are_refused(successes, draws, target, cap, message):
    with pytest.raises(ValueError, match=message):
        pass_until([successes], [draws], target=target, cap=cap)


def test_a_level_outside_0_and_1_is_refused():
    with pytest.raises(ValueError, match="level"):
        pass_until_interval(2, 5, target=2, level=95)
