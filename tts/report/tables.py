"""Tables of results: the same rows on the terminal and as CSV. What is not a number never reaches either."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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


def write_tables(folder: Path, tables: Mapping[str, TextTable]) -> list[Path]:
    """Write ``folder/NAME.csv`` for each; numbers with 6 significant digits, so equal results give equal bytes.

    Raises UsageError where the folder is not writable, ValueError for a value that is NaN.
    """
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            out = io.StringIO()
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(table.columns)
            writer.writerows([_text(v, ".6g", "") for v in row] for row in table.rows)
            path = folder / f"{name}.csv"
            partial = path.with_name(path.name + ".part")
            partial.write_text(out.getvalue(), encoding="utf-8")
            paths.append(partial.replace(path))
    except OSError as error:
        raise UsageError(
            f"{error.filename or folder}: cannot write the tables there ({error.strerror}); make it writable"
        ) from error
    return paths


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
