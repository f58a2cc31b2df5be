import numpy as np
import pytest

from tts.stats import FitError, best_of_k, best_of_n_kl, distinct_scores, fit_over_optimisation

N = 2 ** np.arange(9)
D = np.sqrt(best_of_n_kl(N))


def problems(curve, m=100, noise=0.0):
    rng = np.random.default_rng(0)
    half = rng.uniform(-1, 1, (m // 2, 1)) * np.minimum(curve, 1 - curve) * 0.8
    values = np.concatenate([curve + half, curve - half])
    return np.clip(values + noise * rng.normal(0, 1, values.shape), 0, 1)


def test_the_divergence_is_that_of_the_best_of_a_continuous_score():
    """KL of the maximum of n uniforms from one: the integral of n u^(n-1) ln(n u^(n-1))."""
    u = (np.arange(200_000) + 0.5) / 200_000
    for n in (1, 2, 7, 64):
        log_density = np.log(n) + (n - 1) * np.log(u)
        assert float(best_of_n_kl(n)) == pytest.approx(float((np.exp(log_density) * log_density).mean()), abs=1e-4)


def test_with_ties_the_divergence_is_an_upper_bound():
    """Two outputs, scores 0 and 1, one in four right: best-of-n over the tied groups."""
    for n in (2, 8, 64):
        top = 1 - 0.75**n
        true = top * np.log(top / 0.25) + (1 - top) * np.log((1 - top) / 0.75)
        assert true < best_of_n_kl(n)


def test_a_parabola_gives_its_parameters_and_its_top():
    fit = fit_over_optimisation(N, problems(0.4 + D * (0.3 - 0.1 * D)), distinct=True)
    assert (fit.start, fit.alpha, fit.beta) == pytest.approx((0.4, 0.3, 0.1), abs=1e-9)
    assert fit.misfit < 1e-9
    peak = fit.peak()
    assert np.sqrt(best_of_n_kl(peak.value)) == pytest.approx([1.5], abs=1e-6)
    assert fit.at([1]).value == pytest.approx([0.4])
    assert fit.end_slope().value[0] == pytest.approx(0.3 - 0.2 * D[-1])


def test_a_fall_is_over_optimisation_and_levelling_off_is_not():
    falls = fit_over_optimisation(N, problems(0.4 + D * (0.3 - 0.1 * D), noise=0.03), distinct=True)
    rises = fit_over_optimisation(N, problems(0.4 + 0.1 * D, noise=0.03), distinct=True)
    level = fit_over_optimisation(N, problems(0.7 - 0.3 * np.exp(-2 * D), noise=0.03), distinct=True)
    assert [f.over_optimised() for f in (falls, rises, level)] == [True, False, False]
    assert level.end_slope().high[0] < 0, "its parabola does bend down"
    assert rises.peak().high[0] == pytest.approx(256)
    assert 1 < falls.peak().low[0] <= falls.peak().value[0] <= falls.peak().high[0] < 256
    assert falls.fall.low > 0 > rises.fall.low


def test_a_score_that_prefers_wrong_answers_peaks_at_one_sample():
    fit = fit_over_optimisation(N, problems(0.5 - 0.1 * D), distinct=True)
    assert fit.peak().value == pytest.approx([1.0])
    assert fit.over_optimised()


def test_a_parabola_open_upwards_peaks_at_an_end():
    up = fit_over_optimisation(N, problems(0.5 - 0.2 * D + 0.1 * D**2), distinct=True)
    assert up.peak().value == pytest.approx([256])
    down = fit_over_optimisation(N, problems(0.5 - 0.3 * D + 0.1 * D**2), distinct=True)
    assert down.peak().value == pytest.approx([1])


def test_curves_of_real_estimators_are_taken():
    """A score that tells right from wrong but is fooled by one wrong answer in twenty: it rises, then falls."""
    rng = np.random.default_rng(3)
    curves = []
    for rate in rng.beta(2, 2, 60):
        correct = rng.random(256) < rate
        fooled = ~correct & (rng.random(256) < 0.05)
        scores = rng.normal(0, 1, 256) + 1.5 * correct + 6 * fooled
        curves.append(best_of_k(scores, correct, N))
    fit = fit_over_optimisation(N, curves, distinct=True)
    assert fit.over_optimised()
    assert 2 < fit.peak().value[0] < 64


def test_equal_scores_are_seen_and_carried():
    assert distinct_scores([[0.1, 0.2], [0.1, 0.3]])
    assert not distinct_scores([[0.1, 0.2], [0.3, 0.3]])
    assert not fit_over_optimisation(N, problems(0.4 + 0.1 * D), distinct=False).exact_kl


@pytest.mark.parametrize(
    ("n", "values", "reason"),
    [
        ([1, 2, 16], problems(0.4 + 0.1 * D[:3]), "3 budgets are too few"),
        ([1, 2, 3, 4], problems(0.4 + 0.1 * D[:4]), "best-of-4 is the largest"),
        (N, problems(0.4 + 0.1 * D, m=8), "8 problems are too few"),
    ],
)
def test_too_little_data_is_refused_with_the_reason(n, values, reason):
    with pytest.raises(FitError, match=reason):
        fit_over_optimisation(n, values, distinct=True)


def test_what_the_law_cannot_say_is_refused():
    fit = fit_over_optimisation(N, problems(0.4 + 0.1 * D), distinct=True)
    for n in (512, 0.5, float("nan")):
        with pytest.raises(ValueError, match=r"1\.\.256"):
            fit.at([n])
    with pytest.raises(ValueError, match="from 1 on"):
        best_of_n_kl([4, 0])
    with pytest.raises(ValueError, match="integers"):
        fit_over_optimisation(N * 1.0, problems(0.4 + 0.1 * D), distinct=True)
    with pytest.raises(ValueError, match="shape"):
        fit_over_optimisation(N, problems(0.4 + 0.1 * D[:5]), distinct=True)
