"""What best-of-N gains and loses as it moves away from the policy: accuracy against the root of the KL divergence.

Gao, Schulman & Hilton 2022, "Scaling Laws for Reward Model Overoptimization", section 3: the gold reward of best-of-N
is d (alpha - beta d) above its start, with d = sqrt(KL). Here the gold reward is accuracy, which starts at that of one
sample. The verifier is over-optimised where accuracy falls again: where the parabola's top lies within the N measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.stats.fits import Band, FitError, band, problem_values, resampled
from tts.stats.intervals import Interval
from tts.stats.paired import difference_interval

Floats = npt.NDArray[np.float64]

FEWEST_POINTS = 4
"""One more than the parabola has parameters."""
LEAST_N = 8
"""Largest N: below it best-of-N has hardly left the policy."""


def best_of_n_kl(n: npt.ArrayLike) -> Floats:
    """KL divergence of best-of-``n`` from the policy in nats: ln n - (n-1)/n, any shape.

    Exact where no two samples have the same score; with ties or repeated outputs it is an upper bound (Beirami et al.
    2024, "Theoretical Guarantees on the Best-of-n Alignment Policy"). Raises ValueError where n < 1.
    """
    x = np.asarray(n, dtype=np.float64)
    if not (np.isfinite(x).all() and (x >= 1).all()):
        raise ValueError("n must be numbers from 1 on")
    return np.asarray(np.log(x) - (x - 1) / x)


def distinct_scores(scores: Iterable[npt.ArrayLike]) -> bool:
    """Whether no problem has two samples of equal score: the condition for `best_of_n_kl` to be exact."""
    return all(len(np.unique(s)) == len(s) for s in map(np.asarray, scores))


@dataclass(frozen=True, slots=True)
class OverOptimisation:
    """start + d (alpha - beta d), d = sqrt(KL), fitted to best-of-N accuracy for N from ``least`` to ``most``."""

    start: float
    alpha: float
    beta: float
    least: int
    most: int
    problems: int
    exact_kl: bool
    """False: d is an upper bound, since samples share scores or are repeated."""
    misfit: float
    """Largest distance between the law and a measured point."""
    fall: Interval
    """Measured accuracy at the budget nearest the law's peak, less that at the largest, problems paired."""
    resamples: Floats
    """(R, 3): start, alpha and beta of resampled sets of problems."""

    def at(self, n: npt.ArrayLike, level: float = 0.95) -> Band:
        """Accuracy of best-of-``n`` (K,) with the band that the choice of problems gives.

        Raises ValueError for n outside the measured range: beyond it a parabola is a guess.
        """
        ns = np.atleast_1d(np.asarray(n, dtype=np.float64))
        if not (ns.ndim == 1 and ((ns >= self.least) & (ns <= self.most)).all()):
            raise ValueError(f"n must lie in {self.least}..{self.most}, which was measured; the law is not for beyond")
        d = np.sqrt(best_of_n_kl(ns))
        return band(_law(self._own(), d)[0], _law(self.resamples, d), level)

    def end_slope(self, level: float = 0.95) -> Band:
        """d accuracy / d sqrt(KL) at the largest N, three arrays of shape (1,): below 0 the verifier is over-used."""
        end = np.sqrt(best_of_n_kl(self.most))
        own, refits = (p[:, 1:2] - 2 * p[:, 2:] * end for p in (self._own(), self.resamples))
        return band(own[0], refits, level)

    def over_optimised(self, level: float = 0.95) -> bool:
        """Whether accuracy is known to have fallen: `end_slope` and `fall` (95%) both say so.

        A curve that only levels off bends its parabola down at the end; the measured fall keeps that from counting.
        """
        return bool(self.end_slope(level).high[0] < 0 < self.fall.low)

    def peak(self, level: float = 0.95) -> Band:
        """The N of highest accuracy, three arrays of shape (1,), within the N measured.

        An end at ``most`` means there or beyond: within what was measured, accuracy does not turn.
        """
        return band(self._peaks(self._own())[0], self._peaks(self.resamples), level)

    def _peaks(self, parameters: Floats) -> Floats:
        lowest, highest = np.sqrt(best_of_n_kl(np.array([self.least, self.most])))
        return _n_of(_top(parameters, lowest, highest), self.least, self.most)[:, None]

    def _own(self) -> Floats:
        return np.array([[self.start, self.alpha, self.beta]])


def fit_over_optimisation(n: npt.ArrayLike, values: npt.ArrayLike, *, distinct: bool) -> OverOptimisation:
    """Fit the law to best-of-``n`` accuracies ``values`` (m, K) of m problems, ``n`` (K,), by least squares.

    ``distinct``: what `distinct_scores` says of the samples. The points best be spread evenly over sqrt(KL), as powers
    of two about are. Raises FitError where there are fewer than 10 problems or 4 distinct n, or none from 8 on;
    ValueError where shapes differ, n < 1, or an accuracy is outside [0, 1].
    """
    ns = np.asarray(n)
    if ns.ndim != 1 or (ns.size and ns.dtype.kind not in "iu"):
        raise ValueError(f"n must be integers of shape (K,), not {ns.dtype} of shape {ns.shape}")
    points = len(np.unique(ns))
    if points < FEWEST_POINTS:
        raise FitError(f"{points} budgets are too few for 3 parameters; the fit needs {FEWEST_POINTS}")
    if ns.max() < LEAST_N:
        raise FitError(f"best-of-{ns.max()} is the largest; over-optimisation needs best-of-{LEAST_N} or more")
    d = np.sqrt(best_of_n_kl(ns))
    accuracy = problem_values(values, len(ns), "budget")
    solve = np.linalg.pinv(np.column_stack([np.ones_like(d), d, -(d**2)])).T
    each = accuracy @ solve  # least squares is linear: the fit of a mean is the mean of the fits
    own, m = each.mean(axis=0), len(each)
    misfit = float(np.abs(own[0] + own[1] * d - own[2] * d**2 - accuracy.mean(axis=0)).max())
    near = int(np.abs(d - _top(own[None, :], d.min(), d.max())).argmin())
    fall = difference_interval(accuracy[:, near], accuracy[:, int(d.argmax())])
    start, alpha, beta = own.tolist()
    refits = resampled(m) @ each / m
    return OverOptimisation(start, alpha, beta, int(ns.min()), int(ns.max()), m, distinct, misfit, fall, refits)


def _law(parameters: Floats, d: Floats) -> Floats:
    return np.clip(parameters[:, :1] + d * (parameters[:, 1:2] - parameters[:, 2:] * d), 0.0, 1.0)


def _top(parameters: Floats, lowest: float, highest: float) -> Floats:
    """The d between ``lowest`` and ``highest`` where each parabola (R, 3) is highest, (R,)."""
    _, alpha, beta = parameters.T
    with np.errstate(divide="ignore", invalid="ignore"):
        top = np.where(beta > 0, alpha / (2 * beta), np.where(alpha > beta * (lowest + highest), np.inf, 0.0))
    return np.clip(top, lowest, highest)


def _n_of(d: Floats, least: int, most: int) -> Floats:
    """The n between ``least`` and ``most`` whose sqrt(KL) is ``d``, by bisection on ln n; not rounded."""
    low, high = np.full(d.shape, np.log(least)), np.full(d.shape, np.log(most))
    for _ in range(60):
        middle = (low + high) / 2
        short = np.sqrt(best_of_n_kl(np.exp(middle))) < d
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    result: Floats = np.exp((low + high) / 2)
    return result
