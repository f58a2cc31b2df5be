"""``tts report RUN``: from a run directory to the three files of its report."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tts.analysis import COLUMNS, CurveRow, curves, read_run
from tts.core import UsageError
from tts.report.content import panels
from tts.report.figure import draw_png
from tts.report.notes import notes
from tts.report.page import page


@dataclass(frozen=True, slots=True)
class ReportPaths:
    """Where the report lies."""

    csv: Path
    html: Path
    png: Path


def write_report(run: Path) -> ReportPaths:
    """Write ``RUN/report/curves.csv``, ``report.html`` and ``report.png``; the same run gives the same bytes.

    Nothing else in the run directory is touched, and a run that is still being written may be reported on.
    Raises UsageError where ``run`` is no readable run directory, holds no complete problem, or is not writable.
    """
    data = read_run(run)
    result = curves(data)
    folder = run / "report"
    paths = ReportPaths(folder / "curves.csv", folder / "report.html", folder / "report.png")
    files = {
        paths.csv: curves_csv(result.rows).encode(),
        paths.html: page(data, result, notes(data, result)).encode(),
        paths.png: draw_png(panels(result.rows), data.model),
    }
    try:
        folder.mkdir(exist_ok=True)
        for path, content in files.items():
            _replace(path, content)
    except OSError as error:
        raise UsageError(
            f"{error.filename or folder}: cannot write the report there ({error.strerror}); "
            "make the run directory writable, or copy the run"
        ) from error
    return paths


def curves_csv(rows: Sequence[CurveRow]) -> str:
    """The rows as CSV (RFC 4180 quoting, newline line ends), with a header line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row.cells() for row in rows)
    return out.getvalue()


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    os.replace(partial, path)  # noqa: PTH105
