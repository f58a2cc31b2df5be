"""A connection to a run's journal that cannot write, and what to say where there is none."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tts.core import UsageError
from tts.store.info import INFO, RunInfo, read_info
from tts.store.rundir import JOURNAL


def run_info(run: Path) -> RunInfo:
    """What a run directory says of itself. Raises UsageError where ``run`` is none."""
    if not run.is_dir():
        found = "a file" if run.exists() else "nothing"
        raise UsageError(
            f"RUN: expected a run directory at {run}, found {found}; `tts run` prints the directory it makes"
        )
    missing = [name for name in (INFO, JOURNAL) if not (run / name).is_file()]
    info = None if missing else read_info(run)
    if info is None:
        raise UsageError(
            f"RUN: {run} is not a run directory: no {' and no '.join(missing)} in it; "
            "name the directory that `tts run` printed"
        )
    return info


def connect(run: Path) -> sqlite3.Connection:
    """A connection to the journal of ``run`` that disturbs no writer, in a transaction: one consistent moment of it.

    A journal at rest in a directory that is not writable is opened as immutable. Raises UsageError where it cannot be
    read.
    """
    journal = run / JOURNAL
    uri = journal.resolve().as_uri()
    try:
        try:
            return _begun(f"{uri}?mode=ro")
        except sqlite3.OperationalError:
            wal = journal.with_name(journal.name + "-wal")
            if wal.exists() and wal.stat().st_size:
                raise
        return _begun(f"{uri}?immutable=1")
    except sqlite3.Error as error:
        raise unreadable(run, error) from error


def _begun(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(uri, uri=True, timeout=30.0, isolation_level=None)
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # only now is it the moment that is read
    return db


def unreadable(run: Path, error: sqlite3.Error) -> UsageError:
    """What to say of a journal that SQLite cannot read."""
    return UsageError(
        f"{run / JOURNAL}: cannot be read as a run's journal ({error}); "
        "restore the file, or run again into a new directory"
    )
