"""Difficulty bins: which problems are easy for this model, told from samples that no compared setting uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

THRESHOLDS = (("easy", 0.5), ("medium", 0.1), ("hard", 0.0))
"""Names and lowest pass@1 of the bins of Liu et al. 2025, "Can 1B LLM Surpass 405B LLM?", section 3.3."""


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """A partition of problems by difficulty, the easiest bin first; no bin is empty."""

    names: tuple[str, ...]
    member: Ints
    """Shape (m,): each problem's bin."""

    @property
    def sizes(self) -> Ints:
        """Shape (bins,): problems in each."""
        return np.bincount(self.member, minlength=len(self.names)).astype(np.int64)


def quantile_bins(values: npt.ArrayLike, count: int = 5) -> Bins:
    """Bins by quantiles of ``values`` (m,), where larger is easier: named ``1`` (easiest) to ``count``.

    Snell et al. 2024, "Scaling LLM Test-Time Compute Optimally", section 3.2: five quantiles of pass@1 (oracle
    difficulty) or of the mean verifier score (predicted difficulty). Problems of equal value share a bin, so bins may
    differ in size, and a quantile without a problem of its own has no bin.

    Raises ValueError where there is no value, one is not finite, or ``count`` < 1.
    """
    x = _finite(values)
    if count < 1:
        raise ValueError(f"there must be at least one bin, not {count}")
    edges = np.quantile(x, np.arange(1, count) / count)
    return _named(count - 1 - np.searchsorted(edges, x, side="right"), [str(i + 1) for i in range(count)])


def threshold_bins(rates: npt.ArrayLike) -> Bins:
    """Bins by absolute success rates (m,): easy 50-100%, medium 10-50%, hard 0-10% (Liu et al.), the lower end in.

    Raises ValueError where there is no rate or one is not in [0, 1].
    """
    x = _finite(rates)
    if x.min() < 0 or x.max() > 1:
        raise ValueError(f"success rates lie in [0, 1], not {x.min():g}..{x.max():g}")
    lowest = np.array([low for _, low in THRESHOLDS])
    return _named(np.argmax(x[:, None] >= lowest, axis=1), [name for name, _ in THRESHOLDS])


def _finite(values: npt.ArrayLike) -> Floats:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not x.size or not np.isfinite(x).all():
        raise ValueError("expected one finite value a problem, shape (m,) with m >= 1")
    return x


def _named(member: npt.NDArray[np.integer], names: list[str]) -> Bins:
    """Drop the bins that no problem is in."""
    held, renumbered = np.unique(member, return_inverse=True)
    return Bins(tuple(names[i] for i in held), renumbered.reshape(-1).astype(np.int64))
