"""Samples made elsewhere: files of other tools as a run directory like any other, labelled solutions for a verifier."""

from tts.importing.columns import Columns
from tts.importing.reading import Reading, parse_reading
from tts.importing.run import Imported, import_samples
from tts.importing.solutions import Scored, Solution, read_solutions, score_solutions

__all__ = [
    "Columns",
    "Imported",
    "Reading",
    "Scored",
    "Solution",
    "import_samples",
    "parse_reading",
    "read_solutions",
    "score_solutions",
]
