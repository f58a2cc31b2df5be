import math

import numpy as np
import pytest

from tts.analysis.special import digamma, log_gamma, trigamma

X = np.geomspace(1e-6, 1e7, 200)
EULER = 0.5772156649015329


def test_log_gamma_is_the_library_one():
    assert log_gamma(X) == pytest.approx([math.lgamma(x) for x in X], rel=1e-13, abs=2e-14)


def test_derivatives_have_their_known_values():
    assert digamma(np.array([1.0, 0.5, 2.0])) == pytest.approx([-EULER, -EULER - 2 * math.log(2), 1 - EULER])
    assert trigamma(np.array([1.0, 0.5])) == pytest.approx([math.pi**2 / 6, math.pi**2 / 2], rel=1e-14)


def test_derivatives_follow_their_recurrences():
    """psi(x+1) = psi(x) + 1/x and psi'(x+1) = psi'(x) - 1/x^2, over thirteen decades."""
    assert digamma(X + 1) == pytest.approx(digamma(X) + 1 / X, rel=1e-9, abs=1e-13)
    assert trigamma(X + 1) + 1 / X**2 == pytest.approx(trigamma(X), rel=1e-13)
