"""What ``n`` samples of one problem say about a budget of ``k`` samples, exactly.

All estimators here are averages over every ``k``-subset of the samples held, so they are unbiased for a fresh draw
of ``k`` where the number of samples was fixed beforehand. They use sums of non-negative terms only: no cancellation.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln
from scipy.stats import hypergeom

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
    Raises ValueError where not 1 <= k <= n, 0 <= c <= n and 0 < tau <= 1.
    """
    share = np.asarray(tau, dtype=np.float64)
    if not ((share > 0) & (share <= 1)).all():
        raise ValueError(f"tau must lie in (0, 1], not {share[~((share > 0) & (share <= 1))].flat[0]:g}")
    n_, c_, k_ = _counts(n, c, k)
    needed = np.maximum(np.ceil(share * k_ - _WHOLE), 1)
    return _at_least(needed, n_, c_, k_)


def mean_g_pass_at_k(n: npt.ArrayLike, c: npt.ArrayLike, k: npt.ArrayLike) -> Floats:
    """mG-Pass@k: `g_pass_at_k` averaged over thresholds from 1/2 to 1 (Liu et al. 2024, section 3).

    2/k times the sum of G-Pass@k_(i/k) over i = ceil(k/2) + 1 .. k, that is 2/k E[max(hits - ceil(k/2), 0)]; 0 at
    k = 1, where the sum is empty. Shapes and errors as `all_of_k`.
    """
    n_, c_, k_ = _counts(n, c, k)
    cases, place = np.unique(np.stack([n_, c_, k_]).reshape(3, -1), axis=1, return_inverse=True)
    total, right, size = cases
    half, sums = (size + 1) // 2, np.zeros(size.shape)
    for i in range(int((size - half).max(initial=0))):  # E[max(hits - half, 0)] is the sum of P(hits > half + i)
        at = np.flatnonzero((half + i < size) & (half + i < right))
        sums[at] += _at_least(half[at] + i + 1, total[at], right[at], size[at])
    return np.asarray((2 / size * sums)[place.reshape(-1)].reshape(n_.shape))


def largest_of_k(values: npt.ArrayLike, k: npt.ArrayLike) -> Floats:
    """Expected largest of a random ``k``-subset of ``values`` (n,), exactly; shape of ``k``.

    The i-th smallest value is the largest of C(i - 1, k - 1) of the C(n, k) subsets. Raises ValueError where not
    1 <= k <= n.
    """
    ordered, ks = np.sort(np.asarray(values, dtype=np.float64)), integers("k", k)
    n = len(ordered)
    if ks.size and not (ks.min() >= 1 and ks.max() <= n):
        raise ValueError(f"k must lie in 1..{n}, not {ks.min()}..{ks.max()}")
    return np.asarray(_largest(n, tuple(ks.reshape(-1).tolist())) @ ordered).reshape(ks.shape)


@lru_cache(maxsize=64)
def _largest(n: int, ks: tuple[int, ...]) -> Floats:
    """Shape (K, n): the share of k-subsets whose largest is the i-th smallest value."""
    i, k = np.arange(1, n + 1)[None, :], np.array(ks, dtype=np.int64)[:, None]
    log = gammaln(i) - gammaln(k) - gammaln(np.maximum(i - k, 0) + 1)
    log -= gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray(np.where(i >= k, np.exp(log), 0.0))


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


def _at_least(hits: npt.NDArray[np.number], n: Ints, c: Ints, k: Ints) -> Floats:
    """Probability of so many ``hits`` or more in a ``k``-subset."""
    return np.asarray(np.clip(hypergeom.sf(hits - 1, n, c, k), 0.0, 1.0))


def _refuse(bad: npt.NDArray[np.bool_], why: str, n: Ints, c: Ints, k: Ints) -> None:
    if bad.any():
        at = tuple(np.argwhere(bad)[0])
        raise ValueError(f"{why}: n={n[at]}, c={c[at]}, k={k[at]}")
