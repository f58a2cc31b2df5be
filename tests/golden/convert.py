"""Puts the stored rows of a golden run into a run directory of today: a tool of these tests, and of nothing else."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

from tts.store import FORMAT

RENAMED = {"turns": "messages"}
TABLES = {"grades": "verdicts"}
RUNS = Path(__file__).parent / "stored"


def convert(name: str, target: Path) -> Path:
    """Make the run directory ``target`` of the golden run ``name``."""
    shutil.copytree(RUNS / name, target, ignore=shutil.ignore_patterns("rows.jsonl", "expected.json"))
    info = json.loads((target / "run.json").read_text())
    (target / "run.json").write_text(json.dumps({**info, "format": FORMAT}))
    with closing(sqlite3.connect(target / "journal.sqlite")) as db:
        db.executescript(files("tts.store").joinpath("schema.sql").read_text())
        for table, rows in read_rows(name).items():
            for row in map(_verdict, rows) if table == "grades" else rows:
                columns, marks = ", ".join(f'"{RENAMED.get(c, c)}"' for c in row), ", ".join("?" * len(row))
                db.execute(f"INSERT INTO {TABLES.get(table, table)} ({columns}) VALUES ({marks})", list(row.values()))
        db.commit()
    return target


def _verdict(grade: dict[str, Any]) -> dict[str, Any]:
    """A pair's verdict as it is kept today. (The golden runs have none that was not settled.)"""
    assert grade["outcome"] == "ok"
    pair = {"reference": grade["gold"], "answer": grade["answer"]}
    return {"grader": "equivalence 0", **pair, "correct": grade["equal"]}


def read_rows(name: str) -> dict[str, list[dict[str, Any]]]:
    """The stored rows of a golden run, by table; values by column."""
    found: dict[str, list[dict[str, Any]]] = {}
    columns: list[str] = []
    for line in (RUNS / name / "rows.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if isinstance(row, dict):
            columns, rows = row["columns"], found.setdefault(row["table"], [])
        else:
            rows.append(dict(zip(columns, map(value, row), strict=True)))
    return found


def value(plain: Any) -> Any:
    """A value as the journal had it."""
    return base64.b64decode(plain["b64"]) if isinstance(plain, dict) else plain
