"""What ``n`` scored samples of one problem say about a selector with a budget of ``k`` samples.

The rank of a sample among k is decided by its own score, so best-of-k is exact; the weights of classes add up in too
many ways for that, so the weighted vote is a mean over random orders, with its Monte Carlo standard error. Both are
unbiased for a fresh draw of ``k`` where the number of samples was fixed beforehand.
"""

from __future__ import annotations

from functools import lru_cache
from typing import overload

import numpy as np
import numpy.typing as npt

from tts.core import stream
from tts.core.selectors import SAME_SUM
from tts.stats.estimators import pass_at_k

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@overload
def best_of_k(
    scores: npt.ArrayLike, correct: npt.ArrayLike, k: int, *, answered: npt.ArrayLike | None = None
) -> float: ...
@overload
def best_of_k(
    scores: npt.ArrayLike,
    correct: npt.ArrayLike,
    k: npt.NDArray[np.integer],
    *,
    answered: npt.ArrayLike | None = None,
) -> Floats: ...
def best_of_k(
    scores: npt.ArrayLike,
    correct: npt.ArrayLike,
    k: int | npt.NDArray[np.integer],
    *,
    answered: npt.ArrayLike | None = None,
) -> float | Floats:
    """Expected correctness of the highest-scored sample of a random ``k``-subset of one problem's samples, exactly.

    Best-of-N (Cobbe et al. 2021, "Training Verifiers to Solve Math Word Problems"), estimated as Gao et al. 2022
    ("Scaling Laws for Reward Model Overoptimization", after Nakano et al. 2021): with the samples sorted by score, the
    one ranked i is the best of a random subset with probability C(n-i, k-1) / C(n, k). Samples of equal score share
    the mean correctness of their group: a uniform tie-break.

    Shapes: ``scores`` and ``correct`` (n,); ``answered`` (n,) bool, False where a sample has no answer, which ranks
    below every answered one, whatever its score (None: all are answered); ``k`` an integer (gives a float) or an array
    of any shape (gives an array of that shape). All terms are non-negative: relative error about n * 1e-16.

    Raises ValueError where not 1 <= k <= n, the shapes differ, or a score is not a number.
    """
    return _first_of_k(scores, correct, k, answered, best=True)


@overload
def worst_of_k(
    scores: npt.ArrayLike, correct: npt.ArrayLike, k: int, *, answered: npt.ArrayLike | None = None
) -> float: ...
@overload
def worst_of_k(
    scores: npt.ArrayLike,
    correct: npt.ArrayLike,
    k: npt.NDArray[np.integer],
    *,
    answered: npt.ArrayLike | None = None,
) -> Floats: ...
def worst_of_k(
    scores: npt.ArrayLike,
    correct: npt.ArrayLike,
    k: int | npt.NDArray[np.integer],
    *,
    answered: npt.ArrayLike | None = None,
) -> float | Floats:
    """Expected correctness of the lowest-scored sample of a random ``k``-subset of one problem's samples, exactly.

    `best_of_k` with the order turned round: below it by as much as the scores tell right from wrong. A sample without
    an answer is still ranked below every answered one, so it is the worst of its subset. Shapes and errors as there.
    """
    return _first_of_k(scores, correct, k, answered, best=False)


def _first_of_k(
    scores: npt.ArrayLike,
    correct: npt.ArrayLike,
    k: int | npt.NDArray[np.integer],
    answered: npt.ArrayLike | None,
    *,
    best: bool,
) -> float | Floats:
    """Expected correctness of the first of a random ``k``-subset, scores falling (``best``) or rising."""
    values, marks = np.asarray(scores, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    voters = np.ones(values.shape, dtype=np.bool_) if answered is None else np.asarray(answered, dtype=np.bool_)
    if values.ndim != 1 or not values.shape == marks.shape == voters.shape:
        raise ValueError(
            f"scores, correct and answered must have one shape (n,), not {values.shape}, {marks.shape}, {voters.shape}"
        )
    if np.isnan(values[voters]).any():
        raise ValueError("a score is not a number, so samples cannot be ranked by it")
    n = len(values)
    ks = _budgets(k, n)
    order = np.lexsort((-values, ~voters) if best else (values, voters))
    ranked, voting = values[order], voters[order]
    new = np.concatenate([[True], (ranked[1:] != ranked[:-1]) | (voting[1:] != voting[:-1])])
    group = np.cumsum(new) - 1  # (n,): which run of equals each rank belongs to
    share = (np.bincount(group, weights=marks[order]) / np.bincount(group))[group]
    flat, rank = ks.reshape(-1, 1), np.arange(1, n)
    chance = np.empty((len(flat), n))  # of each rank to be the first of k: falling factors of C(n-i, k-1) / C(n, k)
    chance[:, :1] = flat / n
    chance[:, 1:] = np.maximum(n - rank - flat + 1, 0) / (n - rank)
    result = np.minimum((np.cumprod(chance, axis=1) @ share).reshape(ks.shape), 1.0)
    result = np.where(ks == 1, marks.mean(), result)  # to the last digit, as every other selector has it
    return float(result) if ks.ndim == 0 else result


def weighted_majority_at_k(
    classes: npt.ArrayLike,
    weights: npt.ArrayLike,
    correct: npt.ArrayLike,
    k: npt.ArrayLike,
    *,
    draws: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Expected correctness of the weighted vote over a random ``k``-subset, and its Monte Carlo standard error.

    Weighted best-of-N (Li et al. 2022, "Making Large Language Models Better Reasoners with Step-Aware Verifier"): the
    class with the largest sum of weights wins. There is no closed form: each of ``draws`` random orders of the
    samples gives a subset of every size by its prefixes. Ties are broken uniformly among the tied classes, by
    expectation and not by drawing; sums that agree to 12 digits are tied. Samples without an answer never vote; a
    subset in which nobody votes is wrong. Where every answer has the same verdict, at k = 1 and k = n, it is exact.

    The orders are the same for all problems of n samples, whose samples ``rng`` shuffles first: each order is uniform
    and the errors of problems are independent, as with orders of their own, at a fraction of the time.

    Shapes: ``classes`` (n,) integers, -1 for no answer; ``weights`` (n,), of which those without an answer are not
    read; ``correct`` (n,) bool, the same within a class; ``k`` of any shape, which both results have.

    Raises ValueError where not 1 <= k <= n, the shapes differ, a weight is negative or not finite, or ``draws`` < 2.
    """
    labels, mass, marks = np.asarray(classes), np.asarray(weights, dtype=np.float64), np.asarray(correct, np.bool_)
    if labels.ndim != 1 or not labels.shape == mass.shape == marks.shape:
        raise ValueError(
            f"classes, weights and correct must have one shape (n,), not {labels.shape}, {mass.shape}, {marks.shape}"
        )
    if draws < 2:
        raise ValueError(f"draws must be at least 2, for a standard error, not {draws}")
    n, ks, voters = len(labels), _budgets(k, len(labels)), labels >= 0
    bad = voters & ~(np.isfinite(mass) & (mass >= 0))
    if bad.any():
        raise ValueError(f"weights must be non-negative and finite, not {mass[np.argmax(bad)]:g}")
    right = marks & voters
    if not right.any():
        return np.zeros(ks.shape), np.zeros(ks.shape)
    if right.sum() == voters.sum():
        return pass_at_k(n, int(voters.sum()), ks), np.zeros(ks.shape)
    member = np.full(n, -1, dtype=np.int64)
    names, member[voters] = np.unique(labels[voters], return_inverse=True)
    verdicts = np.zeros(len(names))
    verdicts[member[right]] = 1.0
    wanted, back = np.unique(ks, return_inverse=True)
    estimate, error = np.full(len(wanted), right.mean()), np.zeros(len(wanted))
    whole = wanted == n  # there is one such subset
    estimate[whole] = _votes_at(member, mass, verdicts, wanted[whole], np.arange(n)[:, None]).mean(axis=1)
    inner = (wanted > 1) & ~whole
    if inner.any():
        dealt = rng.permutation(n)
        votes = _votes_at if inner.sum() * len(names) <= _FEW * n else _votes_by_step
        hits = votes(member[dealt], mass[dealt], verdicts, wanted[inner], _orders(n, draws))
        estimate[inner], error[inner] = hits.mean(axis=1), hits.std(axis=1, ddof=1) / np.sqrt(draws)
    return estimate[back].reshape(ks.shape), error[back].reshape(ks.shape)


def _budgets(k: npt.ArrayLike, n: int) -> Ints:
    ks = np.asarray(k)
    if ks.dtype.kind not in "iu" and ks.size:
        raise ValueError(f"k must be integers, not {ks.dtype}")
    if ks.size and not (ks.min() >= 1 and ks.max() <= n):
        raise ValueError(f"k must lie in 1..{n} (there are {n} samples), not {ks.min()}..{ks.max()}")
    return ks.astype(np.int64)


_FEW = 10
"""Up to this many entries of (k, class) for each sample, adding up whole tables is faster than sample by sample."""


@lru_cache(maxsize=4)
def _orders(n: int, draws: int) -> npt.NDArray[np.int32]:
    """Random orders of ``n`` samples, shape (n, draws): one in each column."""
    inorder = np.broadcast_to(np.arange(n, dtype=np.int32), (draws, n))
    return np.ascontiguousarray(stream("orders", n, draws).permuted(inorder, axis=1).T)


def _votes_at(member: Ints, weights: Floats, verdicts: Floats, ks: Ints, orders: npt.NDArray[np.integer]) -> Floats:
    """Share of right classes among the winners of the first ``k`` samples of given orders, shape (K, draws).

    ``member`` (n,): class of each sample, -1 for none; ``verdicts`` (classes,): 1 for right; ``ks`` (K,): rising;
    ``orders`` (n, draws). Between two budgets a whole segment of every order is added to its table of classes.
    """
    draws, classes, voters = orders.shape[1], len(verdicts), member >= 0
    place = np.where(voters, member, classes) * draws  # the last row takes those who do not vote
    mass, column, right = np.where(voters, weights, 0.0), np.arange(draws), verdicts > 0
    weightless = bool((weights[voters] == 0).any())  # then a total does not tell who has voted
    totals, count = np.zeros((2, (classes + 1) * draws))
    result = np.zeros((len(ks), draws))
    for i, (first, k) in enumerate(zip([0, *ks.tolist()], ks.tolist(), strict=False)):
        part = orders[first:k]
        at = (place.take(part) + column).ravel()
        totals += np.bincount(at, mass.take(part).ravel(), minlength=len(totals))
        if weightless:
            count += np.bincount(at, minlength=len(count))
        table, voted = (x.reshape(classes + 1, draws)[:-1] for x in (totals, count if weightless else totals))
        winning = (table >= table.max(axis=0) * (1 - SAME_SUM)) & (voted > 0)
        result[i] = winning[right].sum(axis=0) / np.maximum(winning.sum(axis=0), 1)
    return result


def _votes_by_step(
    member: Ints, weights: Floats, verdicts: Floats, ks: Ints, orders: npt.NDArray[np.integer]
) -> Floats:
    """What `_votes_at` gives, one sample after the other: for many budgets and classes.

    Weights are non-negative, so a class's total only grows, and one step changes only its own class's standing.
    """
    draws = orders.shape[1]
    row = np.arange(draws)
    totals = np.full((draws, len(verdicts) + 1), -1.0)  # -1: no vote yet; the last column takes those who do not vote
    best, tied, good = np.full(draws, -1.0), np.zeros(draws), np.zeros(draws)
    result = np.zeros((len(ks), draws))
    places = {int(k): i for i, k in enumerate(ks)}
    for step in range(int(ks.max(initial=0))):
        sample = orders[step]
        label = member[sample]
        votes, before = label >= 0, totals[row, label]
        after = np.where(votes, np.maximum(before, 0.0) + weights[sample], -1.0)
        totals[row, label] = after
        slack = np.abs(best) * SAME_SUM
        ahead = votes & (after > best + slack)
        level = votes & ~ahead & (after >= best - slack) & ((before < 0) | (before < best - slack))
        verdict = verdicts[label]
        tied = np.where(ahead, 1.0, tied + level)
        good = np.where(ahead, verdict, good + level * verdict)
        best = np.maximum(best, after)
        if (i := places.get(step + 1)) is not None:
            result[i] = good / np.maximum(tied, 1.0)
    return result
