"""Reads a run directory, touching nothing in it: a run that is still being written may be read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tts.core import REFERENCES, Candidate, Completion, Forced, Piece, Prompt, Question, Usage, digest
from tts.store.columns import COMPLETION, completion_of, path_text
from tts.store.connection import connect, run_info, unreadable
from tts.store.records import (
    CandidateRow,
    CellData,
    CellKey,
    CellTexts,
    Origin,
    ProblemInfo,
    StoredContext,
    StoredProblem,
)

PROBLEM = "id, benchmark, problem, question, answer, subject, level, messages, prompt, prompt_ids, public, payload"
"""The columns of a problem."""
_CELLS = """
    SELECT c.id, p.benchmark, p.problem, c.strategy, c.setting, c.seed, c.budget, c.n, c.usage, c.grader
    FROM cells c JOIN problems p ON p.id = c.problem ORDER BY c.id
"""
_ARRAYS = "SELECT class, correct, finished, output_tokens, scores FROM candidates WHERE cell = ? ORDER BY idx"
_CANDIDATES = """
    SELECT p.benchmark, p.problem, p.question, p.answer, p.level, p.subject, c.strategy, c.setting, c.seed, c.n,
           d.idx, d.answer, d.class, d.correct, d.finished, d.output_tokens, d.scores, d.samples,
           d.verdict, p.payload
    FROM candidates d JOIN cells c ON c.id = d.cell JOIN problems p ON p.id = c.problem
    ORDER BY p.id, c.strategy, c.setting, c.seed, c.n, d.idx
"""
_FIRST_SAMPLES = """
    WITH sizes AS (SELECT cell, count(*) AS held FROM candidates GROUP BY cell)
    SELECT c.strategy, c.setting, c.seed, a.idx >= z.held / 2, x.digest, s.path, s.text
    FROM candidates a JOIN cells c ON c.id = a.cell JOIN sizes z ON z.cell = a.cell
    JOIN samples s ON s.context = json_extract(a.samples, '$[0][0]') AND s.path = json_extract(a.samples, '$[0][1]')
    JOIN contexts x ON x.id = s.context
"""
_NO_IDS = np.zeros(0, np.uint32)


class Reader:
    """One consistent moment of a run directory. A context manager: leaving it closes the journal."""

    def __init__(self, run: FilePath):
        """Open ``run``. Raises UsageError where it is no run directory, cannot be read, or has another format."""
        self.run = run
        self.info = run_info(run)
        """What ``run.json`` says."""
        self._db = connect(run)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.close()
        if isinstance(error, sqlite3.Error):
            raise unreadable(self.run, error) from error

    def close(self) -> None:
        """End the moment."""
        self._db.close()

    # --- counts ------------------------------------------------------------------------------------------------

    def engines(self) -> tuple[str, ...]:
        """Name and version of every software that answered."""
        return tuple(v for (v,) in self._db.execute("SELECT version FROM engines ORDER BY version"))

    def sample_count(self) -> int:
        """Completions in the journal."""
        return int(self._db.execute("SELECT count(*) FROM samples").fetchone()[0])

    def redrawn_count(self) -> int:
        """Samples that were in flight when the run died, and were drawn again."""
        return int(self._db.execute("SELECT coalesce(sum(redrawn), 0) FROM sessions").fetchone()[0])

    # --- problems ----------------------------------------------------------------------------------------------

    def problems(self) -> Iterator[ProblemInfo]:
        """All problems, by benchmark and id."""
        query = """
            SELECT benchmark, problem, level, length(prompt_ids) / 4 FROM problems WHERE retired = 0
            ORDER BY benchmark, problem
        """
        return (ProblemInfo(*row) for row in self._db.execute(query))

    def problem(self, benchmark: str, name: str) -> StoredProblem | None:
        """One problem; None where the run has not taken it up."""
        query = f"SELECT {PROBLEM} FROM problems WHERE benchmark = ? AND problem = ? AND retired = 0"
        row = self._db.execute(query, (benchmark, name)).fetchone()
        return None if row is None else problem_of(row)

    # --- cells -------------------------------------------------------------------------------------------------

    def cells(self) -> Iterator[tuple[CellKey, CellData]]:
        """Every finished cell, in the order in which they were recorded."""
        for cell, benchmark, problem, strategy, setting, seed, budget, n, usage, grader in self._db.execute(
            _CELLS
        ).fetchall():
            rows = self._db.execute(_ARRAYS, (cell,)).fetchall()
            numbers = np.array([row[:4] for row in rows], dtype=np.int64).reshape(-1, 4)
            yield (
                (benchmark, problem, strategy, setting, seed, budget),
                CellData(
                    n=n,
                    usage=_usage(usage),
                    grader=json.loads(grader),
                    classes=numbers[:, 0],
                    correct=numbers[:, 1].astype(np.bool_),
                    finished=numbers[:, 2].astype(np.bool_),
                    output_tokens=numbers[:, 3],
                    scores=_scores([row[4] for row in rows]),
                ),
            )

    def cell_texts(self, problem: int, strategy: str, setting: str, seed: int, budget: int) -> CellTexts | None:
        """What a cell's texts are read by; ``problem``: its row. None where the run has no such cell."""
        query = """
            SELECT id, n, history FROM cells
            WHERE problem = ? AND strategy = ? AND setting = ? AND seed = ? AND budget = ?
        """
        cell = self._db.execute(query, (problem, strategy, setting, seed, budget)).fetchone()
        if cell is None:
            return None
        query = "SELECT samples, answer, scores, verdict FROM candidates WHERE cell = ? ORDER BY idx"
        rows = self._db.execute(query, (cell[0],)).fetchall()
        origins, answers, scores, verdicts = zip(*rows, strict=True) if rows else ((), (), (), ())
        return CellTexts(cell[1], cell[2], origins, answers, scores, verdicts)

    def candidates(self) -> Iterator[CandidateRow]:
        """Every graded candidate, by problem, strategy, setting, seed, n and place."""
        for *head, correct, finished, tokens, scores, origin, verdict, payload in self._db.execute(_CANDIDATES):
            head[3] = " or ".join((head[3], *map(str, json.loads(payload).get(REFERENCES, ()))))
            yield CandidateRow._make((*head, bool(correct), bool(finished), tokens, scores, origin, verdict))

    def histories(self, strategy: str) -> Iterator[tuple[int, int, str, list[dict[str, Any]]]]:
        """The problem's row, n, setting and history of each cell of a strategy, n rising."""
        query = "SELECT problem, n, setting, history FROM cells WHERE strategy = ? ORDER BY n"
        for problem, n, setting, history in self._db.execute(query, (strategy,)).fetchall():
            yield problem, n, setting, json.loads(history)

    # --- samples -----------------------------------------------------------------------------------------------

    def candidate(self, origin: Origin, *, whole: bool) -> Candidate | None:
        """The candidate that is made of some pieces; None where they are not held, or there is none.

        Without ``whole`` it has its text and no pieces.
        """
        last = max((i for i, piece in enumerate(origin) if not isinstance(piece, str)), default=0)
        answer = Candidate((), "")
        for at in origin if whole else origin[last:]:  # a completion's text has all that comes before it
            piece = self._forced(at, origin) if isinstance(at, str) else self._completion(*at, whole=whole)
            if piece is None:
                return None
            answer = answer.then(piece)
        return None if not origin else answer if whole else Candidate((), answer.text)

    def _completion(self, context: int, path: Sequence[str | int], *, whole: bool) -> Completion | None:
        """A completion; only its text where not ``whole``."""
        query = f"SELECT {COMPLETION if whole else 'text'} FROM samples WHERE context = ? AND path = ?"
        row = self._db.execute(query, (context, path_text(tuple(path)))).fetchone()
        if row is None or whole:
            return None if row is None else completion_of(tuple(path), row)
        return Completion(tuple(path), row[0], _NO_IDS, "stop")

    def _forced(self, text: str, origin: Origin) -> Piece:
        """A forced piece, with the ids that one of the candidate's models has for it."""
        for model in self._models(origin):
            key = digest("text", model, text)
            row = self._db.execute("SELECT prompt_ids FROM chats WHERE key = ?", (key,)).fetchone()
            if row is not None:
                return Forced(text, tuple(np.frombuffer(row[0], "<u4").tolist()))
        return Forced(text, ())

    def _models(self, origin: Origin) -> Iterator[str]:
        for context in dict.fromkeys(piece[0] for piece in origin if not isinstance(piece, str)):
            yield from (m for (m,) in self._db.execute("SELECT model FROM contexts WHERE id = ?", (context,)))

    def contexts(self) -> dict[int, list[StoredContext]]:
        """The contexts of each problem, by its row."""
        by_problem: dict[int, list[StoredContext]] = {}
        query = "SELECT problem, id, params, prefix_ids, seed, chat FROM contexts ORDER BY id"
        for problem, *context in self._db.execute(query):
            by_problem.setdefault(problem, []).append(StoredContext(*context))
        return by_problem

    def samples(self, context: int) -> dict[str, tuple[str, bytes]]:
        """Text and token ids (little-endian uint32) of a context's samples, by path as `path_text` writes it."""
        query = "SELECT path, text, token_ids FROM samples WHERE context = ?"
        return {path: (text, ids) for path, text, ids in self._db.execute(query, (context,))}

    def step_texts(self, problem: int) -> dict[str, str]:
        """The answer up to each step that was drawn for a problem (its row), by path as `path_text` writes it."""
        query = """
            SELECT s.path, s.text FROM samples s JOIN contexts c ON c.id = s.context
            WHERE c.problem = ? AND json_extract(c.params, '$.step_tokens') NOT NULL
        """
        return dict(self._db.execute(query, (problem,)))

    def first_samples(self) -> Iterator[tuple[str, str, int, bool, int]]:
        """Of each candidate: strategy, setting, seed, whether it is in its cell's second half, and a hash of what its
        first completion was asked and answered."""
        for strategy, setting, seed, late, *sample in self._db.execute(_FIRST_SAMPLES):
            yield strategy, setting, seed, bool(late), hash(tuple(sample))

    # --- scores ------------------------------------------------------------------------------------------------

    def score(self, key: bytes) -> tuple[float, ...]:
        """A verifier's values; none where it was not asked."""
        row = self._db.execute('SELECT "values" FROM scores WHERE key = ?', (key,)).fetchone()
        return tuple(json.loads(row[0])) if row else ()


def problem_of(row: Sequence[Any]) -> StoredProblem:
    """A problem from its values of ``PROBLEM``."""
    at, benchmark, problem, text, answer, subject, level, messages, prompt, ids, public, payload = row
    return StoredProblem(
        row=at,
        benchmark=benchmark,
        question=Question(problem, text, subject, level, json.loads(public)),
        answer=answer,
        messages=tuple(json.loads(messages)),
        prompt=Prompt(prompt, tuple(np.frombuffer(ids, "<u4").tolist())),
        payload=json.loads(payload),
    )


def _usage(text: str) -> Usage:
    known = Usage.__dataclass_fields__
    return Usage(**{k: _tuples(v) for k, v in json.loads(text).items() if k in known})


def _tuples(value: Any) -> Any:
    """A usage's value as it was before it became JSON: tuples, not lists."""
    if isinstance(value, list):
        return tuple(_tuples(v) for v in value)
    return {k: _tuples(v) for k, v in value.items()} if isinstance(value, dict) else int(value)


def _scores(texts: list[str]) -> dict[str, npt.NDArray[np.float64]]:
    """Scores by verifier that every candidate has; one that lacks some (null counts) is not usable for selection."""
    if all(text == "{}" for text in texts):
        return {}
    rows = [json.loads(text) for text in texts]
    shared = [name for name in sorted(rows[0]) if all(row.get(name) is not None for row in rows)]
    return {name: np.array([row[name] for row in rows], dtype=np.float64) for name in shared}
