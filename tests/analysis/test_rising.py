import math

import numpy as np
import pytest

from tts.stats.beta_binomial import log_rising

X = np.geomspace(1e-6, 1e7, 200)


def test_the_rising_factorial_is_a_sum_and_so_are_its_derivatives():
    """At 0 steps, too."""
    steps = np.array([0, 1, 7, 8, 9, 10, 40, 300])
    value, first, second = log_rising(X[:, None], steps)
    for j, many in enumerate(steps):
        terms = X[:, None] + np.arange(many)
        assert value[:, j] == pytest.approx(np.log(terms).sum(axis=1), rel=1e-9, abs=1e-13)
        assert first[:, j] == pytest.approx((1 / terms).sum(axis=1), rel=1e-9, abs=1e-13)
        assert second[:, j] == pytest.approx((-1 / terms**2).sum(axis=1), rel=1e-9, abs=1e-13)
    assert value[0].shape == (8,) and not value[:, 0].any()


def test_the_rising_factorial_is_a_ratio_of_gamma_functions():
    for steps in ([0, 3], [9, 20], []):
        found = log_rising(np.array([[0.7], [3.0]]), np.array(steps, dtype=np.int64))
        assert found[0] == pytest.approx(
            np.array([[math.lgamma(x + s) - math.lgamma(x) for s in steps] for x in (0.7, 3.0)]), rel=1e-12
        )
