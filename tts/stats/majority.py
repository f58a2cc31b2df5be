"""What ``n`` samples of one problem say about a majority vote among ``k``, exactly: a mean over every ``k``-subset.

Unbiased for a fresh draw of ``k`` where the number of samples was fixed beforehand. Sums of non-negative terms only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import overload

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from tts.stats.estimators import integers, pass_at_k

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_FLOOR = -500.0
"""Natural logarithm of the least probability that the programme divides by: far from where doubles lose digits."""


@overload
def majority_at_k(classes: npt.ArrayLike, correct: npt.ArrayLike, k: int) -> float: ...
@overload
def majority_at_k(classes: npt.ArrayLike, correct: npt.ArrayLike, k: npt.NDArray[np.integer]) -> Floats: ...
def majority_at_k(classes: npt.ArrayLike, correct: npt.ArrayLike, k: int | npt.NDArray[np.integer]) -> float | Floats:
    """Expected correctness of the majority vote over a random ``k``-subset of one problem's samples.

    Self-consistency (Wang et al. 2022, "Self-Consistency Improves Chain of Thought Reasoning"), exact: the counts of
    a random subset are multivariate hypergeometric, and a dynamic programme over the classes gives the probability
    of winning with each count and each number of tied classes. Ties are broken uniformly among the tied classes.
    Samples without an answer never vote; a subset in which nobody votes is wrong.

    Shapes: ``classes`` (n,) integers, -1 for no answer; ``correct`` (n,) bool, the same within a class; ``k`` an
    integer (gives a float) or an array of any shape (gives an array of that shape). Relative error below 1e-11.

    Raises ValueError where not 1 <= k <= n, the shapes differ, a class is below -1, or a class has mixed correctness.
    """
    sizes, right, silent = _class_sizes(classes, correct)
    n = int(sizes.sum()) + silent
    ks = integers("k", k)
    if ks.size and not (ks.min() >= 1 and ks.max() <= n):
        raise ValueError(f"k must lie in 1..{n} (there are {n} samples), not {ks.min()}..{ks.max()}")
    if right.all():  # also where there is no class at all: every vote is right
        result = pass_at_k(n, int(sizes.sum()), ks) if len(sizes) else np.zeros(ks.shape)
    else:
        wanted, back = np.unique(ks, return_inverse=True)
        values = _majority(tuple(sizes.tolist()), int(right.sum()), silent, tuple(wanted.tolist()))
        result = values[back.reshape(ks.shape)]
    return float(result) if ks.ndim == 0 else result


def _class_sizes(classes: npt.ArrayLike, correct: npt.ArrayLike) -> tuple[Ints, Bools, int]:
    """Sizes and correctness of the answer classes, the correct ones first, and the number of silent samples."""
    labels, marks = integers("classes", classes), np.asarray(correct, dtype=np.bool_)
    if labels.ndim != 1 or labels.shape != marks.shape:
        raise ValueError(f"classes and correct must both have shape (n,), not {labels.shape} and {marks.shape}")
    if labels.size and labels.min() < -1:
        raise ValueError(f"a class is a number from 0, or -1 for no answer, not {labels.min()}")
    voters = labels >= 0
    names, member = np.unique(labels[voters], return_inverse=True)
    sizes = np.bincount(member, minlength=len(names)).astype(np.int64)
    hits = np.bincount(member, weights=marks[voters], minlength=len(names)).astype(np.int64)
    mixed = (hits > 0) & (hits < sizes)
    if mixed.any():
        j = int(np.argmax(mixed))
        raise ValueError(f"class {names[j]} is mixed: {hits[j]} of its {sizes[j]} samples are correct")
    order = np.lexsort((-sizes, hits == 0))
    return sizes[order], (hits > 0)[order], int((~voters).sum())


@lru_cache(maxsize=4_096)
def _majority(counts: tuple[int, ...], correct: int, silent: int, wanted: tuple[int, ...]) -> Floats:
    """`majority_at_k` for rising budgets, (K,), by class sizes alone, the ``correct`` right ones first.

    Kept, since problems with few samples have the same sizes, and a report asks for the same problems several times.
    """
    sizes, ks = np.array(counts, dtype=np.int64), np.array(wanted, dtype=np.int64)
    n, right = int(sizes.sum()) + silent, np.arange(len(sizes)) < correct
    values = np.zeros(len(ks))
    inner = ks[ks < n]
    for lo, hi, p in _tilts(n, inner):
        values[lo:hi] = _vote(sizes, right, silent, inner[lo:hi], p)
    if len(inner) < len(ks):  # all samples: there is one subset
        values[-1] = right[sizes == sizes.max()].mean()
    values[ks == 1] = sizes[right].sum() / n  # to the last digit the mean, as every other selector has it
    return np.clip(values, 0.0, 1.0)


def _tilts(n: int, ks: Ints) -> list[tuple[int, int, float]]:
    """Cuts sorted ``ks`` into ranges, each with the p for which Binomial(n, p) is nowhere tiny on that range.

    Counting subsets by their generating function overflows (C(1100, 550) is beyond a double). Every class's
    polynomial is multiplied by p^a (1-p)^(c-a) instead: that is conditioning binomial counts on their sum, which
    leaves the result as it was and keeps all numbers near 1.
    """
    if not len(ks):
        return []
    p = min(max((int(ks[0]) + int(ks[-1])) / (2 * n), 0.5 / n), 1 - 0.5 / n)
    if len(ks) == 1 or min(binom.logpmf(ks[[0, -1]], n, p)) > _FLOOR:
        return [(0, len(ks), p)]
    half = len(ks) // 2
    right = [(lo + half, hi + half, q) for lo, hi, q in _tilts(n, ks[half:])]
    return _tilts(n, ks[:half]) + right


def _vote(sizes: Ints, right: Bools, silent: int, ks: Ints, p: float) -> Floats:
    """P(the vote is right | k voted or were silent) for each of the sorted ``ks``, under the tilt ``p``."""
    n, top = int(sizes.sum()) + silent, int(ks[-1])
    total, below = np.zeros(top + 1), 0
    pmf = {c: _binomial(c, p) for c in set(sizes.tolist())}
    for size in np.unique(sizes[sizes <= sizes[right].max(initial=0)]).tolist():
        big = sizes >= size
        pmfs, good = [pmf[c] for c in sizes[big].tolist()], int(right[big].sum())
        won = np.zeros(top + 1)
        if len(pmfs) == 1:  # the right class alone has so many votes
            won[below + 1 : size + 1] = pmfs[0][below + 1 : top + 1]
        else:
            for t in range(below + 1, min(size, top) + 1):  # no class's size lies between: the same ones may have t
                others = _wins(pmfs, good, t, top)
                won[t : t + len(others)] += others
        rest = _binomial(silent + int(sizes[~big].sum()), p)
        total += np.convolve(won, rest[: top + 1])[: top + 1]
        below = size
    result: Floats = total[ks] / binom.pmf(ks, n, p)
    return result


def _binomial(c: int, p: float) -> Floats:
    """Binomial(c, p) probabilities of 0..c, shape (c + 1,)."""
    return np.asarray(binom.pmf(np.arange(c + 1), c, p))


def _wins(pmfs: list[Floats], right: int, t: int, top: int) -> Floats:
    """Weight of a right class winning with exactly ``t`` votes, by the votes of the other classes, at most (top-t+1,).

    ``pmfs``: each class's distribution of votes, the ``right`` correct ones first. A winner tied with j others counts
    1/(j+1), the integral of y^j over [0, 1]: so a class tied at t votes weighs y, and Gauss's nodes integrate exactly,
    with positive weights. Two tables are carried, both by [node, votes]: of outcomes in which no right class is singled
    out as the winner, and of those where one is, whose own t votes are left out. Votes tell the ties where t = 1.
    """
    width = top - t + 1
    y, share = _nodes(min(len(pmfs), top // t) - 1) if t > 1 else (np.ones(1), np.ones(1))
    plain, good = np.ones((len(y), 1)), np.zeros((len(y), 1))
    for j, pmf in enumerate(pmfs):
        chosen = pmf[t] * plain
        if j > 0:
            good = _times(good, pmf, t, y, width)
            good[:, : chosen.shape[1]] += chosen if j < right else 0.0
        else:
            good = chosen
        if j < right - 1:
            plain = _times(plain, pmf, t, y, width)
    found: Floats = share @ good
    return found if t > 1 else found / np.arange(1, len(found) + 1)


def _times(table: Floats, pmf: Floats, t: int, y: Floats, width: int) -> Floats:
    """The table with one more class, up to ``width`` columns: it stays below ``t`` votes, or is tied at ``t``."""
    rows, held = table.shape
    out = np.zeros((rows, min(held + t, width)))
    if held == 1:
        out[:, :t] = table * pmf[: min(t, width)]
    elif rows < t:
        for row, mine in zip(out, table, strict=True):
            row[: held + t - 1] = np.convolve(mine, pmf[:t])[: len(row)]
    else:
        for a in range(min(t, out.shape[1])):
            out[:, a : a + held] += pmf[a] * table[:, : out.shape[1] - a]
    if out.shape[1] > t:
        out[:, t:] += (y * pmf[t])[:, None] * table[:, : out.shape[1] - t]
    return out


@lru_cache(maxsize=256)
def _nodes(degree: int) -> tuple[Floats, Floats]:
    """Nodes and weights on [0, 1] that integrate polynomials up to a degree exactly (Gauss-Legendre)."""
    x, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    return (x + 1) / 2, weights / 2
