"""A prompt's success rate after a few samples: a beta prior fitted to all prompts, and what it makes of a pilot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

from tts.stats.beta_binomial import Counts

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MEAN = (-7.0, 7.0)
_SIZE = (-3.0, 7.0)
"""Ranges of the prior's mean (as logit) and of a + b (as logarithm): where all prompts are solved, or equally hard, the
likelihood has no maximum, and an end of the range is taken."""
_TIGHT = {"ftol": 1e-15, "gtol": 1e-9}
"""Where a climb ends."""


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

    The beta-binomial likelihood over mean and size, uphill from several sizes. Raises ValueError where there is no
    prompt, or not 0 <= successes <= draws and 1 <= draws.
    """
    c, n = np.broadcast_arrays(np.asarray(successes, dtype=np.int64), np.asarray(draws, dtype=np.int64))
    if not c.size or (c < 0).any() or (c > n).any() or (n < 1).any():
        raise ValueError("expected 0 <= successes <= draws and draws >= 1 for at least one prompt")
    counts = Counts.of(n.reshape(-1), c.reshape(-1)).sums(np.ones((1, c.size)))

    def loss(point: Floats) -> tuple[float, Floats]:
        mean, log_size = expit(point[0]), point[1]
        theta = np.array([[np.log(mean) + log_size, np.log1p(-mean) + log_size, -np.inf]])
        value, gradient, _ = counts.likelihood(theta)
        a, b = gradient[0, :2]
        return -float(value[0]), np.array([b * mean - a * (1 - mean), -a - b])

    start = np.clip(logit((c.sum() + 0.5) / (n.sum() + 1)), *_MEAN)
    climbs = [
        minimize(loss, [start, size], jac=True, method="L-BFGS-B", bounds=[_MEAN, _SIZE], options=_TIGHT)
        for size in (_SIZE[0] / 2, 1.0, _SIZE[1] / 2)
    ]
    mean, log_size = min(climbs, key=lambda climb: float(climb.fun)).x
    return Beta(float(expit(mean) * np.exp(log_size)), float(expit(-mean) * np.exp(log_size)))
