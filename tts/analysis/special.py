"""Logarithms of the gamma function, of factorials and binomial probabilities, and of rising factorials."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SHIFT = 8
"""From here on the asymptotic series are good to 1e-14; smaller arguments are raised by this much."""


def log_gamma(x: Floats) -> Floats:
    """ln Gamma(x), for x > 0 (Stirling's series after the recurrence)."""
    product = np.ones_like(x)
    for i in range(_SHIFT):
        product = product * (x + i)
    # ln(product) would overflow beyond x = 1e38: no count of samples comes near
    result: Floats = _series(x + _SHIFT)[0] + 0.5 * np.log(2 * np.pi) - np.log(product)
    return result


def log_rising(x: Floats, steps: Ints) -> tuple[Floats, Floats, Floats]:
    """ln(Gamma(x + s) / Gamma(x)), a sum of s logarithms, and its first two derivatives by x.

    ``x`` (R, 1), above 0, and ``steps`` (S,), from 0 and rising: shape (R, S) each. The first 8 terms are added up one
    by one, the others are a difference of two asymptotic series: all parts at once cost less than three functions.
    """
    ladder, few = x + np.arange(_SHIFT), int(np.searchsorted(steps, _SHIFT))
    first = 1 / ladder
    terms, found = (np.log(ladder), first, -first * first), []
    for term, upper, lower in zip(terms, _series(x + steps[few:]), _series(x + _SHIFT), strict=True):
        sums = np.zeros((len(x), _SHIFT + 1))
        np.cumsum(term, axis=1, out=sums[:, 1:])
        upper += sums[:, _SHIFT:] - lower
        found.append(np.hstack([sums[:, steps[:few]], upper]) if few else upper)
    return found[0], found[1], found[2]


@lru_cache(maxsize=16)
def _factorials_below(end: int) -> Floats:
    return np.array([math.lgamma(i + 1.0) for i in range(end)])


def log_factorials(n: int) -> Floats:
    """Of 0..n and some more, shape (N,), N > n: tables grow by doubling, so that few are made."""
    return _factorials_below(1 << (n + 1).bit_length())


def log_binomial(c: int, p: float) -> Floats:
    """Logarithm of the Binomial(c, p) probabilities of 0..c, shape (c + 1,)."""
    a, f = np.arange(c + 1), log_factorials(c)
    result: Floats = f[c] - f[a] - f[c - a] + a * math.log(p) + (c - a) * math.log1p(-p)
    return result


def _series(z: Floats) -> tuple[Floats, Floats, Floats]:
    """Asymptotic ln Gamma(z) without its constant, digamma and trigamma, for z from 8 on."""
    log, v = np.log(z), 1 / z
    w = v * v
    gamma = (z - 0.5) * log - z
    gamma += v * (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - w * (691 / 360360))))))
    first = log - 0.5 * v
    first -= w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132 - w * (691 / 32760))))))
    second = v + 0.5 * w
    second += v * w * (1 / 6 - w * (1 / 30 - w * (1 / 42 - w * (1 / 30 - w * (5 / 66 - w * (691 / 2730))))))
    return gamma, first, second
