"""How well scores tell right answers from wrong ones: AUROC and average precision."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Ranked:
    """Samples ordered by score once, to be measured under many weights."""

    def __init__(self, scores: npt.ArrayLike, correct: npt.ArrayLike):
        """``scores`` and ``correct``: (n,). Raises ValueError where shapes differ or a score is not a number."""
        x, self._right = np.asarray(scores, dtype=np.float64), np.asarray(correct, dtype=np.bool_)
        if x.ndim != 1 or x.shape != self._right.shape:
            raise ValueError(f"scores and correct must have one shape (n,), not {x.shape} and {self._right.shape}")
        if np.isnan(x).any():
            raise ValueError("a score is not a number")
        values, self._at = np.unique(x, return_inverse=True)
        self._distinct = len(values)

    def auroc(self, weights: npt.ArrayLike | None = None) -> float:
        """Probability that a right sample scores above a wrong one, ties counting half (Mann & Whitney 1947).

        ``weights``: (n,), how often each sample counts, default once. Raises ValueError where no right or no wrong
        sample counts, or the shape differs.
        """
        right, wrong = self._by_score(weights)
        below = np.cumsum(wrong) - wrong
        return float((right * (below + wrong / 2)).sum() / (right.sum() * wrong.sum()))

    def average_precision(self, weights: npt.ArrayLike | None = None) -> float:
        """Area under the precision-recall curve as the sum of precision times gain in recall, by falling threshold.

        Samples of equal score pass the threshold together. Its value for random scores is the share of right samples.
        Arguments and errors as `auroc`.
        """
        right, wrong = (x[::-1] for x in self._by_score(weights))
        found = np.cumsum(right)
        return float((right / right.sum() * found / (found + np.cumsum(wrong))).sum())

    def _by_score(self, weights: npt.ArrayLike | None) -> tuple[Floats, Floats]:
        """Weight of right and of wrong samples at each distinct score that counts, rising."""
        mass = np.ones(self._at.shape) if weights is None else np.asarray(weights, dtype=np.float64)
        if mass.shape != self._at.shape:
            raise ValueError(f"weights must have shape {self._at.shape}, not {mass.shape}")
        right, wrong = (
            np.bincount(self._at, weights=mass * mine, minlength=self._distinct).astype(np.float64)
            for mine in (self._right, ~self._right)
        )
        if not right.sum() > 0 or not wrong.sum() > 0:
            raise ValueError("there must be right and wrong samples to tell apart")
        held = right + wrong > 0
        return right[held], wrong[held]


def auroc(scores: npt.ArrayLike, correct: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """`Ranked.auroc` of samples (n,)."""
    return Ranked(scores, correct).auroc(weights)


def average_precision(scores: npt.ArrayLike, correct: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """`Ranked.average_precision` of samples (n,)."""
    return Ranked(scores, correct).average_precision(weights)


def rank_correlation(first: npt.ArrayLike, second: npt.ArrayLike) -> float | None:
    """Spearman's rank correlation of two score lists (n,), ties sharing their mean rank; None where one is constant."""
    a, b = (_ranks(np.asarray(x, dtype=np.float64)) for x in (first, second))
    if not len(a) or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))


def _ranks(x: Floats) -> Floats:
    _, at, count = np.unique(x, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[at], dtype=np.float64)
