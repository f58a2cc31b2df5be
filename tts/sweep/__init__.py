"""What is to be done: configuration, settings, cells and what they come to at most."""

from tts.sweep.changes import Follow
from tts.sweep.config import SweepConfig, load_strategy, parse_config, settings_of
from tts.sweep.directory import new_run_path
from tts.sweep.estimate import estimate

__all__ = [
    "Follow",
    "SweepConfig",
    "estimate",
    "load_strategy",
    "new_run_path",
    "parse_config",
    "settings_of",
]
