"""Accuracy against compute, rising to a ceiling: ceiling - gap (C/C0)^(-rate), C0 the least compute measured.

The saturating power law of scaling studies (Hestness et al. 2017, "Deep Learning Scaling is Predictable, Empirically",
with its irreducible error). A rate near 0 is the straight line against log compute that test-time scaling plots show;
a larger one bends, and the ceiling is what it bends to. The ceiling is at most 1.

Weighted least squares on the points, whose weights are the inverse variances of their means over problems. Given the
rate, ceiling and gap are linear, so the rate is found by search on a grid that narrows: no start to choose, and nothing
to diverge. The points share problems; the band comes from resampling these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.stats.fits import Band, FitError, band, problem_values, resampled
from tts.stats.paired import difference_interval

Floats = npt.NDArray[np.float64]

FEWEST_POINTS = 4
"""One more than the law has parameters."""
LEAST_SPAN = 4.0
"""Largest over smallest compute: a shorter curve bends too little for a ceiling."""
_BENDS = np.geomspace(0.05, 60.0, 141)
"""Rates tried, times the logarithm of the span: from a straight line to a curve flat after its first point."""
_NARROWED = 4
"""Times that the grid is made finer around the best rate, eightfold each."""


@dataclass(frozen=True, slots=True)
class Saturation:
    """ceiling - gap (C/C0)^(-rate), fitted to problems at compute C0 to C1."""

    ceiling: float
    gap: float
    rate: float
    least: float
    """C0."""
    most: float
    """C1."""
    problems: int
    misfit: float
    """Largest distance between the law and a measured point."""
    resamples: Floats
    """(R, 3): ceiling, gap and rate of resampled sets of problems."""

    def at(self, compute: npt.ArrayLike, level: float = 0.95) -> Band:
        """Accuracy at ``compute`` (K,), beyond C1 too, with the band that the choice of problems gives.

        The band holds if the law does. Raises ValueError for compute below C0, where the law falls without end.
        """
        c = np.atleast_1d(np.asarray(compute, dtype=np.float64))
        if not (c.ndim == 1 and np.isfinite(c).all() and (c >= self.least * (1 - 1e-9)).all()):
            raise ValueError(f"compute must be numbers from {self.least:g}, the least measured, shape (K,)")
        x = np.log(np.maximum(c / self.least, 1.0))
        return band(_law(self._own(), x)[0], _law(self.resamples, x), level)

    def limit(self, level: float = 0.95) -> Band:
        """The ceiling with its interval, arrays of shape (1,); where that reaches 1 no ceiling is known."""
        return band(self._own()[0, :1], self.resamples[:, :1], level)

    @property
    def reached(self) -> float:
        """Share of the way from the accuracy at C0 to the ceiling that is done at C1."""
        return float(1 - (self.most / self.least) ** -self.rate)

    def _own(self) -> Floats:
        return np.array([[self.ceiling, self.gap, self.rate]])


def fit_saturation(compute: npt.ArrayLike, values: npt.ArrayLike) -> Saturation:
    """Fit the law to accuracies ``values`` (m, K) of m problems at K points of mean compute ``compute`` (K,).

    Raises FitError where there are fewer than 10 problems or 4 distinct points, the largest compute is less than
    4 times the smallest, or accuracy is not known to rise from the first point to the last (95% paired interval);
    ValueError where shapes differ, compute is not positive, or an accuracy is outside [0, 1].
    """
    c = np.asarray(compute, dtype=np.float64)
    if c.ndim != 1 or not (np.isfinite(c).all() and (c > 0).all()):
        raise ValueError("compute must be positive numbers, shape (K,)")
    distinct = len(np.unique(c))
    if distinct < FEWEST_POINTS:
        raise FitError(f"{distinct} points of compute are too few for 3 parameters; the fit needs {FEWEST_POINTS}")
    if c.max() < LEAST_SPAN * c.min():
        raise FitError(
            f"compute spans a factor of {c.max() / c.min():.3g} only; a ceiling needs {LEAST_SPAN:g} or more"
        )
    accuracy = problem_values(values, len(c), "point of compute")
    order = np.argsort(c, kind="stable")
    c, accuracy = c[order], accuracy[:, order]
    rise = difference_interval(accuracy[:, -1], accuracy[:, 0])
    if rise.low <= 0:
        raise FitError(
            f"accuracy is not known to rise from the least compute to the most: {rise.mean:+.3f} "
            f"[{rise.low:+.3f}, {rise.high:+.3f}]; there is no growth to fit"
        )
    m, x = len(accuracy), np.log(c / c[0])
    variance = accuracy.var(axis=0, ddof=1) / m
    weight = 1 / np.maximum(
        variance, max(variance.max() / 10, 1e-12)
    )  # a point where all problems agree is not that certain
    mean = accuracy.mean(axis=0)
    (own,) = _fit(x, mean[None, :], weight)
    misfit = float(np.abs(_law(own[None, :], x)[0] - mean).max())
    refits = _fit(x, resampled(m) @ accuracy / m, weight)
    ceiling, gap, rate = own.tolist()
    return Saturation(ceiling, gap, rate, float(c[0]), float(c[-1]), m, misfit, refits)


def _law(parameters: Floats, x: Floats) -> Floats:
    """(R, 3) and log compute over C0 (K,) to (R, K)."""
    result: Floats = np.maximum(parameters[:, :1] - parameters[:, 1:2] * np.exp(-parameters[:, 2:] * x), 0.0)
    return result


def _fit(x: Floats, y: Floats, weight: Floats) -> Floats:
    """Ceiling, gap and rate (R, 3) for each row of ``y`` (R, K)."""
    rates = np.broadcast_to(_BENDS / x[-1], (len(y), len(_BENDS)))
    factor, best = _BENDS[1] / _BENDS[0], np.zeros(len(y))
    limits = rates[0, 0], rates[0, -1]
    row = np.arange(len(y))
    for _ in range(_NARROWED + 1):
        ceiling, gap, loss = _linear(rates, x, y, weight)
        at = loss.argmin(axis=1)
        best = rates[row, at]
        found = np.column_stack([ceiling[row, at], gap[row, at], best])
        rates = np.clip(best[:, None] * factor ** np.linspace(-1, 1, 17), *limits)
        factor **= 1 / 8
    return found


def _linear(rates: Floats, x: Floats, y: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Best ceiling in [0, 1], gap >= 0 and weighted squared error for each of the ``rates`` (R, S)."""
    decay = np.exp(-rates[:, :, None] * x)  # (R, S, K)
    w, wy = weight.sum(), (y @ weight)[:, None]
    z, zz, zy = decay @ weight, decay**2 @ weight, np.einsum("rsk,rk->rs", decay, y * weight)
    gap = (z * wy / w - zy) / np.maximum(zz - z**2 / w, 1e-300)
    ceiling = (wy + gap * z) / w
    over = ceiling > 1
    gap, ceiling = np.where(over, (z - zy) / zz, gap), np.where(over, 1.0, ceiling)
    flat = gap < 0
    gap, ceiling = np.where(flat, 0.0, gap), np.where(flat, wy / w, ceiling)
    error = y[:, None, :] - ceiling[:, :, None] + gap[:, :, None] * decay
    return ceiling, gap, (error**2) @ weight
