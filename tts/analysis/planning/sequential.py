"""Sampling until a number of successes: success rates far below one over the samples that one would draw for each.

A stopping rule that looks at outcomes biases c/n. What is unbiased depends on the rule alone: among all orders of
outcomes that end where this one did, the share that begins with a success (Girshick, Mosteller & Savage 1946,
"Unbiased Estimates for Certain Binomial Sampling Problems with Applications").
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_HALVINGS = 200
"""Steps of bisection on the logit of a rate in `_solve`: more than a double can tell apart."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A success rate with an interval."""

    rate: float
    low: float
    high: float


def pass_until(successes: npt.ArrayLike, draws: npt.ArrayLike, *, target: int, cap: int | None = None) -> Floats:
    """Unbiased success rate of problems that were sampled until ``target`` successes, or until ``cap`` samples.

    PassUntil of Hu et al. 2023, "Predicting Emergent Abilities with Infinite Resolution Evaluation". Where the target
    was reached at draw K it is (target-1)/(K-1) (Haldane 1945, "On a Method of Estimating Frequencies"); target/K is
    too high. Where the cap came first, with s successes, it is s/cap. Both follow from the one rule at the top of this
    file, so that the estimate is unbiased for every true rate, capped problems included: leaving them out, or giving
    them target/cap, is not. The mean over problems goes to `mean_interval` as any other.

    Shapes: ``successes`` and ``draws`` broadcast, and the result has that shape. Raises ValueError where ``target`` is
    below 2 (no useful unbiased estimate: it is 1 if the first sample succeeds, else 0), ``cap`` is below it, or an
    outcome cannot come from this rule.
    """
    s, k = _outcomes(successes, draws, target, cap)
    return np.asarray(np.where(s == target, (target - 1) / np.maximum(k - 1, 1), s / np.maximum(k, 1)))


def pass_until_interval(
    successes: int, draws: int, *, target: int, cap: int | None = None, level: float = 0.95
) -> Rate:
    """The rate of one problem with its exact interval: it holds the true rate with at least ``level`` probability.

    As Clopper & Pearson 1934 for a fixed number of samples: the rates for which outcomes as high as this one, and as
    low as this one, both have a probability above (1-level)/2. Outcomes are ordered by `pass_until`: an early stop is
    above a late one, a late one above the cap, and at the cap more successes are above fewer.

    Raises ValueError as `pass_until`, and where ``level`` is outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level}")
    rate = float(pass_until(successes, draws, target=target, cap=cap))
    tail, reached = (1 - level) / 2, successes == target
    low = _solve(lambda p: 1 - _at_most(successes - 1, draws, p), tail) if successes else 0.0
    if successes == draws:
        return Rate(rate, low, 1.0)
    # stopped at this draw or later: fewer than target successes before it
    before = (target - 1, draws - 1) if reached else (successes, draws)
    high = _solve(lambda p: -_at_most(*before, p), -tail)
    return Rate(rate, min(low, rate), max(high, rate))


def _outcomes(successes: npt.ArrayLike, draws: npt.ArrayLike, target: int, cap: int | None) -> tuple[Ints, Ints]:
    if target < 2:
        raise ValueError(f"target must be at least 2 successes for an unbiased rate, not {target}")
    if cap is not None and cap < target:
        raise ValueError(f"cap must be at least the target of {target} successes, not {cap}")
    s, k = np.broadcast_arrays(np.asarray(successes), np.asarray(draws))
    if (s.size and s.dtype.kind not in "iu") or (k.size and k.dtype.kind not in "iu"):
        raise ValueError(f"successes and draws must be integers, not {s.dtype} and {k.dtype}")
    rule = f"sampled until {target} successes" + (f" or {cap} samples" if cap is not None else "")
    possible = (s >= 0) & (s <= target) & (k >= s) & ((s == target) | (k == (-1 if cap is None else cap)))
    if cap is not None:
        possible &= k <= cap
    if not possible.all():
        at = tuple(np.argwhere(~possible)[0])
        raise ValueError(f"{s[at]} successes in {k[at]} draws cannot come from a problem {rule}")
    return s.astype(np.int64), k.astype(np.int64)


def _at_most(most: int, n: int, p: float) -> float:
    """P(Binomial(n, p) <= most), a sum of ``most`` + 1 terms: few, whatever n."""
    if most < 0:
        return 0.0
    if most >= n or p <= 0:
        return 1.0
    if p >= 1:
        return 0.0
    log_p, log_q, log_ways, total = math.log(p), math.log1p(-p), 0.0, 0.0
    for i in range(most + 1):
        total += math.exp(log_ways + i * log_p + (n - i) * log_q)
        log_ways += math.log((n - i) / (i + 1))
    return min(total, 1.0)


def _solve(rising: Callable[[float], float], value: float) -> float:
    """Where a rising function of a rate in (0, 1) reaches ``value``, by bisection on the rate's logit."""
    low, high = -700.0, 700.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if rising(_sigmoid(middle)) < value:
            low = middle
        else:
            high = middle
    return _sigmoid(low)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
