"""Records what a run takes up and what comes of it: problems, verdicts and finished cells."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np

from tts.core import Problem, canonical_json
from tts.store.columns import ids_bytes
from tts.store.journal import Journal
from tts.store.reader import PROBLEM, problem_of
from tts.store.records import CellRecord, NewProblem, RecordedCell, StoredProblem

Verdict = tuple[str, str, str, bool, str | None]
"""Grader, reference, answer, whether it is correct, and what else the grader says, as JSON."""

_CELL = "problem, strategy, setting, seed, budget, n, grading, usage, history, grader, contexts"
_CANDIDATE = "cell, idx, samples, answer, class, correct, finished, output_tokens, scores, refused, verdict"


class Recorder:
    """Records into a journal that is open."""

    def __init__(self, journal: Journal):
        """All methods belong to the thread of ``journal``."""
        self._db = journal.db
        self._writer = journal.writer

    # --- problems ----------------------------------------------------------------------------------------------

    def problems(self) -> list[StoredProblem]:
        """The run's problems, in the order in which they were taken up."""
        return _problems(self._db, "retired = 0")

    def add_problems(self, problems: Sequence[NewProblem]) -> None:
        """Take up problems; they are there when this returns."""
        self.update_problems(problems)

    def update_problems(
        self,
        fresh: Sequence[NewProblem],
        retired: Iterable[int] = (),
        known: Iterable[tuple[int, Problem]] = (),
    ) -> None:
        """Bring the problems up to date, at once: what leaves the run keeps its samples, and loses its outcomes.

        ``retired``: rows of those that leave it; ``known``: rows of those that stay or come back, as they are now but
        for their question.
        """
        gone = [(row,) for row in retired]
        values = [
            (p.answer, p.question.subject, p.question.level, canonical_json(dict(p.payload)), row) for row, p in known
        ]
        columns = PROBLEM.removeprefix("id, ")
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        db.executemany("UPDATE problems SET retired = 1 WHERE id = ?", gone)
        db.executemany("DELETE FROM candidates WHERE cell IN (SELECT id FROM cells WHERE problem = ?)", gone)
        db.executemany("DELETE FROM cells WHERE problem = ?", gone)
        db.executemany(
            "UPDATE problems SET answer = ?, subject = ?, level = ?, payload = ?, retired = 0 WHERE id = ?", values
        )
        marks = ", ".join("?" * (columns.count(",") + 1))
        db.executemany(f"INSERT INTO problems ({columns}) VALUES ({marks})", map(_columns, fresh))
        db.execute("COMMIT")

    # --- verdicts ----------------------------------------------------------------------------------------------

    def verdicts(self) -> Iterator[Verdict]:
        """Every verdict that was recorded."""
        query = "SELECT grader, reference, answer, correct, detail FROM verdicts"
        for grader, reference, answer, correct, detail in self._db.execute(query):
            yield grader, reference, answer, bool(correct), detail

    # --- cells -------------------------------------------------------------------------------------------------

    def cells(self) -> Iterator[RecordedCell]:
        """Every recorded cell."""
        query = """
            SELECT p.benchmark, p.problem, c.strategy, c.setting, c.seed, c.budget,
                   c.problem, c.n, c.grading, c.contexts, c.grader
            FROM cells c JOIN problems p ON p.id = c.problem
        """
        for *key, row, n, grading, contexts, grader in self._db.execute(query):
            counts = json.loads(grader)
            settled = not (counts.get("timeouts") or counts.get("errors"))
            yield RecordedCell(tuple(key), row, n, grading, json.loads(contexts), settled)

    def add_cell(self, cell: CellRecord, verdicts: Sequence[Verdict] = ()) -> None:
        """Queue a cell, which takes the place of the same one of an earlier budget or grading, with new verdicts."""
        key = (cell.problem, cell.strategy, cell.setting, cell.seed, cell.budget)
        details = (asdict(cell.usage), list(cell.history), dict(cell.grader), dict(cell.contexts))
        head = (*key, cell.n, cell.grading, *map(canonical_json, details))
        rows = [
            (i, canonical_json(c.origin), *c[1:6], canonical_json(dict(c.scores)), c.refused, c.verdict)
            for i, c in enumerate(cell.candidates)
        ]

        def write(db: sqlite3.Connection) -> None:
            db.executemany("INSERT OR IGNORE INTO verdicts VALUES (?, ?, ?, ?, ?)", verdicts)
            db.execute("DELETE FROM cells WHERE (problem, strategy, setting, seed, budget) = (?, ?, ?, ?, ?)", key)
            row = db.execute(f"INSERT INTO cells ({_CELL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", head).lastrowid
            db.executemany(f"INSERT INTO candidates ({_CANDIDATE}) VALUES ({row}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

        self._writer.put(write)


def stored_problems(journal: Path, benchmark: str) -> tuple[list[StoredProblem], list[StoredProblem]]:
    """A benchmark's problems in a journal that need not be there yet: those of the run, and those taken out of it."""
    if not journal.exists():
        return [], []
    with closing(sqlite3.connect(f"{journal.resolve().as_uri()}?mode=ro", uri=True)) as db:
        held, retired = (_problems(db, f"benchmark = ? AND retired = {flag}", benchmark) for flag in (0, 1))
    return held, retired


def _problems(db: sqlite3.Connection, condition: str, *values: str) -> list[StoredProblem]:
    query = f"SELECT {PROBLEM} FROM problems WHERE {condition} ORDER BY id"
    return [problem_of(row) for row in db.execute(query, values)]


def _columns(new: NewProblem) -> tuple[object, ...]:
    question, ids = new.problem.question, ids_bytes(np.asarray(new.prompt.token_ids, np.uint32))
    chat = canonical_json(list(new.messages))
    return (
        new.benchmark, question.id, question.text, new.problem.answer, question.subject, question.level, chat,
        new.prompt.text, ids, canonical_json(dict(question.public)), canonical_json(dict(new.problem.payload)),
    )  # fmt: skip
