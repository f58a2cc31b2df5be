"""What ``n`` samples of one problem say about a budget of ``k`` samples, exactly.

All estimators here are averages over every ``k``-subset of the samples held, so they are unbiased for a fresh draw
of ``k`` where the number of samples was fixed beforehand. They use sums of non-negative terms only: no cancellation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tts.analysis.special import log_factorials

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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


def integers(name: str, value: npt.ArrayLike) -> Ints:
    """An argument as integers. Raises ValueError, by its name, where it holds others."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu" and not (array.size == 0):
        raise ValueError(f"{name} must be integers, not {array.dtype}")
    return array.astype(np.int64)


def _counts(n: npt.ArrayLike, c: npt.ArrayLike, k: npt.ArrayLike) -> tuple[Ints, Ints, Ints]:
    """The three broadcast, where 1 <= k <= n and 0 <= c <= n."""
    n_, c_, k_ = np.broadcast_arrays(*(integers(name, a) for name, a in (("n", n), ("c", c), ("k", k))))
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
    f, right, hit = log_factorials(n), c[:, None], hits[None, :]
    misses, spare = k - hit, n - right - k + hit
    possible = (hit <= right) & (spare >= 0)
    rest, spare = np.where(possible, right - hit, 0), np.where(possible, spare, 0)
    log = f[right] - f[hit] - f[rest] + f[n - right] - f[misses] - f[spare] - (f[n] - f[k] - f[n - k])
    return np.where(possible, np.exp(np.minimum(log, 0.0)), 0.0)


def _refuse(bad: npt.NDArray[np.bool_], why: str, n: Ints, c: Ints, k: Ints) -> None:
    if bad.any():
        at = tuple(np.argwhere(bad)[0])
        raise ValueError(f"{why}: n={n[at]}, c={c[at]}, k={k[at]}")
