"""``tts report RUN...``: from run directories to the files of their report."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tts.analysis import COLUMNS, LEVEL_COLUMNS, Curves, joined_curves, merged
from tts.core import UsageError
from tts.report.charts.figure import draw, section_picture, whole_picture
from tts.report.charts.look import Spec
from tts.report.content import level_panels, only, panels, shown_first
from tts.report.failures import failure_table
from tts.report.notes import notes
from tts.report.page.document import Report, page
from tts.report.sections.every import KEYS, sections
from tts.report.tables.writing import TextTable, write_files, write_tables
from tts.store import read_run


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
    sections: tuple[Path, ...]
    """A folder each, with its picture and tables, where a section has some."""


def write_report(
    run: Path | Sequence[Path], parameters: Mapping[str, float] | None = None, out: Path | None = None
) -> ReportPaths:
    """Write the report of a run, or of several joined, into ``out``.

    ``out``: default ``RUN/report``, for several runs ``RUN/report/joined`` of the first. The same runs give the same
    bytes, and a run that is still being written may be reported on; nothing else in a run directory is touched. Every
    CSV file has a Parquet file beside it, and each section a folder. ``parameters``: parameter counts of models whose
    FLOPs a run does not tell, see `tts.analysis.models_of`.
    Raises UsageError where a ``run`` is no readable run directory, holds no complete problem, runs took up different
    problems of one benchmark, or ``out`` is not writable.
    """
    places = [run] if isinstance(run, Path) else list(run)
    runs = [read_run(place) for place in places]
    found = joined_curves(runs, parameters)
    result = merged(found)
    folder = out or (places[0] / "report" if len(places) == 1 else places[0] / "report" / "joined")
    parts = sections(runs)
    report = Report(runs, result, notes(runs, found), parts)
    paths = ReportPaths(
        folder / "curves.csv",
        folder / "report.html",
        folder / "report.png",
        folder / "report.svg",
        folder / "failures.csv",
        folder / "by_level.csv" if result.by_level else None,
        tuple(folder / part.key for part in parts if part.charts or part.tables),
    )
    files = {paths.html: page(report).encode()}
    files[paths.svg], files[paths.png] = draw(_picture(report))
    for part in parts:
        if part.charts:
            large, small = (
                [(chart.title, chart.spec("light")) for chart in part.charts if chart.small == of]
                for of in (False, True)
            )
            drawn = section_picture(part.heading, large, small)
            stem = folder / part.key / part.key
            files[stem.with_suffix(".svg")], files[stem.with_suffix(".png")] = draw(drawn)
    if out is None:  # a folder of the user's may hold other things under these names
        _clear(folder)
    write_files(files)
    write_tables(folder, _tables(report))
    for part in parts:
        write_tables(folder / part.key, part.tables)
    return paths


def _picture(report: Report) -> Spec:
    """The curves, of those series that the page shows at first."""
    result, told = report.curves, report.told
    content = panels(result.rows, result.by_level, told)
    shown = shown_first(content)
    levels = [only(panel, shown) for panel in level_panels(result.rows, result.by_level)]
    return whole_picture(
        [only(panel, shown) for panel in content],
        levels,
        ", ".join(dict.fromkeys(run.model for run in report.runs)),
        left_out=len(content[0].series) - len(shown),
    )


def _tables(report: Report) -> dict[str, TextTable]:
    result: Curves = report.curves
    tables = {
        "curves": TextTable("Every point", COLUMNS, tuple(row.cells() for row in result.rows)),
        "failures": failure_table(report.runs),
    }
    if result.by_level:
        tables["by_level"] = TextTable("By level", LEVEL_COLUMNS, tuple(row.cells() for row in result.by_level))
    return tables


def _clear(folder: Path) -> None:
    """Take away what an earlier report may have left in a run's own folder, and this one may not write."""
    for key in KEYS:
        shutil.rmtree(folder / key, ignore_errors=True)
    for stem in ("by_level.csv", "by_level.parquet"):
        try:
            (folder / stem).unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(
                f"{folder}: cannot write the report there ({error.strerror}); make the place writable, or copy the run"
            ) from error
