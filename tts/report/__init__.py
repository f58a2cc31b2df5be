"""The report of a run: curves as a table, one self-contained page and one picture. It only reads the run."""

from tts.report.write import ReportPaths, write_report

__all__ = [
    "ReportPaths",
    "write_report",
]
