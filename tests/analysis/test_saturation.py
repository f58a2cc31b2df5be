import numpy as np
import pytest

from tts.stats import FitError, fit_saturation
from tts.stats.saturation import _fit, _law

COMPUTE = 100 * 2.0 ** np.arange(7)


def problems(curve, m=100, seed=0):
    """Accuracies of m problems whose mean over problems is the curve exactly."""
    half = np.random.default_rng(seed).uniform(-1, 1, (m // 2, 1)) * np.minimum(curve, 1 - curve)
    return np.concatenate([curve + half, curve - half])


@pytest.mark.parametrize(("ceiling", "gap", "rate"), [(0.8, 0.5, 0.4), (0.9, 0.3, 1.5), (0.6, 0.5, 0.1), (1, 0.7, 0.2)])
def test_a_curve_that_follows_the_law_gives_its_parameters(ceiling, gap, rate):
    fit = fit_saturation(COMPUTE, problems(ceiling - gap * (COMPUTE / 100) ** -rate))
    assert (fit.ceiling, fit.gap, fit.rate) == pytest.approx((ceiling, gap, rate), abs=1e-4)
    assert fit.misfit < 1e-4
    assert fit.reached == pytest.approx(1 - 64**-rate, abs=1e-4)


def test_no_parameters_nearby_have_less_error():
    x, rng = np.log(COMPUTE / 100), np.random.default_rng(1)
    y, weight = 0.7 - 0.4 * np.exp(-0.5 * x) + rng.normal(0, 0.02, 7), rng.uniform(1, 3, 7)
    (found,) = _fit(x, y[None, :], weight)

    def loss(parameters):
        return float(((y - _law(np.array([parameters]), x)[0]) ** 2) @ weight)

    for step in np.concatenate([np.eye(3), -np.eye(3)]) * 3e-3:
        assert loss(found) < loss(found + step)


def test_growth_without_an_end_in_sight_has_a_ceiling_up_to_1():
    """A straight line in log compute: the ceiling's interval says that nothing is known of it."""
    fit = fit_saturation(COMPUTE, problems(0.2 + 0.05 * np.arange(7)))
    assert fit.misfit < 0.02
    assert fit.limit().high[0] == 1.0
    far = fit.at([1e12])
    assert 0 <= far.low[0] <= far.value[0] <= far.high[0] <= 1


def test_the_band_holds_a_known_truth_within_and_beyond_what_was_measured():
    rng = np.random.default_rng(2)
    truth = 0.75 - 0.5 * (COMPUTE / 100) ** -0.6
    values = np.clip(problems(truth, 200) + rng.normal(0, 0.05, (200, 7)), 0, 1)
    found = fit_saturation(COMPUTE, values).at([100, 1_000, 10_000], level=0.999)
    expected = 0.75 - 0.5 * np.array([1, 10, 100]) ** -0.6
    assert (found.low < expected).all() and (expected < found.high).all()
    assert (found.high - found.low < 0.25).all()


def test_the_order_of_points_does_not_matter():
    values, order = problems(0.8 - 0.5 * (COMPUTE / 100) ** -0.4), np.array([3, 0, 6, 2, 5, 1, 4])
    one, other = fit_saturation(COMPUTE, values), fit_saturation(COMPUTE[order], values[:, order])
    assert (one.ceiling, one.rate) == (other.ceiling, other.rate)


RISING = problems(0.8 - 0.5 * (COMPUTE / 100) ** -0.4)


@pytest.mark.parametrize(
    ("compute", "values", "reason"),
    [
        (COMPUTE[:3], RISING[:, :3], "3 points of compute are too few"),
        ([1, 1, 2, 9], RISING[:, :4], "3 points of compute are too few"),
        ([1, 1.5, 2, 3], RISING[:, :4], "spans a factor of 3 only"),
        (COMPUTE, RISING[:9], "9 problems are too few"),
        (COMPUTE, RISING[:, ::-1], "not known to rise"),
        (COMPUTE, np.full((30, 7), 0.5), "not known to rise"),
        (COMPUTE, np.random.default_rng(0).random((20, 7)), "not known to rise"),
    ],
)
def test_data_that_do_not_determine_the_law_are_refused_with_the_reason(compute, values, reason):
    with pytest.raises(FitError, match=reason):
        fit_saturation(compute, values)


@pytest.mark.parametrize(
    ("compute", "values", "message"),
    [
        ([0, 1, 2, 9], RISING[:, :4], "positive"),
        ([1, 2, float("nan"), 9], RISING[:, :4], "positive"),
        (COMPUTE, RISING[:, :4], "shape"),
        (COMPUTE, RISING + 0.9, r"\[0, 1\]"),
        (COMPUTE, RISING * float("nan"), r"\[0, 1\]"),
    ],
)
def test_what_is_not_accuracy_against_compute_is_refused(compute, values, message):
    with pytest.raises(ValueError, match=message):
        fit_saturation(compute, values)


def test_less_compute_than_measured_is_refused():
    with pytest.raises(ValueError, match="from 100, the least measured"):
        fit_saturation(COMPUTE, RISING).at([50])


def test_a_curve_that_jumps_at_once_and_one_that_reaches_1_stay_finite():
    jump = np.concatenate([np.full((50, 1), 0.2), np.full((50, 6), 0.6)], axis=1)
    full = np.concatenate([np.full((50, 1), 0.5), np.ones((50, 6))], axis=1)
    for values, end in ((jump, 0.6), (full, 1.0)):
        fit = fit_saturation(COMPUTE, values)
        assert fit.at([1e6]).value[0] == pytest.approx(end, abs=1e-3)
        assert np.isfinite(fit.resamples).all()
