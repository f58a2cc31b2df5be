"""Logarithm of the gamma function and its first two derivatives, for positive arrays of any shape."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_SHIFT = 8
"""The argument is raised by this much before the asymptotic series, whose error is then below 1e-15."""


def log_gamma(x: Floats) -> Floats:
    """ln Gamma(x), for x > 0 (Stirling's series after the recurrence)."""
    product = np.ones_like(x)
    for i in range(_SHIFT):
        product = product * (x + i)
    z = x + _SHIFT
    w = 1 / (z * z)
    tail = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - w * 691 / 360360))))) / z
    # ln(product) would overflow beyond x = 1e38: no count of samples comes near
    result: Floats = (z - 0.5) * np.log(z) - z + 0.5 * np.log(2 * np.pi) + tail - np.log(product)
    return result


def digamma(x: Floats) -> Floats:
    """The derivative of ln Gamma(x), for x > 0."""
    below = np.zeros_like(x)
    for i in range(_SHIFT):
        below = below + 1 / (x + i)
    z = x + _SHIFT
    w = 1 / (z * z)
    series = w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132 - w * 691 / 32760)))))
    result: Floats = np.log(z) - 0.5 / z - series - below
    return result


def trigamma(x: Floats) -> Floats:
    """The second derivative of ln Gamma(x), for x > 0."""
    below = np.zeros_like(x)
    for i in range(_SHIFT):
        below = below + 1 / (x + i) ** 2
    z = x + _SHIFT
    w = 1 / (z * z)
    series = w * (1 / 6 - w * (1 / 30 - w * (1 / 42 - w * (1 / 30 - w * (5 / 66 - w * 691 / 2730)))))
    result: Floats = 1 / z + 0.5 * w + series / z + below
    return result
