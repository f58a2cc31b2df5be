"""Samples made elsewhere: files of other tools as a run directory like any other, labelled solutions for a verifier."""

from tts.importing.columns import Columns
from tts.importing.run import Imported, import_samples
from tts.importing.solutions import Scored, Solution, read_solutions, score_solutions

__all__ = ["Columns", "Imported", "Scored", "Solution", "import_samples", "read_solutions", "score_solutions"]
