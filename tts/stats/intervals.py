"""Intervals for a mean over problems. Problems are the unit of resampling, never the samples within one.

Each problem's estimate already carries its sampling noise; resampling samples with replacement inside a problem
biases pass@k and maj@k, and its intervals hold far less often than they say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from tts.core import stream

Floats = npt.NDArray[np.float64]

RESAMPLES = 5_000
_CHUNK = 1 << 21
"""Most problem indices drawn at once: bounds memory, and is part of the result's definition (it orders the draws)."""
_KEPT = 2_000
"""Most problems whose resamples are kept (80 MB)."""
_SAME = 1e-9
"""Values closer than this are the same: rounding must not pass for variation between problems."""
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over problems with its uncertainty; all four in the unit of the values."""

    mean: float
    stderr: float
    """Bootstrap standard error: standard deviation of the mean over resampled sets of problems."""
    low: float
    high: float


def mean_interval(values: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Mean of per-problem accuracies with a ``level`` interval for the population the problems come from.

    ``values``: shape (m,), one number in [0, 1] a problem (seeds already averaged). The interval is the
    bias-corrected and accelerated bootstrap (Efron 1987, "Better Bootstrap Confidence Intervals") over problems:
    5,000 resamples from a fixed seed, so the same values in the same order give the same bits.

    Where all problems have the same value the bootstrap is blind (its interval has no width), and `same_value_interval`
    takes over: the exact Clopper-Pearson interval where all are 0 or all are 1. A single problem says nothing of a
    population: its interval is [0, 1], and its standard error, which cannot be estimated, is given as 0.

    Raises ValueError where there is no value, a value is outside [0, 1] or NaN, or ``level`` is outside (0, 1).
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not x.size:
        raise ValueError(f"expected one value a problem, shape (m,) with m >= 1, not shape {x.shape}")
    if not (x.min() >= -_SAME and x.max() <= 1 + _SAME):
        raise ValueError(f"accuracies lie in [0, 1], not {x.min()}..{x.max()}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level}")
    x = np.clip(x, 0.0, 1.0)
    mean = float(x.mean())
    if len(x) == 1 or np.ptp(x) < _SAME:
        return Interval(mean, 0.0, *same_value_interval(mean, len(x), level))
    means = bootstrap_means(x)
    low, high = _bca(x, means, level)
    return Interval(mean, float(means.std(ddof=1)), min(low, mean), max(high, mean))


def same_value_interval(value: float, m: int, level: float = 0.95) -> tuple[float, float]:
    """Conservative interval of a mean in [0, 1] after seeing ``m`` problems that all have the same ``value``.

    By Clopper & Pearson 1934, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial", the
    share q of such problems in the population is at least (alpha/2)^(1/m); the others may be anything in [0, 1]. For
    ``value`` 0 or 1 this is their exact interval. One problem gives [0, 1].
    """
    if m == 1:
        return 0.0, 1.0
    q = ((1 - level) / 2) ** (1 / m)
    return value * q, 1 - (1 - value) * q


def bootstrap_means(values: Floats) -> Floats:
    """Means of 5,000 resamples of ``values`` (m,) with replacement, shape (5000,); the draws depend on m only."""
    m = len(values)
    if m <= _KEPT:
        totals: Floats = np.einsum("ij,j->i", _counts(m), values)  # not @: bits would depend on the threads
        return totals / m
    return np.concatenate([values[drawn].mean(axis=1) for drawn in _drawn(m)])


@lru_cache(maxsize=4)
def _counts(m: int) -> Floats:
    """How often each of ``m`` problems is in each resample, shape (5000, m)."""
    return np.concatenate(
        [
            np.bincount((drawn + m * np.arange(len(drawn))[:, None]).ravel(), minlength=drawn.size).reshape(drawn.shape)
            for drawn in _drawn(m)
        ]
    ).astype(np.float64)


def _drawn(m: int) -> Iterator[npt.NDArray[np.int32]]:
    """The problems of all resamples, some of them at a time, (some, m) each."""
    rng = stream("bootstrap", m)
    step = max(1, _CHUNK // m)
    for done in range(0, RESAMPLES, step):
        yield rng.integers(0, m, size=(min(step, RESAMPLES - done), m), dtype=np.int32)


def _bca(x: Floats, means: Floats, level: float) -> tuple[float, float]:
    """End points of the BCa interval; the acceleration of a mean is its skewness / (6 sqrt(m)) (jackknife)."""
    mean, deviation = x.mean(), x - x.mean()
    below = np.count_nonzero(means < mean - _SAME) + 0.5 * np.count_nonzero(np.abs(means - mean) <= _SAME)
    z0 = _NORMAL.inv_cdf(min(max(below, 0.5), len(means) - 0.5) / len(means))
    a = float((deviation**3).sum() / (6 * (deviation**2).sum() ** 1.5))
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = z0 + _NORMAL.inv_cdf(tail)
        ends.append(_NORMAL.cdf(z0 + z / max(1 - a * z, 1e-6)))
    low, high = np.quantile(means, ends)
    return float(low), float(high)


Ints = npt.NDArray[np.int64]


def delete_one(estimate: Callable[[Ints], float], n: int, kinds: npt.ArrayLike | None = None) -> Floats:
    """An estimate without each of ``n`` samples in turn, shape (n,).

    ``estimate``: from the indices of the samples kept to its value. ``kinds`` (n,): samples of one kind are
    interchangeable (one answer class for a vote, one verdict for coverage), and the estimate is made once a kind.
    """
    labels = np.arange(n) if kinds is None else np.asarray(kinds)
    if n < 2 or labels.shape != (n,):
        raise ValueError(f"expected the kinds of at least 2 samples, shape (n,), not {labels.shape} for n={n}")
    names, kind = np.unique(labels, return_inverse=True)
    firsts = [int(np.argmax(kind == i)) for i in range(len(names))]
    found = np.array([estimate(np.delete(np.arange(n), first)) for first in firsts], dtype=np.float64)
    return found[kind]


def these_problems_interval(values: npt.ArrayLike, without: Sequence[npt.ArrayLike], level: float = 0.95) -> Interval:
    """Mean over these very problems, with the delete-one jackknife interval over their samples.

    Efron & Stein 1981, "The Jackknife Estimate of Variance": the variance of a problem's estimate is (n-1)/n times the
    sum of squares of its deleted values about their mean; it is, on average, not too small. Problems are independent,
    so that of the mean is their sum / m^2. The interval is the mean +- its normal quantile, cut at 0 and 1.

    ``values`` (m,): estimates in [0, 1] from all samples. ``without``: for each problem the estimates without one of
    its samples, (n_i,), as `delete_one` makes them; estimators of k-subsets have them for k < n only. Where the samples
    of every problem agree, the jackknife sees no variation and the interval has no width, which is not certainty.

    Raises ValueError where the lengths differ, a problem has fewer than 2 samples, or a value is outside [0, 1].
    """
    x, parts = np.asarray(values, dtype=np.float64), [np.asarray(part, dtype=np.float64) for part in without]
    if x.ndim != 1 or not x.size or len(parts) != len(x):
        raise ValueError(f"expected one value and one set of deleted values a problem, not {x.shape} and {len(parts)}")
    if any(part.ndim != 1 or len(part) < 2 for part in parts):
        raise ValueError("every problem needs at least 2 samples for a jackknife over samples")
    if not all(((part >= -1e-9) & (part <= 1 + 1e-9)).all() for part in (x, *parts)):
        raise ValueError("accuracies lie in [0, 1]; one of the values or deleted values does not")
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level}")
    variance = sum((len(p) - 1) / len(p) * float(((p - p.mean()) ** 2).sum()) for p in parts) / len(x) ** 2
    mean, stderr = float(x.mean()), float(np.sqrt(variance))
    reach = NormalDist().inv_cdf((1 + level) / 2) * stderr
    return Interval(mean, stderr, max(mean - reach, 0.0), min(mean + reach, 1.0))
