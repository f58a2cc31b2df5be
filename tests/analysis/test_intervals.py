import numpy as np
import pytest

from tts.stats import bootstrap_means, mean_interval, same_value_interval


def test_the_same_values_give_the_same_bits():
    values = np.random.default_rng(0).random(50)
    assert mean_interval(values) == mean_interval(values.copy())


def test_the_standard_error_is_that_of_a_mean():
    values = np.random.default_rng(0).random(400)
    assert mean_interval(values).stderr == pytest.approx(values.std(ddof=1) / 20, rel=0.05)


def test_resamples_are_of_problems_with_replacement():
    means = bootstrap_means(np.array([0.0, 1.0]))
    assert sorted(set(means.tolist())) == [0.0, 0.5, 1.0]
    assert np.mean(means == 0.5) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("m", [5, 20, 500])
def test_where_all_problems_fail_or_succeed_the_interval_is_clopper_pearson(m):
    bound = 0.025 ** (1 / m)
    nothing, everything = mean_interval(np.zeros(m)), mean_interval(np.ones(m))
    assert (nothing.mean, nothing.stderr, nothing.low) == (0.0, 0.0, 0.0)
    assert nothing.high == pytest.approx(1 - bound)
    assert (everything.mean, everything.low, everything.high) == (1.0, pytest.approx(bound), 1.0)


def test_equal_values_between_0_and_1_keep_a_width():
    low, high = same_value_interval(0.5, 20)
    found = mean_interval(np.full(20, 0.5))
    assert (found.low, found.high) == (low, high)
    assert low < 0.45 < 0.55 < high


def test_rounding_is_not_variation_between_problems():
    values = np.full(20, 0.3)
    values[::2] += 1e-16
    assert mean_interval(values).high == pytest.approx(same_value_interval(0.3, 20)[1])


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_one_problem_says_nothing_of_a_population(value):
    found = mean_interval([value])
    assert (found.mean, found.stderr, found.low, found.high) == (value, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("values", [[], [[0.5]], [0.5, 1.5], [0.5, float("nan")], [-0.1, 0.5]])
def test_what_is_not_one_accuracy_a_problem_is_refused(values):
    with pytest.raises(ValueError):
        mean_interval(values)


def test_the_interval_contains_the_mean_and_never_leaves_the_unit_interval():
    rng = np.random.default_rng(3)
    for _ in range(50):
        found = mean_interval((rng.random(int(rng.integers(2, 30))) < rng.random()).astype(float))
        assert 0 <= found.low <= found.mean <= found.high <= 1


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_interval_holds_the_population_mean_about_95_times_in_100(share):
    """400 repetitions have a standard error of 1.1%: the bounds are 3 of them away from 95%."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        rates = rng.beta(2 * share, 2 * (1 - share), 100)
        found = mean_interval(rng.binomial(16, rates) / 16)
        held += found.low <= share <= found.high
    assert 0.917 <= held / 400 <= 0.983
