"""Samples made elsewhere, in the files of other tools, as a run directory like any other."""

from tts.importing.columns import Columns
from tts.importing.reading import Reading, parse_reading
from tts.importing.run import Imported, import_samples

__all__ = [
    "Columns",
    "Imported",
    "Reading",
    "import_samples",
    "parse_reading",
]
