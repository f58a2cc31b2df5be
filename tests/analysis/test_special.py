import math

import numpy as np
import pytest

from tts.analysis.special import log_gamma, log_rising

X = np.geomspace(1e-6, 1e7, 200)


def test_log_gamma_is_the_library_one():
    assert log_gamma(X) == pytest.approx([math.lgamma(x) for x in X], rel=1e-13, abs=2e-14)


def test_the_rising_factorial_is_a_sum_and_so_are_its_derivatives():
    """On both sides of the 8 terms where the series takes over, and at 0 steps."""
    steps = np.array([0, 1, 7, 8, 9, 10, 40, 300])
    value, first, second = log_rising(X[:, None], steps)
    for j, many in enumerate(steps):
        terms = X[:, None] + np.arange(many)
        assert value[:, j] == pytest.approx(np.log(terms).sum(axis=1), rel=1e-9, abs=1e-13)
        assert first[:, j] == pytest.approx((1 / terms).sum(axis=1), rel=1e-9, abs=1e-13)
        assert second[:, j] == pytest.approx((-1 / terms**2).sum(axis=1), rel=1e-9, abs=1e-13)
    assert value[0].shape == (8,) and not value[:, 0].any()


def test_steps_beyond_the_series_or_short_of_it_alone():
    for steps in ([0, 3], [9, 20], []):
        found = log_rising(np.array([[0.7], [3.0]]), np.array(steps, dtype=np.int64))
        assert found[0] == pytest.approx(
            np.array([[math.lgamma(x + s) - math.lgamma(x) for s in steps] for x in (0.7, 3.0)]), rel=1e-12
        )
