"""The analysis wing: pure functions from arrays to arrays. No torch, no engine, no network."""

from tts.analysis.curves import curves
from tts.analysis.estimators import all_of_k, avg_at_n, g_pass_at_k, majority_at_k, mean_g_pass_at_k, pass_at_k
from tts.analysis.intervals import Interval, bootstrap_means, mean_interval, same_value_interval
from tts.analysis.jackknife import delete_one, these_problems_interval
from tts.analysis.levels import level_groups
from tts.analysis.paired import difference_curve, difference_interval, on_shared_problems
from tts.analysis.process_bench import FirstError, best_threshold, cross_fitted, first_below, first_error
from tts.analysis.rows import COLUMNS, LEVEL_COLUMNS, CurveRow, Curves, LevelRow, Missing, Refused
from tts.analysis.rundata import Cell, Entry, ProblemInfo, RunData, connect, read_run
from tts.analysis.scored import best_of_k, weighted_majority_at_k, worst_of_k
from tts.analysis.selection import EXACT, subset_accuracy
from tts.analysis.sequential import Rate, pass_until, pass_until_interval

__all__ = [
    "COLUMNS",
    "EXACT",
    "LEVEL_COLUMNS",
    "Cell",
    "CurveRow",
    "Curves",
    "Entry",
    "FirstError",
    "Interval",
    "LevelRow",
    "Missing",
    "ProblemInfo",
    "Rate",
    "Refused",
    "RunData",
    "all_of_k",
    "avg_at_n",
    "best_of_k",
    "best_threshold",
    "bootstrap_means",
    "connect",
    "cross_fitted",
    "curves",
    "delete_one",
    "difference_curve",
    "difference_interval",
    "first_below",
    "first_error",
    "g_pass_at_k",
    "level_groups",
    "majority_at_k",
    "mean_g_pass_at_k",
    "mean_interval",
    "on_shared_problems",
    "pass_at_k",
    "pass_until",
    "pass_until_interval",
    "read_run",
    "same_value_interval",
    "subset_accuracy",
    "these_problems_interval",
    "weighted_majority_at_k",
    "worst_of_k",
]
