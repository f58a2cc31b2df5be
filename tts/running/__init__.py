"""The run wing: from a sweep file to a run directory. It meets the analysis wing only there."""

from tts.running.config import SweepConfig, load_strategy, parse_config, settings_of
from tts.running.directory import new_run_path
from tts.running.estimate import Expected, estimate
from tts.running.problems import render
from tts.running.run import Summary, run
from tts.running.score import score_run

__all__ = [
    "Expected",
    "Summary",
    "SweepConfig",
    "estimate",
    "load_strategy",
    "new_run_path",
    "parse_config",
    "render",
    "run",
    "score_run",
    "settings_of",
]
