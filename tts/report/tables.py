"""Tables of results: the same rows on the terminal and as CSV. What is not a number never reaches either."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
    """Print it in columns; a table without rows prints nothing."""
    if not table.rows:
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, title=table.title, title_justify="left", title_style="bold")
    for i, name in enumerate(table.columns):
        numbers = all(not isinstance(row[i], str) for row in table.rows)
        shown.add_column(name, justify="right" if numbers else "left", no_wrap=True)
    for row in table.rows:
        shown.add_row(*(Text(_text(v, ".4g", "-")) for v in row))
    console = Console(soft_wrap=True, highlight=False)
    console.print(shown)
    console.print()


def _text(value: Value, form: str, nothing: str) -> str:
    if value is None:
        return nothing
    if isinstance(value, float):
        if math.isnan(value):
            raise ValueError("a figure is not a number")
        return format(value, form)
    return str(value)
