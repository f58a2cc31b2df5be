"""What all fits share: when they refuse, resampled problems, and a line with its band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.core import stream

Floats = npt.NDArray[np.float64]

RESAMPLES = 1_000
"""Sets of problems that a fit is made anew for."""
FEWEST_PROBLEMS = 10
"""Below this many problems the bootstrap has too few of them to resample for a band to mean anything."""


class FitError(ValueError):
    """The data do not determine the law; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Band:
    """Values of a fitted line and its pointwise interval; three arrays of one shape, never NaN."""

    value: Floats
    low: Floats
    high: Floats


def resampled(m: int) -> Floats:
    """How often each of ``m`` problems is in each of 1,000 resamples, shape (1000, m); a function of m only."""
    return stream("refits", m).multinomial(m, np.full(m, 1 / m), size=RESAMPLES).astype(np.float64)


def band(value: Floats, resamples: Floats, level: float) -> Band:
    """Percentile interval at each of K points: ``value`` (K,), ``resamples`` (R, K). It contains the value.

    Raises ValueError where ``level`` is outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level}")
    low, high = np.quantile(resamples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Band(value, np.minimum(low, value), np.maximum(high, value))


def spread_over(n: int, most: int) -> npt.NDArray[np.int64]:
    """Up to ``most`` budgets from 1 to ``n``, evenly spread over log k: no decade outweighs another."""
    return np.unique(np.round(np.geomspace(1, n, most)).astype(np.int64))


def problem_values(values: npt.ArrayLike, points: int, what: str) -> Floats:
    """``values`` as (m, points) accuracies of enough problems.

    Raises ValueError where the shape is another or a value is outside [0, 1], FitError where problems are too few.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != points:
        raise ValueError(f"expected accuracies of shape (m, {points}), one column a {what}, not {x.shape}")
    if not ((x >= -1e-9) & (x <= 1 + 1e-9)).all():
        raise ValueError("accuracies lie in [0, 1]; one of the values does not")
    enough_problems(len(x))
    return np.clip(x, 0.0, 1.0)


def enough_problems(m: int) -> None:
    """Raises FitError where ``m`` problems are too few for a band."""
    if m < FEWEST_PROBLEMS:
        raise FitError(f"{m} problems are too few for a fit with an interval; it needs {FEWEST_PROBLEMS}")
