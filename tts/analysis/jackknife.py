"""An interval for these very problems: how far the accuracy would move had other samples been drawn for them.

It answers another question than `mean_interval`, which is for the population that the problems come from, and it is
narrower. Compare strategies on a fixed benchmark with it, never quote it as the uncertainty on new problems.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from tts.analysis.intervals import Interval

Floats = npt.NDArray[np.float64]
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
