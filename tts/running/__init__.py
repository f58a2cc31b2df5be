"""The run wing: from a sweep file to a run directory. It meets the analysis wing only there."""

from tts.running.config import SweepConfig, load_strategy, parse_config, settings_of
from tts.running.problems import render
from tts.running.run import Summary, run
from tts.running.rundir import new_run_path

__all__ = ["Summary", "SweepConfig", "load_strategy", "new_run_path", "parse_config", "render", "run", "settings_of"]
