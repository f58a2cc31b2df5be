import numpy as np
import pytest

from tts.core import UsageError
from tts.stats import difference_curve, difference_interval, mean_interval, on_shared_problems


def test_a_shared_difficulty_cancels():
    """Two strategies a twentieth apart on problems between 0 and 1: far apart in pairs, hidden without."""
    rng = np.random.default_rng(0)
    rates = rng.random(100) * 0.9
    first, second = rates + 0.05 + rng.normal(0, 0.01, 100).clip(-0.05, 0.05), rates
    alone, paired = mean_interval(first), difference_interval(first, second)
    assert paired.mean == pytest.approx(float((first - second).mean()))
    assert 0 < paired.low <= paired.mean <= paired.high
    assert paired.stderr < alone.stderr / 10


def test_swapping_the_two_turns_the_interval_round():
    rng = np.random.default_rng(1)
    a, b = rng.random(40), rng.random(40)
    one, other = difference_interval(a, b), difference_interval(b, a)
    assert (one.mean, one.stderr) == (pytest.approx(-other.mean), pytest.approx(other.stderr))
    assert (one.low, one.high) == (pytest.approx(-other.high, abs=0.01), pytest.approx(-other.low, abs=0.01))


def test_a_difference_may_be_negative_and_as_large_as_1():
    found = difference_interval(np.zeros(20), np.ones(20))
    assert (found.mean, found.low) == (-1.0, -1.0)
    assert found.high == pytest.approx(1 - 2 * 0.025 ** (1 / 20))


def test_equal_curves_keep_a_width():
    found = difference_interval(np.linspace(0, 1, 50), np.linspace(0, 1, 50))
    assert found.low < 0 == found.mean < found.high
    assert found.low == pytest.approx(-found.high)


def test_the_interval_holds_the_true_difference_about_95_times_in_100():
    """300 repetitions have a standard error of 1.3%: the bounds are 3 of them away from 95%."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        rates = rng.beta(1, 1, 100)
        found = difference_interval(rng.binomial(16, np.sqrt(rates)) / 16, rng.binomial(16, rates) / 16)
        held += found.low <= 2 / 3 - 1 / 2 <= found.high
    assert 0.912 <= held / 300 <= 0.988


def test_a_curve_has_an_interval_at_every_point():
    a, b = np.random.default_rng(2).random((2, 30, 3))
    assert difference_curve(a, b) == tuple(difference_interval(a[:, i], b[:, i]) for i in range(3))


def test_curves_are_paired_by_problem_whatever_their_order():
    a, b = on_shared_problems({"x": [1.0, 0.5], "y": [0.0, 0.0]}, {"y": [0.25, 0.75], "x": [1.0, 1.0]})
    assert (a.tolist(), b.tolist()) == ([[1.0, 0.5], [0.0, 0.0]], [[1.0, 1.0], [0.25, 0.75]])


def test_curves_of_different_problems_say_which_differ():
    second = dict.fromkeys("bcdefg", 0.5)
    with pytest.raises(UsageError, match=r"1 only in the first: a; 4 only in the second: d, e, f, ...; 2 shared"):
        on_shared_problems(dict.fromkeys("abc", 0.5), second)
    with pytest.raises(UsageError, match="neither has a problem"):
        on_shared_problems({}, {})


def test_shapes_that_cannot_be_paired_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        difference_interval([0.5], [0.5, 0.5])
    with pytest.raises(ValueError, match="one shape"):
        difference_curve(np.zeros((3, 2)), np.zeros((3, 4)))
