"""Arrays in, arrays out: estimators, intervals, fits and calibration. It knows of no run, and reads no file."""

from tts.stats.beta_binomial import fit_beta_binomial
from tts.stats.coverage_law import fit_coverage_law
from tts.stats.estimators import all_of_k, avg_at_n, g_pass_at_k, largest_of_k, mean_g_pass_at_k, pass_at_k
from tts.stats.fits import Band, FitError
from tts.stats.intervals import (
    Interval,
    bootstrap_means,
    delete_one,
    mean_interval,
    same_value_interval,
    these_problems_interval,
)
from tts.stats.majority import majority_at_k
from tts.stats.overoptimisation import OverOptimisation, best_of_n_kl, distinct_scores, fit_over_optimisation
from tts.stats.paired import difference_curve, difference_interval, on_shared_problems
from tts.stats.saturation import fit_saturation
from tts.stats.scored import best_of_k, weighted_majority_at_k, worst_of_k

__all__ = [
    "Band",
    "FitError",
    "Interval",
    "OverOptimisation",
    "all_of_k",
    "avg_at_n",
    "best_of_k",
    "best_of_n_kl",
    "bootstrap_means",
    "delete_one",
    "difference_curve",
    "difference_interval",
    "distinct_scores",
    "fit_beta_binomial",
    "fit_coverage_law",
    "fit_over_optimisation",
    "fit_saturation",
    "g_pass_at_k",
    "largest_of_k",
    "majority_at_k",
    "mean_g_pass_at_k",
    "mean_interval",
    "on_shared_problems",
    "pass_at_k",
    "same_value_interval",
    "these_problems_interval",
    "weighted_majority_at_k",
    "worst_of_k",
]
