"""The coverage law: pass@k = exp(a k^b), a and b negative (Brown et al. 2024, "Large Language Monkeys", section 3.1).

It is a law for the mean over problems; no distribution of success rates is known to have it exactly, so there is no
likelihood for the counts of single problems. It is fitted to the exact pass@k curve instead: log(-log pass@k) is
linear in log k, which makes it a binomial regression with a complementary log-log link. Its weights come from the
variance that a mean of verdicts can have, C(1-C)/m: unlike least squares on the logarithms it needs no point to be
thrown away where coverage is 0 or 1, and points near them do not dominate. The points of a curve are made of the same
samples; the band therefore comes from resampling problems and fitting anew, never from the residuals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.stats.estimators import pass_at_k
from tts.stats.fits import Band, FitError, band, enough_problems, resampled, spread_over

Floats = npt.NDArray[np.float64]

POINTS = 16
"""Budgets that the law is fitted to, evenly spread over log k."""
FEWEST_SAMPLES = 8
"""Samples a problem: fewer make less than four budgets that differ by a factor worth the name."""
FEWEST_MIXED = 3
"""Problems with both right and wrong samples: only they say how coverage rises."""
_STEPS = 60
_ETA = (-34.0, 6.0)
"""Range of log(-log pass@k): coverage from e^-400, nothing, to 1 - 2e-15."""


@dataclass(frozen=True, slots=True)
class CoverageLaw:
    """exp(a k^b), fitted to problems of which ``n`` samples each are known."""

    a: float
    b: float
    n: int
    """Largest k that was measured."""
    problems: int
    misfit: float
    """Largest distance between the law and the measured curve: what the band does not know about."""
    resamples: Floats
    """(R, 2): log(-a) and b of resampled sets of problems."""

    def at(self, k: npt.ArrayLike, level: float = 0.95) -> Band:
        """Coverage at budgets ``k`` (K,), beyond n too, with the band that the choice of problems gives.

        The band holds if the law does: it has no allowance for coverage that leaves the law beyond n, and
        `BetaBinomial.coverage` is a second opinion. Raises ValueError where k < 1.
        """
        x = np.log(_budgets(k))
        own = np.array([[np.log(-self.a), self.b]])
        return band(_law(own, x)[0], _law(self.resamples, x), level)


def fit_coverage_law(n: npt.ArrayLike, c: npt.ArrayLike) -> CoverageLaw:
    """Fit the law to problems with ``c`` right ones among ``n`` samples each; (m,) both, or one ``n`` for all.

    Unequal n: the curve goes to the smallest. Raises FitError where fewer than 10 problems, 8 samples a problem, or
    3 problems with both right and wrong samples are known; ValueError where the counts are impossible.
    """
    total, right = np.broadcast_arrays(np.atleast_1d(n), np.atleast_1d(c))
    enough_problems(len(total))
    least = int(total.min())
    if least < FEWEST_SAMPLES:
        raise FitError(f"{least} samples a problem are too few for a coverage law; it needs {FEWEST_SAMPLES}")
    need_mixed(total, right)
    ks = spread_over(least, POINTS)
    curves = pass_at_k(total[:, None], right[:, None], ks)
    x, measured = np.log(ks), curves.mean(axis=0)
    (own,) = _regress(x, measured[None, :])
    refits = _regress(x, resampled(len(curves)) @ curves / len(curves))
    misfit = float(np.abs(_law(own[None, :], x)[0] - measured).max())
    return CoverageLaw(-float(np.exp(own[0])), float(own[1]), least, len(curves), misfit, refits)


def need_mixed(n: npt.NDArray[np.integer], c: npt.NDArray[np.integer]) -> None:
    """Raises FitError where too few problems have both right and wrong samples."""
    mixed = int(((c > 0) & (c < n)).sum())
    if mixed < FEWEST_MIXED:
        nothing, everything = int((c == 0).sum()), int((c == n).sum())
        raise FitError(
            f"only {mixed} of {len(n)} problems have both right and wrong samples ({nothing} have no right one, "
            f"{everything} no wrong one), so coverage hardly depends on k; a fit needs {FEWEST_MIXED}"
        )


def _budgets(k: npt.ArrayLike) -> Floats:
    ks = np.atleast_1d(np.asarray(k, dtype=np.float64))
    if not (ks.ndim == 1 and np.isfinite(ks).all() and (ks >= 1).all()):
        raise ValueError("budgets must be numbers from 1 on, shape (K,)")
    return ks


def _law(parameters: Floats, x: Floats) -> Floats:
    """(R, 2) and (K,) log budgets to coverage (R, K)."""
    eta = np.clip(parameters[:, :1] + parameters[:, 1:] * x, *_ETA)
    result: Floats = np.exp(-np.exp(eta))
    return result


def _regress(x: Floats, y: Floats) -> Floats:
    """Fisher scoring for each row of ``y`` (R, K): the intercept and slope (R, 2) of log(-log y) on ``x`` (K,)."""
    safe = np.log(-np.log(np.clip(y, 1e-4, 1 - 1e-4)))
    middle = x - x.mean()
    slope = np.minimum(safe @ middle / (middle @ middle), 0.0)
    found = np.column_stack([safe.mean(axis=1) - slope * x.mean(), slope])
    best, damping = _deviance(found, x, y), np.full(len(y), 1e-6)
    for _ in range(_STEPS):
        eta = np.clip(found[:, :1] + found[:, 1:] * x, *_ETA)
        mean = np.exp(-np.exp(eta))
        rate, room = -mean * np.exp(eta), np.maximum(mean * (1 - mean), 1e-300)
        weight, pull = rate**2 / room, rate * (y - mean) / room
        level, tilt, bend = weight.sum(axis=1), weight @ x, weight @ (x * x)
        down, turn = pull.sum(axis=1), pull @ x
        level, bend = level * (1 + damping) + 1e-12, bend * (1 + damping) + 1e-12
        det = level * bend - tilt**2
        step = np.column_stack([bend * down - tilt * turn, level * turn - tilt * down]) / det[:, None]
        trial = found + np.clip(step, -2, 2)
        trial[:, 0] = np.clip(trial[:, 0], *_ETA)
        trial[:, 1] = np.clip(trial[:, 1], -10, 0)
        value = _deviance(trial, x, y)
        better = value <= best
        found[better], best[better] = trial[better], value[better]
        damping = np.where(better, damping / 10, damping * 10).clip(1e-9, 1e9)
    return found


def _deviance(parameters: Floats, x: Floats, y: Floats) -> Floats:
    mean = np.clip(_law(parameters, x), 1e-300, 1 - 1e-15)
    result: Floats = -(y * np.log(mean) + (1 - y) * np.log1p(-mean)).sum(axis=1)
    return result
