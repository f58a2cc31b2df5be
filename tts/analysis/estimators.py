"""What ``n`` samples of one problem say about a budget of ``k`` samples, exactly.

All estimators here are averages over every ``k``-subset of the samples held, so they are unbiased for a fresh draw
of ``k`` where the number of samples was fixed beforehand. They use sums of non-negative terms only: no cancellation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import overload

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_FLOOR = -500.0
"""Natural logarithm of the least probability that the programme divides by: far from where doubles lose digits."""
_WHOLE = 1e-9
"""A product of a share and k this close above a whole number is that number."""


def pass_at_k(n: npt.ArrayLike, c: npt.ArrayLike, k: npt.ArrayLike) -> Floats:
    """Probability that a random ``k``-subset of ``n`` samples, ``c`` of them correct, holds a correct one.

    1 - C(n-c, k)/C(n, k) (Chen et al. 2021, "Evaluating Large Language Models Trained on Code", section 2.1), as a
    product of min(c, k) factors whose complement is summed, so that small values keep their relative precision.

    Shapes: the three arguments broadcast against each other; the result has the broadcast shape (0-d for scalars).
    Raises ValueError where not 1 <= k <= n and 0 <= c <= n.
    """
    n_, c_, k_ = _counts(n, c, k)
    low, high = np.minimum(c_, k_), np.maximum(c_, k_)
    found = np.zeros(n_.shape)
    for i in range(int(low.max(initial=0))):
        factor = high / np.maximum(n_ - i, 1)
        found = np.where(i < low, found + (1 - found) * np.minimum(factor, 1), found)
    return np.asarray(np.where(c_ + k_ > n_, 1.0, np.minimum(found, 1.0)))


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
    ks = _integers("k", k)
    if ks.size and not (ks.min() >= 1 and ks.max() <= n):
        raise ValueError(f"k must lie in 1..{n} (there are {n} samples), not {ks.min()}..{ks.max()}")
    if right.all():  # also where there is no class at all: every vote is right
        result = pass_at_k(n, int(sizes.sum()), ks) if len(sizes) else np.zeros(ks.shape)
    else:
        wanted, back = np.unique(ks, return_inverse=True)
        values = np.zeros(len(wanted))
        inner = wanted[wanted < n]
        for lo, hi, p in _tilts(n, inner):
            values[lo:hi] = _vote(sizes, right, silent, inner[lo:hi], p)
        if len(inner) < len(wanted):  # all samples: there is one subset
            values[-1] = right[sizes == sizes.max()].mean()
        result = np.clip(values, 0.0, 1.0)[back.reshape(ks.shape)]
    return float(result) if ks.ndim == 0 else result


def avg_at_n(n: npt.ArrayLike, c: npt.ArrayLike) -> Floats:
    """Expected correctness of one sample taken blindly, c/n: avg@n, mean@n or pass@1, whatever the budget.

    Shapes broadcast. Raises ValueError where not 1 <= n and 0 <= c <= n.
    """
    return pass_at_k(n, c, 1)


def all_of_k(n: npt.ArrayLike, c: npt.ArrayLike, k: npt.ArrayLike) -> Floats:
    """Probability that all of a random ``k``-subset of ``n`` samples, ``c`` of them correct, are: C(c, k)/C(n, k).

    pass^k of Yao et al. 2024, "tau-bench", and G-Pass@k at threshold 1; with verdicts of right and wrong also the
    expected worst verdict of k. A product of min(k, n-c) factors, so it keeps its digits however small it is.

    Shapes: the three arguments broadcast against each other; the result has the broadcast shape (0-d for scalars).
    Raises ValueError where not 1 <= k <= n and 0 <= c <= n.
    """
    n_, c_, k_ = _counts(n, c, k)
    left, few, many = n_ - c_, np.minimum(n_ - c_, k_), np.maximum(n_ - c_, k_)
    found = np.ones(n_.shape)
    for i in range(int(few.max(initial=0))):
        found *= np.where(i < few, np.maximum(n_ - many - i, 0) / np.maximum(n_ - i, 1), 1.0)
    return np.asarray(np.where(left + k_ > n_, 0.0, found))


def g_pass_at_k(n: npt.ArrayLike, c: npt.ArrayLike, k: npt.ArrayLike, tau: npt.ArrayLike) -> Floats:
    """Probability that at least the share ``tau`` of a random ``k``-subset of ``n`` samples, ``c`` correct, is correct.

    G-Pass@k_tau of Liu et al. 2024, "Are Your LLMs Capable of Stable Reasoning?", section 3: the hypergeometric
    probability of ceil(tau k) or more hits, and of one or more where that is 0. At tau = 1 it is `all_of_k`, near 0
    `pass_at_k`. A tau k that is whole but for rounding (0.7 * 10) counts as whole.

    Shapes: the four arguments broadcast against each other; the result has the broadcast shape (0-d for scalars).
    Relative error about n log(n) * 1e-15. Raises ValueError where not 1 <= k <= n, 0 <= c <= n and 0 < tau <= 1.
    """
    share = np.asarray(tau, dtype=np.float64)
    if not ((share > 0) & (share <= 1)).all():
        raise ValueError(f"tau must lie in (0, 1], not {share[~((share > 0) & (share <= 1))].flat[0]:g}")
    n_, c_, k_ = _counts(n, c, k)
    n_, c_, k_, share = np.broadcast_arrays(n_, c_, k_, share)
    needed = np.maximum(np.ceil(share * k_ - _WHOLE), 1).astype(np.int64)
    return _mean_over_hits(n_, c_, k_, needed, lambda hits, _: np.ones(len(hits)))


def mean_g_pass_at_k(n: npt.ArrayLike, c: npt.ArrayLike, k: npt.ArrayLike) -> Floats:
    """mG-Pass@k: `g_pass_at_k` averaged over thresholds from 1/2 to 1 (Liu et al. 2024, section 3).

    2/k times the sum of G-Pass@k_(i/k) over i = ceil(k/2) + 1 .. k, that is 2/k E[max(hits - ceil(k/2), 0)]; 0 at
    k = 1, where the sum is empty. Shapes and errors as `all_of_k`.
    """
    n_, c_, k_ = _counts(n, c, k)
    half = (k_ + 1) // 2
    return _mean_over_hits(n_, c_, k_, half + 1, lambda hits, size: 2 / size * (hits - (size + 1) // 2))


def _integers(name: str, value: npt.ArrayLike) -> Ints:
    array = np.asarray(value)
    if array.dtype.kind not in "iu" and not (array.size == 0):
        raise ValueError(f"{name} must be integers, not {array.dtype}")
    return array.astype(np.int64)


def _counts(n: npt.ArrayLike, c: npt.ArrayLike, k: npt.ArrayLike) -> tuple[Ints, Ints, Ints]:
    """The three broadcast, where 1 <= k <= n and 0 <= c <= n."""
    n_, c_, k_ = np.broadcast_arrays(*(_integers(name, a) for name, a in (("n", n), ("c", c), ("k", k))))
    _refuse((k_ < 1), "k must be at least 1", n_, c_, k_)
    _refuse((k_ > n_), "k must not exceed the number of samples n", n_, c_, k_)
    _refuse((c_ < 0) | (c_ > n_), "the number of correct samples c must lie in 0..n", n_, c_, k_)
    return n_, c_, k_


def _mean_over_hits(n: Ints, c: Ints, k: Ints, first: Ints, weight: Callable[[Floats, int], Floats]) -> Floats:
    """Mean of ``weight(hits, k)`` over ``k``-subsets with at least ``first`` hits, the others counting 0."""
    cases, place = np.unique(np.stack([n, k, first]).reshape(3, -1), axis=1, return_inverse=True)
    correct, found = c.reshape(-1), np.zeros(c.size)
    for i, (total, size, least) in enumerate(cases.T.tolist()):
        here, hits = place.reshape(-1) == i, np.arange(least, size + 1)
        found[here] = _hypergeometric(total, correct[here], size, hits) @ weight(hits.astype(np.float64), size)
    return np.minimum(found, 1.0).reshape(n.shape)


def _hypergeometric(n: int, c: Ints, k: int, hits: Ints) -> Floats:
    """Probability of each number of ``hits`` (H,) in a ``k``-subset, shape (C, H), for each ``c`` (C,)."""
    f, right, hit = _log_factorials(n), c[:, None], hits[None, :]
    misses, spare = k - hit, n - right - k + hit
    possible = (hit <= right) & (spare >= 0)
    rest, spare = np.where(possible, right - hit, 0), np.where(possible, spare, 0)
    log = f[right] - f[hit] - f[rest] + f[n - right] - f[misses] - f[spare] - (f[n] - f[k] - f[n - k])
    return np.where(possible, np.exp(np.minimum(log, 0.0)), 0.0)


def _refuse(bad: npt.NDArray[np.bool_], why: str, n: Ints, c: Ints, k: Ints) -> None:
    if bad.any():
        at = tuple(np.argwhere(bad)[0])
        raise ValueError(f"{why}: n={n[at]}, c={c[at]}, k={k[at]}")


def _class_sizes(classes: npt.ArrayLike, correct: npt.ArrayLike) -> tuple[Ints, Bools, int]:
    """Sizes and correctness of the answer classes, the correct ones first, and the number of silent samples."""
    labels, marks = _integers("classes", classes), np.asarray(correct, dtype=np.bool_)
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


def _tilts(n: int, ks: Ints) -> list[tuple[int, int, float]]:
    """Cuts sorted ``ks`` into ranges, each with the p for which Binomial(n, p) is nowhere tiny on that range.

    Counting subsets by their generating function overflows (C(1100, 550) is beyond a double). Every class's
    polynomial is multiplied by p^a (1-p)^(c-a) instead: that is conditioning binomial counts on their sum, which
    leaves the result as it was and keeps all numbers near 1.
    """
    if not len(ks):
        return []
    p = min(max((int(ks[0]) + int(ks[-1])) / (2 * n), 0.5 / n), 1 - 0.5 / n)
    if len(ks) == 1 or min(_log_binomial(n, p)[[ks[0], ks[-1]]]) > _FLOOR:
        return [(0, len(ks), p)]
    half = len(ks) // 2
    right = [(lo + half, hi + half, q) for lo, hi, q in _tilts(n, ks[half:])]
    return _tilts(n, ks[:half]) + right


@lru_cache(maxsize=16)
def _log_factorials_below(end: int) -> Floats:
    return np.array([math.lgamma(i + 1.0) for i in range(end)])


def _log_factorials(n: int) -> Floats:
    """Of 0..n and some more, shape (N,), N > n: tables grow by doubling, so that few are made."""
    return _log_factorials_below(1 << (n + 1).bit_length())


def _log_binomial(c: int, p: float) -> Floats:
    """Logarithm of the Binomial(c, p) probabilities of 0..c, shape (c + 1,)."""
    a, f = np.arange(c + 1), _log_factorials(c)
    result: Floats = f[c] - f[a] - f[c - a] + a * math.log(p) + (c - a) * math.log1p(-p)
    return result


def _vote(sizes: Ints, right: Bools, silent: int, ks: Ints, p: float) -> Floats:
    """P(the vote is right | k voted or were silent) for each of the sorted ``ks``, under the tilt ``p``."""
    n, top = int(sizes.sum()) + silent, int(ks[-1])
    total, below = np.zeros(top + 1), 0
    pmf = {c: np.exp(_log_binomial(c, p)) for c in set(sizes.tolist())}
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
        rest = np.exp(_log_binomial(silent + int(sizes[~big].sum()), p))
        total += np.convolve(won, rest[: top + 1])[: top + 1]
        below = size
    result: Floats = total[ks] / np.exp(_log_binomial(n, p)[ks])
    return result


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
