"""Tables of results: the same rows on the terminal and as CSV. What is not a number never reaches either."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tts.core import UsageError

Value = str | int | float | None
"""None: there is no such figure, shown as an empty cell or a dash."""


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table with a title."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    shares: tuple[str, ...] = ()
    """Columns that the page shows in percent."""


def write_tables(folder: Path, tables: Mapping[str, TextTable]) -> list[Path]:
    """Write ``folder/NAME.csv`` and the same as ``NAME.parquet`` for each; returns the paths of the CSV files.

    In CSV numbers have 6 significant digits, in Parquet all, so that equal results give equal bytes. Raises UsageError
    where the folder is not writable, ValueError for a value that is NaN.
    """
    written = {folder / f"{name}.csv": _csv(table) for name, table in tables.items()}
    write_files(written | {folder / f"{name}.parquet": _parquet(table) for name, table in tables.items()})
    return list(written)


def write_files(files: Mapping[Path, bytes]) -> None:
    """Write files, and the folders they need, so that a reader sees an old file or a new one, never a part.

    Raises UsageError where a place is not writable.
    """
    for path, content in files.items():
        partial = path.with_name(path.name + ".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(content)
            partial.replace(path)
        except OSError as error:
            raise UsageError(
                f"{error.filename or path}: cannot write the report there ({error.strerror}); "
                "make the place writable, or copy the run"
            ) from error


def _csv(table: TextTable) -> bytes:
    """RFC 4180 quoting, newline line ends, a header line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_text(v, ".6g", "") for v in row] for row in table.rows)
    return out.getvalue().encode()


def _parquet(table: TextTable) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [[row[i] for row in table.rows] for i in range(len(table.columns))]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(dict(zip(table.columns, map(_typed, columns), strict=True))), sink)
    return bytes(sink.getvalue().to_pybytes())


def _typed(values: Sequence[Value]) -> Any:
    """A column of one type: text where one value is text, else floats, else integers."""
    import pyarrow as pa

    kinds = {type(v) for v in values if v is not None}
    if str in kinds:
        return pa.array([None if v is None else str(v) for v in values], pa.string())
    return pa.array(values, pa.float64() if float in kinds or not kinds else pa.int64())


def print_table(table: TextTable) -> None:
    """Print it in columns, numbers to the right; a table without rows prints nothing."""
    if not table.rows:
        return
    texts = [list(table.columns), *([_text(v, ".4g", "-") for v in row] for row in table.rows)]
    widths = [max(len(row[i]) for row in texts) for i in range(len(table.columns))]
    right = [all(not isinstance(row[i], str) for row in table.rows) for i in range(len(widths))]
    click.secho(table.title, bold=True)
    for row in texts:
        cells = [t.rjust(w) if r else t.ljust(w) for t, w, r in zip(row, widths, right, strict=True)]
        click.echo("  ".join(cells).rstrip())
    click.echo()


def _text(value: Value, form: str, nothing: str) -> str:
    if value is None:
        return nothing
    if isinstance(value, float):
        if math.isnan(value):
            raise ValueError("a figure is not a number")
        return format(value, form)
    return str(value)
