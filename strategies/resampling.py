"""Resampling and log-weights for particle methods: arrays in, arrays out.

A scheme draws ``m`` indices so that index i is drawn ``m * weights[i]`` times on average (Douc, Cappe and Moulines
2005, "Comparison of resampling schemes for particle filtering"); they differ in how much counts vary around that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Scheme = Literal["multinomial", "systematic", "stratified", "residual"]


def normalise(log_weights: Floats) -> Floats:
    """Shape (n,): the weights, summing to one. At least one log-weight must be finite."""
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())


def ess(log_weights: Floats) -> float:
    """Effective sample size, (sum w)^2 / sum w^2: between 1 and n (Kong, Liu and Wong 1994)."""
    return float(1 / np.square(normalise(log_weights)).sum())


def multinomial(weights: Floats, m: int, rng: np.random.Generator) -> Indices:
    """Shape (m,), sorted: independent draws."""
    return _invert(weights, np.sort(rng.random(m)))


def stratified(weights: Floats, m: int, rng: np.random.Generator) -> Indices:
    """Shape (m,), sorted: one uniform number in each m-th of the unit interval (Kitagawa 1996)."""
    return _invert(weights, (np.arange(m) + rng.random(m)) / m)


def systematic(weights: Floats, m: int, rng: np.random.Generator) -> Indices:
    """Shape (m,), sorted: the same offset in each m-th, so that each count is ``m * weight`` rounded down or up."""
    return _invert(weights, (np.arange(m) + rng.random()) / m)


def residual(weights: Floats, m: int, rng: np.random.Generator) -> Indices:
    """Shape (m,), sorted: ``m * weight`` rounded down for certain, the rest multinomial (Liu and Chen 1998)."""
    expected = m * weights
    certain = np.floor(expected + 1e-9).astype(np.int64)  # a product that is an integer but for rounding is one
    left = m - int(certain.sum())
    if left <= 0:
        return np.repeat(np.arange(len(weights)), certain)[:m]
    rest = np.maximum(expected - certain, 0)
    return np.sort(np.concatenate([np.repeat(np.arange(len(weights)), certain), multinomial(rest, left, rng)]))


SCHEMES: dict[Scheme, Callable[[Floats, int, np.random.Generator], Indices]] = {
    "multinomial": multinomial,
    "systematic": systematic,
    "stratified": stratified,
    "residual": residual,
}
"""By name. ``weights`` (n,) are non-negative and sum to one."""


def resample(
    log_weights: Floats,
    scheme: Scheme,
    rng: np.random.Generator,
    *,
    temperature: float = 1.0,
    keep: int = 0,
) -> tuple[Indices, Floats]:
    """Ancestors of the next n particles, and the log-weights that these are left with; shapes (n,).

    Particles are drawn in proportion to w^(1/temperature), after one copy of each of the ``keep`` heaviest. A copy's
    new weight is its ancestor's divided by the number of copies expected of it, so that the weighted particles stand
    for the same distribution whatever ``temperature`` and ``keep`` are; without them all new weights are 1.
    """
    n = len(log_weights)
    weights = normalise(log_weights / temperature)
    certain = np.sort(np.argsort(-log_weights, kind="stable")[:keep])
    drawn = SCHEMES[scheme](weights, n - len(certain), rng)
    expected = (n - len(certain)) * weights
    expected[certain] += 1
    ancestors = np.sort(np.concatenate([certain, drawn]))
    relative = log_weights - log_weights.max()
    left = relative[ancestors] - np.log(np.exp(relative).mean()) - np.log(expected[ancestors])
    return ancestors, left


def _invert(weights: Floats, at: Floats) -> Indices:
    """Indices where the cumulated weights reach the sorted numbers ``at``, of [0, 1)."""
    total = np.cumsum(weights)
    found = np.searchsorted(total, at * total[-1], side="right")  # never an index of weight zero
    return np.asarray(np.minimum(found, np.flatnonzero(weights)[-1]), np.int64)
