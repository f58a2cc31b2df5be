"""One life of a run: samples, scores and verdicts through the journal; also what adds scores to a finished run."""

from tts.session.problems import render
from tts.session.run import Summary, run
from tts.session.score import score_run

__all__ = [
    "Summary",
    "render",
    "run",
    "score_run",
]
