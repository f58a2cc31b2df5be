"""A prompt's success rate after a few samples: a beta prior fitted to all prompts, and what it makes of a pilot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MEAN = (-7.0, 7.0)
_SIZE = (-3.0, 7.0)
"""Ranges of the prior's mean (as logit) and of a + b (as logarithm): where all prompts are solved, or equally hard, the
likelihood has no maximum, and an end of the range is taken."""


@dataclass(frozen=True, slots=True)
class Beta:
    """A Beta(a, b) distribution of success rates."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        """Expected success rate."""
        return self.a / (self.a + self.b)

    def after(self, successes: int, draws: int) -> Beta:
        """The posterior after so many successes in so many independent draws."""
        if not 0 <= successes <= draws:
            raise ValueError(f"successes must lie in 0..{draws}, not {successes}")
        return Beta(self.a + successes, self.b + draws - successes)

    def coverage(self, most: int) -> Floats:
        """Probability that 1, 2, ... ``most`` fresh samples hold a correct one, shape (most,).

        1 - E[(1-p)^n] = 1 - prod over i < n of (b + i) / (a + b + i); concave in n.
        """
        i = np.arange(most)
        return np.asarray(1 - np.cumprod((self.b + i) / (self.a + self.b + i)))


def fit_beta(successes: npt.ArrayLike, draws: npt.ArrayLike) -> Beta:
    """The beta prior of greatest likelihood for prompts with ``successes`` (m,) correct of ``draws`` (m,) samples.

    The beta-binomial likelihood is searched on a grid over mean and size, refined around its best point until that is
    known to 1e-4 in logit and logarithm. Raises ValueError where there is no prompt, or not 0 <= successes <= draws and
    1 <= draws.
    """
    c, n = np.broadcast_arrays(np.asarray(successes, dtype=np.int64), np.asarray(draws, dtype=np.int64))
    if not c.size or (c < 0).any() or (c > n).any() or (n < 1).any():
        raise ValueError("expected 0 <= successes <= draws and draws >= 1 for at least one prompt")
    right, wrong, total = (_tail_counts(x) for x in (c, n - c, n))
    low, high = np.array([_MEAN[0], _SIZE[0]]), np.array([_MEAN[1], _SIZE[1]])
    bottom, top = low.copy(), high.copy()
    best = (bottom + top) / 2
    while (top - bottom).max() > 1e-4:
        means, sizes = (np.linspace(bottom[k], top[k], 21) for k in (0, 1))
        share = 1 / (1 + np.exp(-means))[:, None]
        size = np.exp(sizes)[None, :]
        value = _rising(share * size, right) + _rising((1 - share) * size, wrong) - _rising(size + 0 * share, total)
        i, j = np.unravel_index(int(np.argmax(value)), value.shape)
        best = np.array([means[i], sizes[j]])
        width = (top - bottom) / 6
        bottom, top = np.maximum(best - width, low), np.minimum(best + width, high)
    mean, size = 1 / (1 + np.exp(-best[0])), np.exp(best[1])
    return Beta(float(mean * size), float((1 - mean) * size))


def _tail_counts(x: Ints) -> Ints:
    """How many of ``x`` exceed 0, 1, 2, ...: how often each factor of a rising product occurs."""
    counts = np.bincount(x.reshape(-1))
    return np.asarray(x.size - np.cumsum(counts)[:-1], dtype=np.int64)


def _rising(base: Floats, occurrences: Ints) -> Floats:
    """Sum over i of occurrences[i] * log(base + i), shape of ``base``."""
    result = np.zeros(base.shape)
    for i, count in enumerate(occurrences):
        result += count * np.log(base + i)
    return result
