"""Whether scores are probabilities: calibration error, Brier score, and the maps that mend scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BINS = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One bar of a reliability diagram."""

    low: float
    high: float
    samples: int
    confidence: float
    """Mean probability stated."""
    accuracy: float
    """Share that is right."""


def brier_score(probabilities: npt.ArrayLike, correct: npt.ArrayLike) -> float:
    """Mean squared distance of stated probabilities (n,) from what happened (Brier 1950). Errors as `reliability`."""
    p, y = _checked(probabilities, correct)
    return float(((p - y) ** 2).mean())


def brier_scores(probabilities: npt.ArrayLike, correct: npt.ArrayLike, group: npt.ArrayLike) -> Floats:
    """`brier_score` of each group that occurs, in order; ``group`` (n,): its number, from 0."""
    p, y = _checked(probabilities, correct)
    of = np.asarray(group, dtype=np.int64)
    size = np.bincount(of)
    return np.asarray(np.bincount(of, weights=(p - y) ** 2)[size > 0] / size[size > 0])


def reliability(probabilities: npt.ArrayLike, correct: npt.ArrayLike, bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """Stated probability against share right in bins of equal width, empty ones left out (Guo et al. 2017).

    Raises ValueError where there is no sample, or a probability is not in [0, 1].
    """
    p, y = _checked(probabilities, correct)
    at = np.minimum((p * bins).astype(np.int64), bins - 1)
    return tuple(
        ReliabilityBin(b / bins, (b + 1) / bins, int(mine.sum()), float(p[mine].mean()), float(y[mine].mean()))
        for b in range(bins)
        if (mine := at == b).any()
    )


def expected_calibration_error(probabilities: npt.ArrayLike, correct: npt.ArrayLike, bins: int = BINS) -> float:
    """Mean distance of stated probability from share right, weighted by the samples in each bin of `reliability`."""
    rows = reliability(probabilities, correct, bins)
    total = sum(r.samples for r in rows)
    return float(sum(r.samples * abs(r.confidence - r.accuracy) for r in rows) / total)


@dataclass(frozen=True, slots=True)
class Platt:
    """Platt scaling: probability 1 / (1 + exp(-(slope * (score - centre) / scale + offset)))."""

    slope: float
    offset: float
    centre: float
    scale: float

    def __call__(self, scores: npt.ArrayLike) -> Floats:
        """Probabilities of scores, same shape."""
        z = self.slope * (np.asarray(scores, dtype=np.float64) - self.centre) / self.scale + self.offset
        return np.asarray(0.5 * (1 + np.tanh(z / 2)))


def fit_platt(scores: npt.ArrayLike, correct: npt.ArrayLike) -> Platt:
    """Logistic regression of correctness on one score, (n,) each (Platt 1999), by Newton's method.

    With his targets (n+ + 1)/(n+ + 2) and 1/(n- + 2) instead of 1 and 0, the optimum is finite where scores separate
    right from wrong perfectly. Scores are standardised first; constant ones give the smoothed base rate. Raises
    ValueError where there is no sample or a score is not finite.
    """
    x, y = _finite(scores, correct)
    centre, scale = float(x.mean()), float(x.std()) or 1.0
    plus = float(y.sum())
    target = np.where(y > 0, (plus + 1) / (plus + 2), 1 / (len(y) - plus + 2))
    design = np.stack([(x - centre) / scale, np.ones(len(x))], axis=1)
    weights = np.zeros(2)
    for _ in range(100):
        p = 0.5 * (1 + np.tanh(design @ weights / 2))
        curve = design.T @ (design * (p * (1 - p) + 1e-12)[:, None]) + 1e-10 * np.eye(2)
        step = np.linalg.solve(curve, design.T @ (target - p))
        size, before = 1.0, _log_loss(design @ weights, target)
        while size > 1e-6 and _log_loss(design @ (weights + size * step), target) > before + 1e-12:
            size /= 2
        weights = weights + size * step
        if np.abs(size * step).max() < 1e-10:
            break
    return Platt(float(weights[0]), float(weights[1]), centre, scale)


def log_odds(probabilities: npt.ArrayLike) -> Floats:
    """ln(p / (1 - p)), same shape; p within 1e-6 of 0 or 1 counts as if it were 1e-6 away.

    What Platt scaling should be fitted to where a score is a probability: the map that changes nothing is then among
    the sigmoids, so that a calibrated score stays calibrated. Raises ValueError where p is not in [0, 1].
    """
    p = np.asarray(probabilities, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("probabilities must lie in [0, 1]")
    inner = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inner) - np.log1p(-inner))


def _log_loss(z: Floats, target: Floats) -> float:
    return float((np.logaddexp(0, z) - target * z).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Isotonic:
    """A rising step function, linear between the scores that it was fitted on."""

    scores: Floats
    """Shape (S,), rising."""
    values: Floats
    """Shape (S,), not falling."""

    def __call__(self, scores: npt.ArrayLike) -> Floats:
        """Probabilities of scores, same shape; beyond the ends the nearest end's."""
        return np.asarray(np.interp(np.asarray(scores, dtype=np.float64), self.scores, self.values))


def fit_isotonic(scores: npt.ArrayLike, correct: npt.ArrayLike) -> Isotonic:
    """The non-falling function of the score nearest to correctness in least squares, (n,) each.

    Pool adjacent violators (Ayer et al. 1955; Zadrozny & Elkan 2002 for calibration). Raises ValueError where there is
    no sample or a score is not finite.
    """
    x, y = _finite(scores, correct)
    values, at, count = np.unique(x, return_inverse=True, return_counts=True)
    share = np.bincount(at, weights=y) / count
    return Isotonic(values, np.asarray(isotonic_regression(share, weights=count).x))


def _checked(probabilities: npt.ArrayLike, correct: npt.ArrayLike) -> tuple[Floats, Floats]:
    p, y = _finite(probabilities, correct)
    if p.min() < 0 or p.max() > 1:
        raise ValueError(f"probabilities lie in [0, 1], not {p.min():g}..{p.max():g}")
    return p, y


def _finite(scores: npt.ArrayLike, correct: npt.ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.asarray(scores, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or not x.size:
        raise ValueError(f"expected scores and correct of one shape (n,) with n >= 1, not {x.shape} and {y.shape}")
    if not np.isfinite(x).all():
        raise ValueError("a score is not finite")
    return x, y
