"""``tts report RUN``: from a run directory to the files of its report."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tts.analysis import COLUMNS, LEVEL_COLUMNS, CurveRow, curves, read_run
from tts.core import UsageError
from tts.report.content import level_panels, panels
from tts.report.failures import failure_table
from tts.report.figure import draw_png, draw_svg, whole_picture
from tts.report.notes import notes
from tts.report.page import page
from tts.report.tables import write_tables


@dataclass(frozen=True, slots=True)
class ReportPaths:
    """Where the report lies."""

    csv: Path
    html: Path
    png: Path
    svg: Path
    failures: Path
    by_level: Path | None
    """The rows by difficulty; None where no benchmark states more than one level."""


def write_report(run: Path, parameters: Mapping[str, float] | None = None) -> ReportPaths:
    """Write ``curves.csv``, ``failures.csv``, ``report.html``, ``report.png`` and ``report.svg`` into ``RUN/report``.

    The same run gives the same bytes. ``by_level.csv`` is written beside them where a benchmark states more than one
    level of difficulty. Nothing else in the run directory is touched, and a run that is still being written may be
    reported on. ``parameters``: parameter counts of models whose FLOPs the run does not tell, see
    `tts.analysis.models_of`.
    Raises UsageError where ``run`` is no readable run directory, holds no complete problem, or is not writable.
    """
    data = read_run(run)
    result = curves(data, parameters)
    folder = run / "report"
    paths = ReportPaths(
        folder / "curves.csv",
        folder / "report.html",
        folder / "report.png",
        folder / "report.svg",
        folder / "failures.csv",
        folder / "by_level.csv" if result.by_level else None,
    )
    picture = whole_picture(
        panels(result.rows, result.by_level, data.info.get("oracle_verifiers") or ()),
        level_panels(result.rows, result.by_level),
        data.model,
    )
    files = {
        paths.csv: _csv(COLUMNS, result.rows).encode(),
        paths.html: page(data, result, notes(data, result)).encode(),
        paths.png: draw_png(picture),
        paths.svg: draw_svg(picture),
    }
    if paths.by_level:
        files[paths.by_level] = _csv(LEVEL_COLUMNS, result.by_level).encode()
    try:
        folder.mkdir(exist_ok=True)
        for path, content in files.items():
            _replace(path, content)
        write_tables(folder, {"failures": failure_table([data])})
    except OSError as error:
        raise UsageError(
            f"{error.filename or folder}: cannot write the report there ({error.strerror}); "
            "make the run directory writable, or copy the run"
        ) from error
    return paths


def _csv(columns: Iterable[str], rows: Sequence[CurveRow]) -> str:
    """The rows as CSV (RFC 4180 quoting, newline line ends), with a header line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(row.cells() for row in rows)
    return out.getvalue()


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    os.replace(partial, path)  # noqa: PTH105
