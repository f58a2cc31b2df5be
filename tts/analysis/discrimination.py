"""How well scores tell right answers from wrong ones: AUROC and average precision."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def auroc(scores: npt.ArrayLike, correct: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Probability that a right sample scores above a wrong one, ties counting half (Mann & Whitney 1947).

    ``scores`` and ``correct``: (n,); ``weights``: (n,), how often each sample counts, default once. Raises ValueError
    where there is no right or no wrong sample, the shapes differ, or a score is not a number.
    """
    right, wrong = _by_score(scores, correct, weights)
    below = np.cumsum(wrong) - wrong
    return float((right * (below + wrong / 2)).sum() / (right.sum() * wrong.sum()))


def average_precision(scores: npt.ArrayLike, correct: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Area under the precision-recall curve as the sum of precision times gain in recall, by falling threshold.

    Samples of equal score pass the threshold together. Its value for random scores is the share of right samples.
    Arguments and errors as `auroc`.
    """
    right, wrong = (x[::-1] for x in _by_score(scores, correct, weights))
    found = np.cumsum(right)
    return float((right / right.sum() * found / (found + np.cumsum(wrong))).sum())


def _by_score(scores: npt.ArrayLike, correct: npt.ArrayLike, weights: npt.ArrayLike | None) -> tuple[Floats, Floats]:
    """Weight of right and of wrong samples at each distinct score, rising."""
    x, marks = np.asarray(scores, dtype=np.float64), np.asarray(correct, dtype=np.bool_)
    mass = np.ones(x.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    if x.ndim != 1 or not x.shape == marks.shape == mass.shape:
        raise ValueError(
            f"scores, correct and weights must have one shape (n,), not {x.shape}, {marks.shape}, {mass.shape}"
        )
    if np.isnan(x).any():
        raise ValueError("a score is not a number")
    values, at = np.unique(x, return_inverse=True)
    right, wrong = (
        np.bincount(at, weights=mass * mine, minlength=len(values)).astype(np.float64) for mine in (marks, ~marks)
    )
    if not right.sum() > 0 or not wrong.sum() > 0:
        raise ValueError("there must be right and wrong samples to tell apart")
    held = right + wrong > 0
    return right[held], wrong[held]


def rank_correlation(first: npt.ArrayLike, second: npt.ArrayLike) -> float | None:
    """Spearman's rank correlation of two score lists (n,), ties sharing their mean rank; None where one is constant."""
    a, b = (_ranks(np.asarray(x, dtype=np.float64)) for x in (first, second))
    if not len(a) or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))


def _ranks(x: Floats) -> Floats:
    _, at, count = np.unique(x, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[at], dtype=np.float64)
