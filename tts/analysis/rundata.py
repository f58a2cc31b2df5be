"""Reads a run directory into arrays, touching nothing in it: a run that is still being written may be read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.core import Pool, Usage, UsageError

FORMAT = 2
"""Newest format of ``run.json`` that this package reads."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One strategy setting of the run's plan."""

    strategy: str
    setting: str
    """Canonical JSON of the parameters that are not the package's defaults, without n."""
    independent: bool
    """Whether one cell of the largest n serves every smaller budget."""
    n: tuple[int, ...]
    """Planned budgets, rising."""


@dataclass(frozen=True, slots=True)
class ProblemInfo:
    """A problem as the analysis sees it."""

    benchmark: str
    id: str
    """Unique within its benchmark."""
    level: str | None
    prompt_tokens: int


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """What one finished cell holds; arrays have shape (candidates,), in the order of the samples."""

    n: int
    """The budget that was asked for."""
    usage: Usage
    grader: Mapping[str, int]
    """``capped`` (0 or 1), ``mixed`` (classes), ``timeouts`` (pairs)."""
    classes: npt.NDArray[np.int64]
    """Equivalence class of each answer, -1 where there is none."""
    correct: npt.NDArray[np.bool_]
    finished: npt.NDArray[np.bool_]
    """False where a length limit cut the answer."""
    output_tokens: npt.NDArray[np.int64]
    scores: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    """Shape (candidates,) each, by ``verifier:aggregation``."""

    def __len__(self) -> int:
        return len(self.classes)

    def pool(self, order: npt.NDArray[np.int64] | None = None, *, graded: bool) -> Pool:
        """The candidates (those at ``order``, in that order) for a selector; with their verdicts where ``graded``."""
        at = np.arange(len(self)) if order is None else order
        scores = {name: values[at] for name, values in self.scores.items()}
        return Pool(self.classes[at], scores, self.correct[at] if graded else None)


CellKey = tuple[str, str, str, str, int, int]
"""benchmark, problem id, strategy, setting, seed, budget (0 where independent)."""


@dataclass(frozen=True, slots=True)
class RunData:
    """One consistent moment of a run directory."""

    path: Path
    info: Mapping[str, Any]
    """``run.json`` as it is."""
    model: str
    plan: tuple[Entry, ...]
    seeds: tuple[int, ...]
    selectors: tuple[str, ...]
    problems: Mapping[str, tuple[ProblemInfo, ...]]
    """By benchmark, in the order of run.json; within one by id, so that the order of arrival changes nothing."""
    planned: Mapping[str, int]
    """By benchmark: how many problems the run is to take up."""
    cells: Mapping[CellKey, Cell]
    engines: tuple[str, ...]
    """Name and version of every software that answered."""
    samples: int
    """Completions in the journal."""
    redrawn: int
    """Samples that were in flight when the run died, and were drawn again."""
    verifiers: tuple[str, ...] = ()
    """Labels, ``verifier:aggregation``, of the scores that selectors are to use."""


def how_to_score(run: RunData) -> str:
    """What adds a verifier's scores to a run, for an error to say."""
    if run.info.get("imported"):
        return "`tts import` again with --score NAME=COLUMN, a score for every sample, adds one"
    return f"`tts score {run.path} --verifier NAME` adds one"


def connect(run: Path) -> sqlite3.Connection:
    """A connection to a run's journal that cannot write and disturbs no writer; the caller closes it.

    Raises UsageError where ``run`` is not a run directory, cannot be read, or was written by a newer version.
    """
    _run_json(run)
    try:
        return _open(run / "journal.sqlite")
    except sqlite3.Error as error:
        raise _unreadable(run, error) from error


def read_run(run: Path) -> RunData:
    """Everything of a run directory that curves need, in one read transaction.

    Raises UsageError where ``run`` is not a run directory, cannot be read, or was written by a newer version.
    """
    info = _run_json(run)
    try:
        with closing(_open(run / "journal.sqlite")) as db:
            db.execute("BEGIN")
            problems = _problems(db)
            cells = dict(_cells(db))
            engines = tuple(v for (v,) in db.execute("SELECT version FROM engines ORDER BY version"))
            (samples,) = db.execute("SELECT count(*) FROM samples").fetchone()
            (redrawn,) = db.execute("SELECT coalesce(sum(redrawn), 0) FROM sessions").fetchone()
    except sqlite3.Error as error:
        raise _unreadable(run, error) from error
    try:
        return RunData(
            path=run,
            info=info,
            model=str(info["model"]["name"]),
            plan=tuple(
                Entry(e["strategy"], e["setting"], bool(e["independent"]), tuple(sorted(set(map(int, e["n"])))))
                for e in info["plan"]
            ),
            seeds=tuple(int(seed) for seed in info["seeds"]),
            selectors=tuple(info["selectors"]),
            problems={benchmark: problems.get(benchmark, ()) for benchmark in info["benchmarks"]},
            planned={benchmark: int(b["problems"]) for benchmark, b in info["benchmarks"].items()},
            cells=cells,
            engines=engines,
            samples=samples,
            redrawn=redrawn,
            verifiers=tuple(dict.fromkeys(info.get("verifiers") or ())),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{run / 'run.json'}: missing or malformed field ({error!r}); `tts run` on this directory writes it anew"
        ) from error


def _unreadable(run: Path, error: sqlite3.Error) -> UsageError:
    return UsageError(
        f"{run / 'journal.sqlite'}: cannot be read as a run's journal ({error}); "
        "restore the file, or run again into a new directory"
    )


def _run_json(run: Path) -> dict[str, Any]:
    if not run.is_dir():
        found = "a file" if run.exists() else "nothing"
        raise UsageError(
            f"RUN: expected a run directory at {run}, found {found}; `tts run` prints the directory it makes"
        )
    missing = [name for name in ("run.json", "journal.sqlite") if not (run / name).is_file()]
    if missing:
        raise UsageError(
            f"RUN: {run} is not a run directory: no {' and no '.join(missing)} in it; "
            "name the directory that `tts run` printed"
        )
    try:
        info = json.loads((run / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{run / 'run.json'}: expected JSON, found {error}; `tts run` writes it anew") from error
    version = info.get("format") if isinstance(info, dict) else None
    if not isinstance(version, int):
        raise UsageError(
            f"{run / 'run.json'}: expected a number in the field format, found {version!r}; "
            "name the directory that `tts run` printed"
        )
    if version < FORMAT:
        raise UsageError(
            f"{run / 'run.json'}: format {version} is older than {FORMAT}, the first that this version reads; use the "
            f"version of tts-scaling that made it ({info.get('tts', 'unknown')}), or run again into a new directory"
        )
    if version > FORMAT:
        raise UsageError(
            f"{run / 'run.json'}: format {version} (tts {info.get('tts')}) is newer than {FORMAT}, the newest "
            "that this version reads; update tts-scaling"
        )
    return dict(info)


def _open(journal: Path) -> sqlite3.Connection:
    """A connection that cannot write. A journal at rest in a directory that is not writable is opened as immutable."""
    uri = journal.resolve().as_uri()
    try:
        db = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=30.0, isolation_level=None)
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return db
    except sqlite3.OperationalError:
        wal = journal.with_name(journal.name + "-wal")
        if wal.exists() and wal.stat().st_size:
            raise
    return sqlite3.connect(f"{uri}?immutable=1", uri=True, isolation_level=None)


def _problems(db: sqlite3.Connection) -> dict[str, tuple[ProblemInfo, ...]]:
    found: dict[str, list[ProblemInfo]] = {}
    query = """
        SELECT benchmark, problem, level, length(prompt_ids) / 4 FROM problems WHERE retired = 0
        ORDER BY benchmark, problem
    """
    for benchmark, problem, level, tokens in db.execute(query):
        found.setdefault(benchmark, []).append(ProblemInfo(benchmark, problem, level, tokens))
    return {benchmark: tuple(rows) for benchmark, rows in found.items()}


def _cells(db: sqlite3.Connection) -> Iterator[tuple[CellKey, Cell]]:
    query = """
        SELECT c.id, p.benchmark, p.problem, c.strategy, c.setting, c.seed, c.budget, c.n, c.usage, c.grader
        FROM cells c JOIN problems p ON p.id = c.problem ORDER BY c.id
    """
    candidates = """
        SELECT class, correct, finished, output_tokens, scores FROM candidates WHERE cell = ? ORDER BY idx
    """
    for cell, *key, n, usage, grader in db.execute(query).fetchall():
        rows = db.execute(candidates, (cell,)).fetchall()
        numbers = np.array([row[:4] for row in rows], dtype=np.int64).reshape(-1, 4)
        yield (
            (key[0], key[1], key[2], key[3], key[4], key[5]),
            Cell(
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
