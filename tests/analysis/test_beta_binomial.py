from itertools import product
from math import lgamma, log

import numpy as np
import pytest

from tts.stats import FitError, fit_beta_binomial, fits, pass_at_k
from tts.stats.beta_binomial import Counts, _coverage


@pytest.fixture
def few_resamples(monkeypatch):
    """For what does not depend on their number."""
    monkeypatch.setattr(fits, "RESAMPLES", 100)


def log_beta(a, b):
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def slow_log_likelihood(n, c, alpha, beta, zero):
    """From the definition, problem by problem, binomial coefficients left out."""
    total = 0.0
    for size, hits in zip(n, c, strict=True):
        chance = (1 - zero) * np.exp(log_beta(alpha + hits, beta + size - hits) - log_beta(alpha, beta))
        total += log(chance + (zero if hits == 0 else 0.0))
    return total


def draw(rng, alpha, beta, zero, m, n):
    return rng.binomial(n, rng.beta(alpha, beta, m) * (rng.random(m) >= zero))


def test_the_likelihood_is_its_definition_and_the_derivatives_are_its_differences():
    rng = np.random.default_rng(0)
    n = rng.integers(4, 20, 40)
    c = draw(rng, 0.5, 1.5, 0.3, 40, n)
    counts = Counts.of(n, c).sums(np.ones((1, 40)))
    theta = np.array([[-0.3, 0.4, -1.0]])
    alpha, beta, zero = np.exp(-0.3), np.exp(0.4), 1 / (1 + np.exp(1.0))
    value, gradient, hessian = counts.likelihood(theta)
    assert value[0] == pytest.approx(slow_log_likelihood(n, c, alpha, beta, zero))
    for i, step in enumerate(1e-5 * np.eye(3)):
        up, down = counts.likelihood(theta + step), counts.likelihood(theta - step)
        assert gradient[0, i] == pytest.approx((up[0] - down[0])[0] / 2e-5, rel=1e-5, abs=1e-6)
        assert hessian[0, i] == pytest.approx((up[1] - down[1])[0] / 2e-5, rel=1e-5, abs=1e-6)


def test_the_likelihood_of_resampled_problems_is_that_of_the_problems_drawn():
    rng = np.random.default_rng(4)
    n = rng.integers(4, 30, 40)
    c = draw(rng, 0.5, 1.5, 0.3, 40, n)
    drawn = rng.integers(0, 40, (5, 40))
    times = np.array([np.bincount(row, minlength=40) for row in drawn], dtype=float)
    theta = np.column_stack([rng.normal(size=(5, 2)), np.full(5, -1.5)])
    found = Counts.of(n, c).sums(times).rows(np.array([0, 3])).likelihood(theta[[0, 3]])[0]
    share = 1 / (1 + np.exp(1.5))
    expected = [slow_log_likelihood(n[drawn[i]], c[drawn[i]], *np.exp(theta[i, :2]), share) for i in (0, 3)]
    assert found == pytest.approx(expected)


def test_the_band_is_the_fit_of_resampled_problems():
    """Resamples are fitted together and from the first fit; alone and from moments they come to the same."""
    rng = np.random.default_rng(5)
    c = draw(rng, 1.0, 2.0, 0.3, 80, 32)
    fit, times = fit_beta_binomial(32, c), fits.resampled(80).astype(int)
    for i in (0, 17, 999):
        alone = fit_beta_binomial(32, np.repeat(c, times[i]))
        assert fit.resamples[i] == pytest.approx([alone.alpha, alone.beta, alone.zero], rel=1e-3)


@pytest.mark.parametrize(("alpha", "beta", "zero"), [(0.3, 2.0, 0.0), (0.8, 2.0, 0.3), (3.0, 1.0, 0.1)])
def test_no_parameters_nearby_are_more_likely(few_resamples, alpha, beta, zero):
    rng = np.random.default_rng(2)
    n = rng.integers(8, 33, 150)
    c = draw(rng, alpha, beta, zero, 150, n)
    fit = fit_beta_binomial(n, c)
    best = slow_log_likelihood(n, c, fit.alpha, fit.beta, fit.zero)
    for i, j, k in product((0.99, 1.0, 1.01), (0.99, 1.0, 1.01), (-0.005, 0.0, 0.005)):
        share = fit.zero + k if fit.zero else 0.0
        assert slow_log_likelihood(n, c, fit.alpha * i, fit.beta * j, share) <= best + 1e-7


def test_coverage_beyond_the_samples_is_found_with_and_without_hopeless_problems():
    rng = np.random.default_rng(1)
    for truth in ((0.4, 2.0, 0.0), (1.5, 3.0, 0.3)):
        fit = fit_beta_binomial(32, draw(rng, *truth, 300, 32))
        ks = np.array([1.0, 32.0, 512.0])
        found, expected = fit.coverage(ks, level=0.999), _coverage(np.array([truth]), ks)[0]
        assert (found.low < expected).all() and (expected < found.high).all()
        assert np.abs(found.value - expected).max() < 0.08
        assert (fit.zero > 0) == (truth[2] > 0)


def test_fitted_coverage_meets_the_measured_curve(few_resamples):
    c = draw(np.random.default_rng(3), 0.5, 1.0, 0.0, 200, 64)
    fit, ks = fit_beta_binomial(64, c), np.arange(1, 65)
    assert np.abs(fit.coverage(ks).value - pass_at_k(64, c[:, None], ks).mean(axis=0)).max() < 0.02
    assert fit.misfit < 0.02


def test_coverage_of_integers_is_the_beta_integral():
    """alpha 1, beta 2: the mean of 1 - (1-p)^k is 1 - 2/(k+2); a share of 1/4 is never solved."""
    ks = np.array([1.0, 5.0, 1e6])
    assert _coverage(np.array([[1.0, 2.0, 0.25]]), ks)[0] == pytest.approx(0.75 * (1 - 2 / (ks + 2)), rel=1e-9)
    rare = _coverage(np.array([[1e-3, 5.0, 0.0]]), np.array([1.0]))[0, 0]
    assert rare == pytest.approx(1e-3 / 5.001, rel=1e-9)


@pytest.mark.parametrize(
    ("n", "c", "reason"),
    [
        (64, [1] * 9, "9 problems are too few"),
        (3, [1] * 30, "3 samples a problem are too few"),
        (64, [0] * 30, "only 0 of 30 problems have both right and wrong samples"),
        (64, [64] * 30, "30 no wrong one"),
    ],
)
def test_too_little_data_is_refused_with_the_reason(n, c, reason):
    with pytest.raises(FitError, match=reason):
        fit_beta_binomial(n, c)


@pytest.mark.parametrize(("n", "c"), [(8, 9), (8, -1)])
def test_impossible_counts_are_refused(n, c):
    with pytest.raises(ValueError, match="must lie in"):
        fit_beta_binomial(n, [2] * 20 + [c])


@pytest.mark.parametrize(
    "c",
    [
        [0] * 97 + [1, 1, 2],
        [16] * 97 + [15, 12, 1],
        [0] * 50 + [16] * 47 + [3, 5, 15],
        [8] * 100,
        [7, 8] * 50,
        [0, 0, 1, 1, 15, 16, 16, 0, 0, 0],
    ],
)
def test_data_at_the_edges_give_finite_numbers_and_rising_coverage(few_resamples, c):
    fit = fit_beta_binomial(16, c)
    found = fit.coverage(np.geomspace(1, 1e9, 30))
    assert np.isfinite([fit.alpha, fit.beta, fit.zero, fit.misfit]).all() and np.isfinite(fit.resamples).all()
    assert all(((part >= 0) & (part <= 1)).all() for part in (found.value, found.low, found.high))
    assert (np.diff(found.value) >= -1e-12).all()


def test_equal_rates_are_a_narrow_distribution(few_resamples):
    c = np.random.default_rng(0).binomial(64, 0.25, 100)
    found = fit_beta_binomial(64, c).coverage([4]).value[0]
    assert found == pytest.approx(1 - 0.75**4, abs=0.02)


def test_budgets_below_1_are_refused(few_resamples):
    with pytest.raises(ValueError, match="from 1 on"):
        fit_beta_binomial(16, [4, 5] * 20).coverage([0])
