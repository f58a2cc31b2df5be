"""The analysis wing: pure functions from arrays to arrays. No torch, no engine, no network."""

from tts.analysis.curves import COLUMNS, EXACT, CurveRow, Curves, Missing, curves, subset_accuracy
from tts.analysis.estimators import majority_at_k, mean_at_k, pass_at_k
from tts.analysis.intervals import Interval, bootstrap_means, mean_interval, same_value_interval
from tts.analysis.rundata import Cell, Entry, ProblemInfo, RunData, connect, read_run

__all__ = [
    "COLUMNS",
    "EXACT",
    "Cell",
    "CurveRow",
    "Curves",
    "Entry",
    "Interval",
    "Missing",
    "ProblemInfo",
    "RunData",
    "bootstrap_means",
    "connect",
    "curves",
    "majority_at_k",
    "mean_at_k",
    "mean_interval",
    "pass_at_k",
    "read_run",
    "same_value_interval",
    "subset_accuracy",
]
