import numpy as np
import pytest

from tts.stats import FitError, fit_coverage_law, pass_at_k
from tts.stats.coverage_law import _law, _regress

KS = np.unique(np.round(np.geomspace(1, 256, 16)))


@pytest.mark.parametrize(("a", "b"), [(-3.5, -0.3), (-0.5, -0.8), (-8.0, -0.1), (-1e-3, -0.5), (-300.0, -0.9)])
def test_a_curve_that_follows_the_law_gives_its_parameters(a, b):
    ((u, slope),) = _regress(np.log(KS), np.exp(a * KS**b)[None, :])
    assert (-np.exp(u), slope) == (pytest.approx(a, rel=1e-6), pytest.approx(b, abs=1e-6))


def test_the_regression_is_at_the_maximum_of_its_likelihood():
    """A curve that does not follow the law: no parameters nearby are better."""
    x, y = np.log(KS), np.linspace(0.1, 0.9, len(KS))
    (found,) = _regress(x, y[None, :])

    def loss(u, b):
        mean = np.exp(-np.exp(u + b * x))
        return -(y * np.log(mean) + (1 - y) * np.log(1 - mean)).sum()

    steps = (-1e-3, 1e-3)
    assert all(loss(*found) < loss(found[0] + i, found[1] + j) for i in (0, *steps) for j in (0, *steps) if i or j)


def test_coverage_of_measured_budgets_is_met_and_the_band_holds_it():
    c = np.random.default_rng(0).binomial(64, np.random.default_rng(1).beta(0.3, 2.0, 200))
    law = fit_coverage_law(64, c)
    ks = np.array([1, 4, 16, 64])
    measured, found = pass_at_k(64, c[:, None], ks).mean(axis=0), law.at(ks)
    assert (law.n, law.problems, law.a < 0, law.b < 0) == (64, 200, True, True)
    assert np.abs(found.value - measured).max() <= law.misfit + 0.01 < 0.03
    assert (found.low < measured).all() and (measured < found.high).all()


def test_the_band_widens_with_fewer_problems_and_far_budgets_stay_between_0_and_1():
    c = np.random.default_rng(0).binomial(32, np.random.default_rng(1).beta(0.4, 1.0, 400))
    many, few = (fit_coverage_law(32, part).at([8, 10**9]) for part in (c, c[:40]))
    assert few.high[0] - few.low[0] > 2 * (many.high[0] - many.low[0])
    assert (many.low >= 0).all() and (many.high <= 1).all() and (many.value >= [0, many.value[0]]).all()


def test_unequal_numbers_of_samples_go_up_to_the_smallest():
    n = np.array([16, 32] * 20)
    assert fit_coverage_law(n, n // 4).n == 16


@pytest.mark.parametrize(
    ("n", "c", "reason"),
    [
        (64, [1] * 9, "9 problems are too few"),
        (4, [1] * 30, "4 samples a problem are too few"),
        (64, [0] * 30, "only 0 of 30 problems have both right and wrong samples .30 have no right one"),
        (64, [64] * 28 + [3] * 2, "28 no wrong one"),
    ],
)
def test_too_little_data_is_refused_with_the_reason(n, c, reason):
    with pytest.raises(FitError, match=reason):
        fit_coverage_law(n, c)


@pytest.mark.parametrize(
    "c", [[0] * 97 + [1, 1, 2], [64] * 97 + [63, 60, 1], [0] * 50 + [64] * 47 + [3, 5, 60]]
)  # fmt: skip
def test_curves_at_the_edges_give_finite_numbers(c):
    law = fit_coverage_law(64, c)
    found = law.at(np.geomspace(1, 1e12, 30))
    assert np.isfinite([law.a, law.b, law.misfit]).all() and np.isfinite(law.resamples).all()
    assert all(np.isfinite(part).all() for part in (found.value, found.low, found.high))
    assert (np.diff(found.value) >= 0).all(), "coverage rises with the budget"
    assert law.misfit < 0.02


def test_a_budget_below_1_is_refused():
    with pytest.raises(ValueError, match="from 1 on"):
        fit_coverage_law(16, [4] * 20).at([0.5])


def test_the_law_of_no_and_of_full_coverage_is_finite():
    x = np.log(KS)
    assert np.isfinite(_regress(x, np.stack([np.zeros(len(x)), np.ones(len(x))]))).all()
    assert _law(np.array([[-1e3, -1.0], [1e3, 0.0]]), x) == pytest.approx(np.stack([x * 0 + 1, x * 0]), abs=1e-12)
