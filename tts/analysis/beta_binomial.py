"""How success rates are spread over problems: a beta distribution, and a share of problems that no sample solves.

From it coverage follows for every budget, beyond the samples held too: pass@k is the mean of 1 - (1-p)^k. Its tail near
p = 0 makes the power law of coverage, and fitting the tail extrapolates better than fitting the curve (Schaeffer et
al. 2025, "How Do Large Language Monkeys Get Their Power (Laws)?"). Maximum likelihood on the counts, which are
beta-binomial (Skellam 1948), by damped Newton steps on (log alpha, log beta, logit zero), many data sets at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.analysis.coverage_law import need_mixed
from tts.analysis.estimators import pass_at_k
from tts.analysis.fits import Band, FitError, band, enough_problems, resampled, spread_over
from tts.analysis.special import digamma, log_gamma, trigamma

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST_SAMPLES = 4
"""Samples a problem: two say nothing of a spread and a share of hopeless problems at once."""
RATIO = 2.706
"""Twice the gain in log-likelihood that the share of hopeless problems must bring: a 5% test. Its least value is the
edge of its range, where the gain is a half-and-half mixture of nothing and chi-squared (Self & Liang 1987)."""
_STEPS = 80
_LOW, _HIGH = np.array([-9.0, -9.0, -12.0]), np.array([12.0, 12.0, 12.0])
"""Range of (log alpha, log beta, logit zero): equal rates are the upper end, all-or-nothing problems the lower one."""


@dataclass(frozen=True, slots=True)
class BetaBinomial:
    """A share ``zero`` of problems has success rate 0, the others have Beta(alpha, beta)."""

    alpha: float
    beta: float
    zero: float
    """0 where the data do not ask for it: the likelihood-ratio test at 5%."""
    n: int
    """Smallest number of samples a problem."""
    problems: int
    misfit: float
    """Largest distance between the fitted coverage and the measured curve, k up to n."""
    resamples: Floats
    """(R, 3): alpha, beta and zero of resampled sets of problems, each with its own test for zero."""

    def coverage(self, k: npt.ArrayLike, level: float = 0.95) -> Band:
        """pass@k at budgets ``k`` (K,), beyond n too, with the band that the choice of problems gives.

        The band holds if rates have this distribution. Raises ValueError where k < 1.
        """
        ks = np.atleast_1d(np.asarray(k, dtype=np.float64))
        if not (ks.ndim == 1 and np.isfinite(ks).all() and (ks >= 1).all()):
            raise ValueError("budgets must be numbers from 1 on, shape (K,)")
        own = np.array([[self.alpha, self.beta, self.zero]])
        return band(_coverage(own, ks)[0], _coverage(self.resamples, ks), level)


def fit_beta_binomial(n: npt.ArrayLike, c: npt.ArrayLike) -> BetaBinomial:
    """Maximum-likelihood fit to problems with ``c`` right ones among ``n`` samples; (m,) both, or one ``n`` for all.

    Raises FitError where fewer than 10 problems, 4 samples a problem, or 3 problems with both right and wrong
    samples are known; ValueError where the counts are impossible.
    """
    total, right = np.broadcast_arrays(np.atleast_1d(n), np.atleast_1d(c))
    enough_problems(len(total))
    least = int(total.min())
    if least < FEWEST_SAMPLES:
        raise FitError(f"{least} samples a problem are too few for a beta-binomial fit; it needs {FEWEST_SAMPLES}")
    ks = spread_over(least, 16)
    measured = pass_at_k(total[:, None], right[:, None], ks).mean(axis=0)
    need_mixed(total, right)
    cases, which = np.unique(np.stack([total, right]), axis=1, return_inverse=True)
    counts = _Counts(*cases.astype(np.float64))
    one = np.eye(cases.shape[1])[which.reshape(-1)]  # (m, U): the case of each problem
    first = _first_fit(counts, one.sum(axis=0, keepdims=True))
    start = np.maximum(first.mixed, [*_LOW[:2], -3.0])  # at the edge of zero there is no slope to leave it by
    own, refits = first.chosen(), _maxima(counts, resampled(len(total)) @ one, first.plain, start).chosen()
    alpha, beta, zero = own[0].tolist()
    misfit = float(np.abs(_coverage(own, ks.astype(np.float64))[0] - measured).max())
    return BetaBinomial(alpha, beta, zero, least, len(total), misfit, refits)


@dataclass(frozen=True)
class _Counts:
    """The distinct outcomes (U,) of problems; how many problems have each is a matter of the data set, (R, U)."""

    n: Floats
    c: Floats

    def log_likelihood(self, theta: Floats, weight: Floats) -> Floats:
        """(R, 3) and (R, U) to (R,), up to a constant."""
        alpha, beta = np.exp(theta[:, :1]), np.exp(theta[:, 1:2])
        logs = log_gamma(alpha + self.c) + log_gamma(beta + self.n - self.c) - log_gamma(alpha + beta + self.n)
        logs += log_gamma(alpha + beta) - log_gamma(alpha) - log_gamma(beta)
        some = logs - np.logaddexp(0.0, theta[:, 2:])
        none = np.logaddexp(theta[:, 2:], logs) - np.logaddexp(0.0, theta[:, 2:])
        total: Floats = (weight * np.where(self.c == 0, none, some)).sum(axis=1)
        return total

    def derivatives(self, theta: Floats, weight: Floats) -> tuple[Floats, Floats]:
        """Gradient (R, 3) and Hessian (R, 3, 3) of the log-likelihood."""
        alpha, beta, zero = np.exp(theta[:, :1]), np.exp(theta[:, 1:2]), 1 / (1 + np.exp(-theta[:, 2:]))
        both, wrong = alpha + beta, self.n - self.c
        shared, shared2 = digamma(both) - digamma(both + self.n), trigamma(both) - trigamma(both + self.n)
        ga = alpha * (digamma(alpha + self.c) - digamma(alpha) + shared)
        gb = beta * (digamma(beta + wrong) - digamma(beta) + shared)
        haa = ga + alpha**2 * (trigamma(alpha + self.c) - trigamma(alpha) + shared2)
        hbb = gb + beta**2 * (trigamma(beta + wrong) - trigamma(beta) + shared2)
        hab = alpha * beta * shared2
        # of a problem without a right sample: the probability that its rate is not zero, from log(zero + (1-zero) e^g)
        g = log_gamma(beta + wrong) - log_gamma(beta) + log_gamma(both) - log_gamma(both + self.n)
        r = np.where(self.c == 0, 1 / (1 + np.exp(np.minimum(theta[:, 2:] - g, 700))), 1.0)
        spread = r * (1 - r)
        bend = zero * (1 - zero)
        gradient = [r * ga, r * gb, (1 - r) - zero]
        hessian = [
            [r * haa + spread * ga**2, r * hab + spread * ga * gb, -spread * ga],
            [r * hab + spread * ga * gb, r * hbb + spread * gb**2, -spread * gb],
            [-spread * ga, -spread * gb, spread - bend],
        ]
        first = np.stack([(weight * part).sum(axis=1) for part in gradient], axis=1)
        second = np.stack([np.stack([(weight * part).sum(axis=1) for part in row], axis=1) for row in hessian], axis=1)
        return first, second


@dataclass(frozen=True)
class _Maxima:
    """Where the likelihoods without and with hopeless problems are highest, for R data sets."""

    plain: Floats
    """(R, 3): log alpha, log beta, -inf."""
    mixed: Floats
    gain: Floats
    """(R,): by how much the log-likelihood with them is higher."""

    def chosen(self) -> Floats:
        """alpha, beta and zero (R, 3), zero only where the test asks for it."""
        asked = 2 * self.gain > RATIO
        theta = np.where(asked[:, None], self.mixed, self.plain)
        zero = np.where(asked, 1 / (1 + np.exp(-self.mixed[:, 2])), 0.0)
        return np.column_stack([np.exp(theta[:, :2]), zero])


def _first_fit(counts: _Counts, weight: Floats) -> _Maxima:
    """One data set (1, U), from moments; with hopeless problems also from the fit without them, and the better kept."""
    return _maxima(counts, weight, _start(counts, weight, hopeless=0.0), _start(counts, weight, hopeless=0.8))


def _maxima(counts: _Counts, weight: Floats, plain: Floats, mixed: Floats) -> _Maxima:
    """From these starts, (1, 3) or (R, 3)."""
    rows = (len(weight), 3)
    plain, without = _climb(counts, weight, np.broadcast_to(plain, rows), free=2)
    mixed, within = _climb(counts, weight, np.broadcast_to(mixed, rows), free=3)
    again, other = _climb(counts, weight, np.column_stack([plain[:, :2], np.full(len(plain), -3.0)]), free=3)
    mixed = np.where((other > within)[:, None], again, mixed)
    return _Maxima(plain, mixed, np.maximum(within, other) - without)


def _start(counts: _Counts, weight: Floats, hopeless: float) -> Floats:
    """By moments of the rates, with the share ``hopeless`` of the problems without a right sample set aside."""
    kept = weight * np.where(counts.c == 0, 1 - hopeless, 1.0)
    total, rate = kept.sum(axis=1), counts.c / counts.n
    mean = np.clip(kept @ rate / total, 1e-3, 1 - 1e-3)
    square = kept @ (rate**2) / total - mean**2
    among = np.clip(square / (mean * (1 - mean)), 1e-2, 0.95)  # 1 / (1 + alpha + beta), sampling noise apart
    size = 1 / among - 1
    zero = np.clip(hopeless * (weight @ (counts.c == 0)) / weight.sum(axis=1), 1e-5, 1 - 1e-5)
    logit = np.log(zero / (1 - zero)) if hopeless else np.full(len(mean), -np.inf)
    return np.column_stack([np.log(mean * size), np.log((1 - mean) * size), logit])


def _climb(counts: _Counts, weight: Floats, start: Floats, free: int) -> tuple[Floats, Floats]:
    """The first ``free`` parameters at their maximum, within their range, and the log-likelihood (R,) there.

    Levenberg's damping: towards Newton's step where the last one climbed, towards a short step uphill where it did not.
    """
    theta = start.copy()
    theta[:, :free] = np.clip(theta[:, :free], _LOW[:free], _HIGH[:free])
    value, damping = counts.log_likelihood(theta, weight), np.full(len(theta), 1e-3)
    running = np.arange(len(theta))
    for _ in range(_STEPS):
        here, mass = theta[running], weight[running]
        first, second = (d[:, :free] if d.ndim == 2 else d[:, :free, :free] for d in counts.derivatives(here, mass))
        scale, ways = np.linalg.eigh(-second)
        firm = np.maximum(np.abs(scale), 1e-6) + damping[running, None] * mass.sum(axis=1, keepdims=True)
        step = np.einsum("rij,rj->ri", ways, np.einsum("rji,rj->ri", ways, first) / firm)
        trial = here.copy()
        trial[:, :free] = np.clip(here[:, :free] + np.clip(step, -2, 2), _LOW[:free], _HIGH[:free])
        reached = counts.log_likelihood(trial, mass)
        gain = reached - value[running]
        up = gain >= 0
        theta[running[up]], value[running[up]] = trial[up], reached[up]
        damping[running] = np.where(up, damping[running] / 10, damping[running] * 10).clip(1e-9, 1e6)
        settled = (up & (gain < 1e-8)) | (np.abs(trial[:, :free] - here[:, :free]).max(axis=1) < 1e-7)
        running = running[~settled]
        if not len(running):
            break
    return theta, value


def _coverage(parameters: Floats, ks: Floats) -> Floats:
    """(R, 3) and (K,) to (R, K): (1 - zero) (1 - B(alpha, beta + k) / B(alpha, beta))."""
    alpha, beta, zero = parameters[:, :1], parameters[:, 1:2], parameters[:, 2:]
    log_missed = log_gamma(beta + ks) - log_gamma(beta) + log_gamma(alpha + beta) - log_gamma(alpha + beta + ks)
    result: Floats = (1 - zero) * -np.expm1(np.minimum(log_missed, 0.0))
    return result
