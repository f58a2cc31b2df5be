"""One life of a run: samples, scores and verdicts through the journal; also what adds scores to a finished run."""

from tts.session.problems import render, with_stop
from tts.session.replay import regrade_run, score_run
from tts.session.run import Summary, run

__all__ = [
    "Summary",
    "regrade_run",
    "render",
    "run",
    "score_run",
    "with_stop",
]
