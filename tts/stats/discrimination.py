"""How well scores tell right answers from wrong ones: AUROC and average precision."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

Floats = npt.NDArray[np.float64]


class Ranked:
    """Samples ordered by score once, to be measured under many weights."""

    def __init__(self, scores: npt.ArrayLike, correct: npt.ArrayLike, unit: npt.ArrayLike | None = None):
        """``scores`` and ``correct``: (n,); ``unit`` (n,): whose weight each sample has, by index (None: its own).

        Raises ValueError where shapes differ or a score is not a number.
        """
        x, right = np.asarray(scores, dtype=np.float64), np.asarray(correct, dtype=np.bool_)
        of = np.arange(len(x)) if unit is None else np.asarray(unit, dtype=np.int64)
        if x.ndim != 1 or not x.shape == right.shape == of.shape:
            raise ValueError(f"scores and correct must have one shape (n,), not {x.shape} and {right.shape}")
        if np.isnan(x).any():
            raise ValueError("a score is not a number")
        order = np.argsort(-x, kind="stable")
        ours, theirs = order[right[order]], order[~right[order]]
        self._units = int(of.max(initial=-1)) + 1
        self._right, self._wrong = of[ours], of[theirs]
        # how many right ones score as high as each right one, how many wrong ones, and how many of those higher
        self._found = np.searchsorted(-x[ours], -x[ours], side="right")
        self._missed = np.searchsorted(-x[theirs], -x[ours], side="right")
        self._above = np.searchsorted(-x[theirs], -x[ours], side="left")

    def measure(self, weights: npt.ArrayLike | None = None) -> tuple[float, float]:
        """AUROC and average precision.

        AUROC is the probability that a right sample scores above a wrong one, ties counting half (Mann & Whitney 1947).
        Average precision is the area under the precision-recall curve as the sum of precision times gain in recall, by
        falling threshold; samples of equal score pass it together. Random scores have the share of right samples.

        ``weights``: (units,), how often each counts, default once. Raises ValueError where no right or no wrong sample
        counts, or the shape differs.
        """
        mass = np.ones(self._units) if weights is None else np.asarray(weights, dtype=np.float64)
        if mass.shape != (self._units,):
            raise ValueError(f"weights must have shape {(self._units,)}, not {mass.shape}")
        right, wrong = mass.take(self._right), mass.take(self._wrong)
        right_so_far, wrong_so_far = _cumulated(right), _cumulated(wrong)
        rights, wrongs = right_so_far[-1], wrong_so_far[-1]
        if not rights > 0 or not wrongs > 0:
            raise ValueError("there must be right and wrong samples to tell apart")
        found, missed = right_so_far.take(self._found), wrong_so_far.take(self._missed)
        below = wrongs - (wrong_so_far.take(self._above) + missed) / 2
        precision = found / np.maximum(found + missed, np.finfo(np.float64).tiny)  # 0 / 0 where nothing counts yet
        return float((right * below).sum() / (rights * wrongs)), float((right * precision).sum() / rights)


def _cumulated(x: Floats) -> Floats:
    """Sums of the first 0, 1, ... n, shape (n + 1,)."""
    found = np.zeros(len(x) + 1)
    np.cumsum(x, out=found[1:])
    return found


def auroc(scores: npt.ArrayLike, correct: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """The first of `Ranked.measure`, of samples (n,)."""
    return Ranked(scores, correct).measure(weights)[0]


def average_precision(scores: npt.ArrayLike, correct: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """The second of `Ranked.measure`, of samples (n,)."""
    return Ranked(scores, correct).measure(weights)[1]


def rank_correlation(first: npt.ArrayLike, second: npt.ArrayLike) -> float | None:
    """Spearman's rank correlation of two score lists (n,), ties sharing their mean rank; None where one is constant."""
    a, b = (rankdata(np.asarray(x, dtype=np.float64)) for x in (first, second))
    if not len(a) or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))
