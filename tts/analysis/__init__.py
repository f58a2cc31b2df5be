"""The analysis wing: pure functions from arrays to arrays. No torch, no engine, no network."""

from tts.analysis.allocation import Options, allocate
from tts.analysis.architecture import Architecture, UnknownArchitectureError, read_architecture
from tts.analysis.axes import AXES, axis_of
from tts.analysis.beta_binomial import BetaBinomial, fit_beta_binomial
from tts.analysis.bins import Bins, quantile_bins, threshold_bins
from tts.analysis.calibration import brier_score, expected_calibration_error, fit_isotonic, fit_platt, reliability
from tts.analysis.choices import Choice
from tts.analysis.compare import compare_verifiers
from tts.analysis.comparison import Comparison
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
from tts.analysis.coverage_study import REACH, CoverageStudy, LevelStudy, Setting, strays, study_coverage, study_levels
from tts.analysis.curves import curves
from tts.analysis.discrimination import auroc, average_precision
from tts.analysis.estimators import all_of_k, avg_at_n, g_pass_at_k, mean_g_pass_at_k, pass_at_k
from tts.analysis.fits import Band, FitError
from tts.analysis.flops_matched import RATIOS, flops_matched, inference_multiplier
from tts.analysis.held_out import HeldOut, evaluate_plan
from tts.analysis.intervals import Interval, bootstrap_means, mean_interval, same_value_interval
from tts.analysis.jackknife import delete_one, these_problems_interval
from tts.analysis.joined import joined_curves, merged, run_names
from tts.analysis.levels import level_groups
from tts.analysis.majority import majority_at_k
from tts.analysis.matched_study import MatchedRow, study_matched
from tts.analysis.optimal import budget_ratio, compute_optimal, oracle_choice
from tts.analysis.optimal_study import OptimalStudy, name_of, study_optimal
from tts.analysis.overoptimisation import OverOptimisation, best_of_n_kl, distinct_scores, fit_over_optimisation
from tts.analysis.paired import difference_curve, difference_interval, on_shared_problems
from tts.analysis.plan import Row, make_plan, plan_counts, plan_json
from tts.analysis.planning import Rules, rehearse_run
from tts.analysis.posterior import Beta, fit_beta
from tts.analysis.prices import Prices, TokenPrices, engine_seconds, gpu_cost, read_prices, token_cost
from tts.analysis.process_bench import FirstError, best_threshold, cross_fitted, first_below, first_error
from tts.analysis.rows import COLUMNS, LEVEL_COLUMNS, CurveRow, Curves, LevelRow, Missing, Refused
from tts.analysis.saturation import Saturation, fit_saturation
from tts.analysis.scored import best_of_k, weighted_majority_at_k, worst_of_k
from tts.analysis.selection import EXACT, how_to_score, subset_accuracy
from tts.analysis.sequential import Rate, pass_until, pass_until_interval
from tts.analysis.verdicts import judged_by

__all__ = [
    "AXES",
    "COLUMNS",
    "COSTS",
    "EXACT",
    "LEVEL_COLUMNS",
    "POLICY",
    "RATIOS",
    "REACH",
    "Architecture",
    "Band",
    "Beta",
    "BetaBinomial",
    "Bins",
    "CellCost",
    "Choice",
    "Comparison",
    "CoverageLaw",
    "CoverageStudy",
    "CurveRow",
    "Curves",
    "FirstError",
    "FitError",
    "HeldOut",
    "Interval",
    "LevelRow",
    "LevelStudy",
    "MatchedRow",
    "Missing",
    "Models",
    "OptimalStudy",
    "Options",
    "OverOptimisation",
    "Prices",
    "Rate",
    "Refused",
    "Row",
    "Rules",
    "Saturation",
    "Setting",
    "TokenPrices",
    "UnknownArchitectureError",
    "all_of_k",
    "allocate",
    "auroc",
    "average_precision",
    "avg_at_n",
    "axis_of",
    "best_of_k",
    "best_of_n_kl",
    "best_threshold",
    "bootstrap_means",
    "brier_score",
    "budget_ratio",
    "cell_cost",
    "compare_verifiers",
    "compute_optimal",
    "cross_fitted",
    "curves",
    "delete_one",
    "difference_curve",
    "difference_interval",
    "distinct_scores",
    "engine_seconds",
    "evaluate_plan",
    "expected_calibration_error",
    "first_below",
    "first_error",
    "fit_beta",
    "fit_beta_binomial",
    "fit_coverage_law",
    "fit_isotonic",
    "fit_over_optimisation",
    "fit_platt",
    "fit_saturation",
    "flops_matched",
    "forward_flops",
    "g_pass_at_k",
    "generation_flops",
    "gpu_cost",
    "how_to_score",
    "inference_multiplier",
    "joined_curves",
    "judged_by",
    "level_groups",
    "majority_at_k",
    "make_plan",
    "mean_g_pass_at_k",
    "mean_interval",
    "merged",
    "models_of",
    "name_of",
    "on_shared_problems",
    "oracle_choice",
    "pass_at_k",
    "pass_flops",
    "pass_until",
    "pass_until_interval",
    "plan_counts",
    "plan_json",
    "quantile_bins",
    "read_architecture",
    "read_prices",
    "rehearse_run",
    "reliability",
    "run_names",
    "same_value_interval",
    "strays",
    "study_coverage",
    "study_levels",
    "study_matched",
    "study_optimal",
    "subset_accuracy",
    "these_problems_interval",
    "threshold_bins",
    "token_cost",
    "weighted_majority_at_k",
    "worst_of_k",
]
