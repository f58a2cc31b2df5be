"""Two strategies, selectors or verifiers on the same problems: the intervals of their mean difference.

Problems differ far more than strategies do; on shared problems most of that cancels, so a paired interval decides
where the two strategies' own intervals overlap.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tts.core import UsageError
from tts.stats.intervals import Interval, mean_interval

Floats = npt.NDArray[np.float64]

_NAMED = 3
"""Problems that an error names."""


def difference_interval(first: npt.ArrayLike, second: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Mean of ``first - second`` over problems with its ``level`` interval, problems paired.

    Both (m,), accuracies in [0, 1]. Differences are mapped to [0, 1] and back: see `mean_interval`, whose conservative
    interval applies where all differences are equal, and whose errors are raised.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"paired values must have one shape (m,), not {a.shape} and {b.shape}")
    found = mean_interval((a - b + 1) / 2, level)
    return Interval(2 * found.mean - 1, 2 * found.stderr, 2 * found.low - 1, 2 * found.high - 1)


def difference_curve(first: npt.ArrayLike, second: npt.ArrayLike, level: float = 0.95) -> tuple[Interval, ...]:
    """`difference_interval` at every point of two curves, (m, K) each: K intervals.

    Each holds for its own point; that all K hold at once is less likely than ``level``. Raises ValueError as there.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.ndim != 2 or a.shape != b.shape:
        raise ValueError(f"paired curves must have one shape (m, K), not {a.shape} and {b.shape}")
    return tuple(difference_interval(a[:, i], b[:, i], level) for i in range(a.shape[1]))


def on_shared_problems(
    first: Mapping[str, npt.ArrayLike], second: Mapping[str, npt.ArrayLike]
) -> tuple[Floats, Floats]:
    """Two curves, given by problem id, as (m,) or (m, K) arrays in one order of problems: the first one's.

    Raises UsageError where the problems differ, which says how many and names the first of them.
    """
    if not first and not second:
        raise UsageError("curves: neither has a problem; compare runs with complete problems")
    missing = [[p for p in a if p not in b] for a, b in ((first, second), (second, first))]
    if any(missing):
        found = "; ".join(
            f"{len(ids)} only in the {which}: {', '.join(ids[:_NAMED])}{', ...' if len(ids) > _NAMED else ''}"
            for ids, which in zip(missing, ("first", "second"), strict=True)
            if ids
        )
        shared = len(first) - len(missing[0])
        raise UsageError(f"curves: their problems differ ({found}; {shared} shared); compare runs of the same problems")
    a, b = (np.array([np.asarray(curve[p], dtype=np.float64) for p in first]) for curve in (first, second))
    return a, b
