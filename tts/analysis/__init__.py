"""The analysis wing: pure functions from arrays to arrays. No torch, no engine, no network."""

from tts.analysis.architecture import Architecture, UnknownArchitectureError, read_architecture
from tts.analysis.beta_binomial import BetaBinomial, fit_beta_binomial
from tts.analysis.compute import (
    COSTS,
    POLICY,
    CellCost,
    Models,
    cell_cost,
    forward_flops,
    generation_flops,
    models_of,
    pass_flops,
)
from tts.analysis.coverage_law import CoverageLaw, fit_coverage_law
from tts.analysis.curves import curves
from tts.analysis.estimators import all_of_k, avg_at_n, g_pass_at_k, majority_at_k, mean_g_pass_at_k, pass_at_k
from tts.analysis.fits import Band, FitError
from tts.analysis.intervals import Interval, bootstrap_means, mean_interval, same_value_interval
from tts.analysis.jackknife import delete_one, these_problems_interval
from tts.analysis.levels import level_groups
from tts.analysis.overoptimisation import OverOptimisation, best_of_n_kl, distinct_scores, fit_over_optimisation
from tts.analysis.paired import difference_curve, difference_interval, on_shared_problems
from tts.analysis.prices import Prices, TokenPrices, engine_seconds, gpu_cost, read_prices, token_cost
from tts.analysis.process_bench import FirstError, best_threshold, cross_fitted, first_below, first_error
from tts.analysis.rows import COLUMNS, LEVEL_COLUMNS, CurveRow, Curves, LevelRow, Missing, Refused
from tts.analysis.rundata import Cell, Entry, ProblemInfo, RunData, connect, read_run
from tts.analysis.saturation import Saturation, fit_saturation
from tts.analysis.scored import best_of_k, weighted_majority_at_k, worst_of_k
from tts.analysis.selection import EXACT, subset_accuracy
from tts.analysis.sequential import Rate, pass_until, pass_until_interval

__all__ = [
    "COLUMNS",
    "COSTS",
    "EXACT",
    "LEVEL_COLUMNS",
    "POLICY",
    "Architecture",
    "Band",
    "BetaBinomial",
    "Cell",
    "CellCost",
    "CoverageLaw",
    "CurveRow",
    "Curves",
    "Entry",
    "FirstError",
    "FitError",
    "Interval",
    "LevelRow",
    "Missing",
    "Models",
    "OverOptimisation",
    "Prices",
    "ProblemInfo",
    "Rate",
    "Refused",
    "RunData",
    "Saturation",
    "TokenPrices",
    "UnknownArchitectureError",
    "all_of_k",
    "avg_at_n",
    "best_of_k",
    "best_of_n_kl",
    "best_threshold",
    "bootstrap_means",
    "cell_cost",
    "connect",
    "cross_fitted",
    "curves",
    "delete_one",
    "difference_curve",
    "difference_interval",
    "distinct_scores",
    "engine_seconds",
    "first_below",
    "first_error",
    "fit_beta_binomial",
    "fit_coverage_law",
    "fit_over_optimisation",
    "fit_saturation",
    "forward_flops",
    "g_pass_at_k",
    "generation_flops",
    "gpu_cost",
    "level_groups",
    "majority_at_k",
    "mean_g_pass_at_k",
    "mean_interval",
    "models_of",
    "on_shared_problems",
    "pass_at_k",
    "pass_flops",
    "pass_until",
    "pass_until_interval",
    "read_architecture",
    "read_prices",
    "read_run",
    "same_value_interval",
    "subset_accuracy",
    "these_problems_interval",
    "token_cost",
    "weighted_majority_at_k",
    "worst_of_k",
]
