"""How success rates are spread over problems: a beta distribution, and a share of problems that no sample solves.

From it coverage follows for every budget, beyond the samples held too: pass@k is the mean of 1 - (1-p)^k. Its tail near
p = 0 makes the power law of coverage, and fitting the tail extrapolates better than fitting the curve (Schaeffer et
al. 2025, "How Do Large Language Monkeys Get Their Power (Laws)?"). Maximum likelihood on the counts, which are
beta-binomial (Skellam 1948), by damped Newton steps on (log alpha, log beta, logit zero), many data sets at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.special import expit, gammaln

from tts.stats.coverage_law import need_mixed
from tts.stats.estimators import pass_at_k
from tts.stats.fits import Band, FitError, band, enough_problems, resampled, spread_over

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST_SAMPLES = 4
"""Samples a problem: two say nothing of a spread and a share of hopeless problems at once."""
RATIO = 2.706
"""Twice the gain in log-likelihood that the share of hopeless problems must bring: a 5% test. Its least value is the
edge of its range, where the gain is a half-and-half mixture of nothing and chi-squared (Self & Liang 1987)."""
_STEPS = 80
_TABLE = 1 << 15
"""Most cells of a table of outcomes by data sets."""
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
    each = Counts.of(total, right)
    first = _first_fit(each.sums(np.ones((1, len(total)))), total, right)
    start = np.maximum(first.mixed, [*_LOW[:2], -3.0])  # at the edge of zero there is no slope to leave it by
    own, refits = first.chosen(), _refits(each, first.plain, start)
    alpha, beta, zero = own[0].tolist()
    misfit = float(np.abs(_coverage(own, ks.astype(np.float64))[0] - measured).max())
    return BetaBinomial(alpha, beta, zero, least, len(total), misfit, refits)


@dataclass(frozen=True, slots=True)
class Counts:
    """The outcomes of R data sets: what occurs, and how many problems of each data set have it."""

    right: Ints
    """(S,) numbers of right samples of problems that have one."""
    wrong: Ints
    """(W,) numbers of wrong samples of all problems."""
    all: Ints
    """(N,) numbers of samples of all problems."""
    missed: Ints
    """(2, M) numbers of samples of problems without a right one, as places in ``wrong`` and ``all``."""
    tables: tuple[Floats, Floats, Floats, Floats]
    """(R, S), (R, W), (R, N): how many problems with a right sample have each; (R, M): how many without one."""

    @classmethod
    def of(cls, n: Ints, c: Ints) -> Counts:
        """Problems with ``c`` right ones among ``n`` samples, (m,) both: each problem is a data set, R = m."""
        some, none = c > 0, c == 0
        right, wrong, whole = np.unique(c[some]), np.unique(n - c), np.unique(n)
        missed = np.unique(n[none])
        ones = zip((right, wrong, whole, missed), (c, n - c, n, n), (some, some, some, none), strict=True)
        a, b, d, e = ((values == of[:, None]) * among[:, None].astype(np.float64) for values, of, among in ones)
        places = np.stack([np.searchsorted(wrong, missed), np.searchsorted(whole, missed)])
        return cls(right, wrong, whole, places, (a, b, d, e))

    def sums(self, times: Floats) -> Counts:
        """Data sets that hold these ``times`` (R', R) over."""
        a, b, d, e = (times @ table for table in self.tables)
        return replace(self, tables=(a, b, d, e))

    def rows(self, at: Ints) -> Counts:
        """Some of the data sets."""
        a, b, d, e = (table[at] for table in self.tables)
        return replace(self, tables=(a, b, d, e))

    def sizes(self) -> Floats:
        """(R,) problems."""
        size: Floats = self.tables[2].sum(axis=1) + self.tables[3].sum(axis=1)
        return size

    def likelihood(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Log-likelihood up to a constant, its gradient and its Hessian: (R,), (R, 3), (R, 3, 3), for theta (R, 3)."""
        alpha, beta = np.exp(theta[:, :1]), np.exp(theta[:, 1:2])
        rises = log_rising(alpha, self.right), log_rising(beta, self.wrong), log_rising(alpha + beta, self.all)
        (v, da, haa), (w, db, hbb), (u, dn, hn) = (
            [_dot(table, part) for part in parts] for table, parts in zip(self.tables, rises, strict=False)
        )
        a, b, zero, some = alpha[:, 0], beta[:, 0], expit(theta[:, 2]), self.tables[2].sum(axis=1)
        ga, gb, nothing = a * (da - dn), b * (db - dn), np.zeros_like(u)
        value = v + w - u - some * np.logaddexp(0.0, theta[:, 2])
        gradient = ga, gb, -zero * some
        hab, hzz = -a * b * hn, -zero * (1 - zero) * some
        hessian = ga + a * a * (haa - hn), hab, nothing, gb + b * b * (hbb - hn), nothing, hzz
        lower, upper = ([part[:, at] for part in parts] for parts, at in zip(rises[1:], self.missed, strict=True))
        return _joined((value, gradient, hessian), self._without_right(theta, alpha, beta, lower, upper))

    def _without_right(
        self, theta: Floats, alpha: Floats, beta: Floats, lower: Sequence[Floats], upper: Sequence[Floats]
    ) -> _Parts:
        """What the problems without a right sample add: log(zero + (1 - zero) e^g)."""
        g, ga, gb = lower[0] - upper[0], -alpha * upper[1], beta * (lower[1] - upper[1])
        haa, hab, hbb = ga - alpha**2 * upper[2], -alpha * beta * upper[2], gb + beta**2 * (lower[2] - upper[2])
        zero = expit(theta[:, 2:])
        r = expit(g - theta[:, 2:])  # probability that the rate is not zero
        spread = r * (1 - r)
        value = np.logaddexp(theta[:, 2:], g) - np.logaddexp(0.0, theta[:, 2:])
        gradient = r * ga, r * gb, (1 - r) - zero
        hessian = (
            r * haa + spread * ga**2,
            r * hab + spread * ga * gb,
            -spread * ga,
            r * hbb + spread * gb**2,
            -spread * gb,
            spread - zero * (1 - zero),
        )
        dot = partial(_dot, self.tables[3])
        return dot(value), tuple(map(dot, gradient)), tuple(map(dot, hessian))


def log_rising(x: Floats, steps: Ints) -> tuple[Floats, Floats, Floats]:
    """ln(Gamma(x + s) / Gamma(x)), which is a sum of s logarithms, and its first two derivatives by x.

    ``x`` (R, 1), above 0, and ``steps`` (S,), from 0 on: shape (R, S) each. The sums themselves are as quick as gamma
    functions here, quicker than polygammas, and lose no digits to a difference.
    """
    ladder = x + np.arange(steps.max(initial=0))
    first = 1 / ladder

    def sums(terms: Floats) -> Floats:
        upto = np.zeros((len(x), terms.shape[1] + 1))
        np.cumsum(terms, axis=1, out=upto[:, 1:])
        return upto[:, steps]

    return sums(np.log(ladder)), sums(first), sums(-first * first)


_Parts = tuple[Floats, tuple[Floats, ...], tuple[Floats, ...]]
"""Log-likelihood, gradient, and upper triangle of the Hessian row by row; (R,) each."""


def _joined(one: _Parts, other: _Parts) -> tuple[Floats, Floats, Floats]:
    gradient = np.stack([a + b for a, b in zip(one[1], other[1], strict=True)], axis=1)
    aa, ab, az, bb, bz, zz = (a + b for a, b in zip(one[2], other[2], strict=True))
    hessian = np.stack([aa, ab, az, ab, bb, bz, az, bz, zz], axis=1).reshape(-1, 3, 3)
    return one[0] + other[0], gradient, hessian


def _dot(weight: Floats, part: Floats) -> Floats:
    result: Floats = np.einsum("ru,ru->r", weight, part)
    return result


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
        zero = np.where(asked, expit(self.mixed[:, 2]), 0.0)
        return np.column_stack([np.exp(theta[:, :2]), zero])


def _first_fit(counts: Counts, n: Ints, c: Ints) -> _Maxima:
    """One data set, from moments; with hopeless problems also from the fit without them, and the better kept."""
    return _maxima(counts, _start(n, c, hopeless=0.0), _start(n, c, hopeless=0.8))


def _refits(each: Counts, plain: Floats, mixed: Floats) -> Floats:
    """alpha, beta and zero (R, 3) of resampled sets of problems, some sets at a time: their tables fit the cache."""
    times, step = resampled(len(each.tables[0])), max(1, _TABLE // len(each.wrong))
    parts = [each.sums(times[i : i + step]) for i in range(0, len(times), step)]
    return np.concatenate([_maxima(part, plain, mixed).chosen() for part in parts])


def _maxima(counts: Counts, plain: Floats, mixed: Floats) -> _Maxima:
    """From these starts, (1, 3)."""
    rows = (len(counts.tables[0]), 3)
    plain, without = _climb(counts, np.broadcast_to(plain, rows), free=2)
    mixed, within = _climb(counts, np.broadcast_to(mixed, rows), free=3)
    again, other = _climb(counts, np.column_stack([plain[:, :2], np.full(len(plain), -3.0)]), free=3)
    mixed = np.where((other > within)[:, None], again, mixed)
    return _Maxima(plain, mixed, np.maximum(within, other) - without)


def _start(n: Ints, c: Ints, hopeless: float) -> Floats:
    """By moments of the rates (1, 3), with the share ``hopeless`` of the problems without a right sample set aside."""
    kept, rate = np.where(c == 0, 1 - hopeless, 1.0), c / n
    mean = float(np.clip(kept @ rate / kept.sum(), 1e-3, 1 - 1e-3))
    square = kept @ (rate**2) / kept.sum() - mean**2
    among = np.clip(square / (mean * (1 - mean)), 1e-2, 0.95)  # 1 / (1 + alpha + beta), sampling noise apart
    size = 1 / among - 1
    zero = np.clip(hopeless * (c == 0).mean(), 1e-5, 1 - 1e-5)
    logit = np.log(zero / (1 - zero)) if hopeless else -np.inf
    return np.array([[np.log(mean * size), np.log((1 - mean) * size), logit]])


def _climb(counts: Counts, start: Floats, free: int) -> tuple[Floats, Floats]:
    """The first ``free`` parameters at their maximum, within their range, and the log-likelihood (R,) there.

    Levenberg's damping: towards Newton's step where the last one climbed, towards a short step uphill where it did not.
    """
    theta = start.copy()
    theta[:, :free] = np.clip(theta[:, :free], _LOW[:free], _HIGH[:free])
    value, first, second = counts.likelihood(theta)
    damping, problems = np.full(len(theta), 1e-3), counts.sizes()
    running = np.arange(len(theta))
    for _ in range(_STEPS):
        here = theta[running]
        scale, ways = np.linalg.eigh(-second[running][:, :free, :free])
        firm = np.maximum(np.abs(scale), 1e-6) + (damping * problems)[running, None]
        step = np.einsum("rij,rj->ri", ways, np.einsum("rji,rj->ri", ways, first[running][:, :free]) / firm)
        trial = here.copy()
        trial[:, :free] = np.clip(here[:, :free] + np.clip(step, -2, 2), _LOW[:free], _HIGH[:free])
        reached, slope, bend = counts.rows(running).likelihood(trial)
        gain = reached - value[running]
        up = gain >= 0
        at = running[up]
        theta[at], value[at], first[at], second[at] = trial[up], reached[up], slope[up], bend[up]
        damping[running] = np.where(up, damping[running] / 10, damping[running] * 10).clip(1e-9, 1e6)
        settled = (up & (gain < 1e-8)) | (np.abs(trial[:, :free] - here[:, :free]).max(axis=1) < 1e-7)
        running = running[~settled]
        if not len(running):
            break
    return theta, value


def _coverage(parameters: Floats, ks: Floats) -> Floats:
    """(R, 3) and (K,) to (R, K): (1 - zero) (1 - B(alpha, beta + k) / B(alpha, beta))."""
    alpha, beta, zero = parameters[:, :1], parameters[:, 1:2], parameters[:, 2:]
    log_missed = gammaln(beta + ks) - gammaln(beta) + gammaln(alpha + beta) - gammaln(alpha + beta + ks)
    result: Floats = (1 - zero) * -np.expm1(np.minimum(log_missed, 0.0))
    return result
