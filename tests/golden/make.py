"""Makes the golden fixtures with the code that is installed: runs, their stored rows, and every table of them.

    python tests/golden/make.py WORK [NAME ...]

run with the code whose figures are to be kept (PYTHONPATH); WORK holds the run directories meanwhile. What is written,
`stored/NAME/`: rows.jsonl (every row of the journal), the small files of the run directory, and
expected.json (columns and rows of every table that the commands give, in full precision).
"""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import sweeps
import tables
import yaml

HERE = Path(__file__).parent
KEPT = ("run.json", "config.yaml", "truth.json")


def make(name: str, work: Path) -> Path:
    """The run directory ``name`` under ``work``."""
    golden, run = sweeps.RUNS[name], work / name
    if run.exists():
        return run
    if golden.sweep is None:
        source = work / f"{name}.jsonl"
        source.write_text("".join(json.dumps(row) + "\n" for row in sweeps.imported_rows()))
        tables.call("import", str(source), *sweeps.IMPORT, "--out", str(run))
    else:
        file = work / f"{name}.yaml"
        file.write_text(yaml.safe_dump(golden.sweep, sort_keys=False))
        tables.call("run", str(file), "--out", str(run))
    if golden.plan:
        tables.call("allocate", str(run), *golden.plan, "--out", str(work / f"{name}-plan.json"))
        tables.call("run", "--out", str(run), "--plan", str(work / f"{name}-plan.json"))
    return run


def dump(run: Path) -> Iterator[Any]:
    """Every row of every table of a journal: a mapping with a table's name and columns, then a list for each row.

    Values are JSON's; bytes are a mapping with their base64.
    """
    with closing(sqlite3.connect(f"{(run / 'journal.sqlite').resolve().as_uri()}?mode=ro", uri=True)) as db:
        tables = [t for (t,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")]
        for table in tables:
            cursor = db.execute(f'SELECT * FROM "{table}"')
            yield {"table": table, "columns": [column[0] for column in cursor.description]}
            for row in cursor:
                yield [plain(value) for value in row]


def plain(value: object) -> object:
    """A value of SQLite as JSON has it."""
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def packed(values: list[Any]) -> Any:
    """A column of an expected table: where few values come often, these once and the place of each in the column."""
    distinct = list({json.dumps(v): v for v in values}.values())
    if 2 * len(distinct) > len(values) or len(values) < 4:
        return values
    places = {json.dumps(v): i for i, v in enumerate(distinct)}
    return {"values": distinct, "at": [places[json.dumps(v)] for v in values]}


def main_() -> None:
    """Make the runs that are named, or all."""
    work = Path(sys.argv[1])
    work.mkdir(parents=True, exist_ok=True)
    names = sys.argv[2:] or list(sweeps.RUNS)
    runs = {name: make(name, work) for name in sweeps.RUNS if name in names or (work / name).exists()}
    for name in names:
        target = HERE / "stored" / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        rows = (json.dumps(row, separators=(",", ":"), ensure_ascii=False) for row in dump(runs[name]))
        (target / "rows.jsonl").write_text("".join(f"{row}\n" for row in rows))
        for file in KEPT:
            if (runs[name] / file).exists():
                shutil.copy(runs[name] / file, target / file)
        if (runs[name] / "plans").exists():
            shutil.copytree(runs[name] / "plans", target / "plans")
        found = tables.tables_of(name, runs, work)
        expected = {table: {c: packed(v) for c, v in columns.items()} for table, columns in found.items()}
        (target / "expected.json").write_text(json.dumps(expected, separators=(",", ":"), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main_()
