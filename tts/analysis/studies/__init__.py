"""What is asked of runs: verifiers compared, coverage and what is compute-optimal."""

from tts.analysis.studies.compare import compare_verifiers
from tts.analysis.studies.comparison import Comparison
from tts.analysis.studies.coverage_study import (
    REACH,
    CoverageStudy,
    LevelStudy,
    Setting,
    strays,
    study_coverage,
    study_levels,
)
from tts.analysis.studies.flops_matched import RATIOS
from tts.analysis.studies.matched_study import MatchedRow, study_matched
from tts.analysis.studies.optimal import budget_ratio, compute_optimal, oracle_choice
from tts.analysis.studies.optimal_study import OptimalStudy, name_of, study_optimal
from tts.analysis.studies.process_bench import FirstError, best_threshold, cross_fitted, first_below, first_error

__all__ = [
    "RATIOS",
    "REACH",
    "Comparison",
    "CoverageStudy",
    "FirstError",
    "LevelStudy",
    "MatchedRow",
    "OptimalStudy",
    "Setting",
    "best_threshold",
    "budget_ratio",
    "compare_verifiers",
    "compute_optimal",
    "cross_fitted",
    "first_below",
    "first_error",
    "name_of",
    "oracle_choice",
    "strays",
    "study_coverage",
    "study_levels",
    "study_matched",
    "study_optimal",
]
