"""The problem explorer's data: for each problem some of its candidates, chosen to tell the most, packed for the page.

Each problem is one JSON text, deflated and in base64, which the page unpacks when that problem is chosen. All texts
in it are a model's and not to be trusted: the page shows them as text nodes only.
"""

from __future__ import annotations

import base64
import json
import math
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tts.analysis import Cell, RunData, connect
from tts.core import SELECTORS
from tts.report.genealogy import genealogy
from tts.report.highlights import answers_of, chosen
from tts.report.notes import short_labels
from tts.report.texts import candidate_of, cut, step_spans

BUDGET = 9_000_000
"""Characters that all packed problems may take."""
PREVIEW = 90
"""Characters of a question in the list of problems."""

CellKey = tuple[str, str, int, int]
"""strategy, setting, seed, budget."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a cell is embedded."""

    candidates: int
    chars: int
    """Of a candidate's text."""
    nodes: int
    """Of a search tree."""


DETAILS = (Detail(12, 8_000, 400), Detail(8, 4_000, 250), Detail(5, 2_500, 120), Detail(3, 1_000, 50))
"""From what is wanted to what is the least; the first that fits the budget is taken."""


def explorer(runs: Sequence[RunData], budget: int = BUDGET) -> dict[str, Any]:
    """The index of problems, the packed problems and how much of each is left out. Equal runs give equal results."""
    names = _names(runs)
    wanted = [(b, p.id, p.level) for b in runs[0].problems for p in runs[0].problems[b]]
    cells = [_by_problem(run) for run in runs]
    wanted = [w for w in wanted if any(w[:2] in held for held in cells)]
    journals = [connect(run.path) for run in runs]
    try:
        for db in journals:
            db.execute("BEGIN")
        reader = _Reader(runs, names, cells, journals)
        detail = next(
            (d for d in DETAILS[:-1] if reader.estimate(wanted, d) <= budget),
            DETAILS[-1],
        )
        packs: dict[tuple[str, str], str] = {}
        total = 0
        for w in _spread(wanted):
            text = reader.packed(w, detail)
            if total + len(text) > budget and packs:
                break
            total += len(text)
            packs[w[:2]] = text
    finally:
        for db in journals:
            db.close()
    shown = [w for w in wanted if w[:2] in packs]
    return {
        "problems": [reader.entry(w) for w in shown],
        "packs": [packs[w[:2]] for w in shown],
        "left_out": len(wanted) - len(shown),
        "detail": asdict(detail),
        "picks": reader.labels,
    }


def _names(runs: Sequence[RunData]) -> list[str]:
    """What tells runs apart; nothing where there is one."""
    if len(runs) == 1:
        return [""]
    models = [run.model for run in runs]
    return [m if models.count(m) == 1 else f"{m} ({run.path.name})" for m, run in zip(models, runs, strict=True)]


def _by_problem(run: RunData) -> dict[tuple[str, str], dict[CellKey, Cell]]:
    found: dict[tuple[str, str], dict[CellKey, Cell]] = {}
    for (benchmark, problem, *rest), cell in sorted(run.cells.items()):
        found.setdefault((benchmark, problem), {})[rest[0], rest[1], rest[2], rest[3]] = cell  # type: ignore[index]
    return found


def _spread(items: Sequence[Any]) -> list[Any]:
    """The same items, any first few of which are spread evenly: by bit-reversed position."""
    bits = max(1, math.ceil(math.log2(max(2, len(items)))))
    return [items[i] for i in sorted(range(len(items)), key=lambda i: int(f"{i:0{bits}b}"[::-1], 2))]


class _Reader:
    """Reads problems from the journals."""

    def __init__(
        self,
        runs: Sequence[RunData],
        names: Sequence[str],
        cells: Sequence[Mapping[tuple[str, str], Mapping[CellKey, Cell]]],
        journals: Sequence[sqlite3.Connection],
    ):
        self._sources = list(zip(runs, names, cells, journals, strict=True))
        self.labels = list(dict.fromkeys(name for run in runs for name in run.verifiers))
        self._settings = short_labels(dict.fromkeys((e.strategy, e.setting) for run in runs for e in run.plan))
        self._questions: dict[tuple[str, str], str] = {}

    def estimate(self, wanted: Sequence[tuple[str, str, str | None]], detail: Detail) -> float:
        """Characters that all problems take, judged by some of them."""
        some = _spread(wanted)[:12]
        return 1.1 * len(wanted) * sum(len(self.packed(w, detail)) for w in some) / max(1, len(some))

    def packed(self, problem: tuple[str, str, str | None], detail: Detail) -> str:
        """One problem, deflated, in base64."""
        text = json.dumps(self._problem(problem, detail), separators=(",", ":"), allow_nan=False)
        return base64.b64encode(zlib.compress(text.encode(), 6)).decode()

    def entry(self, problem: tuple[str, str, str | None]) -> list[Any]:
        """A line of the index: benchmark, id, level, question's beginning, right, total, picks that are right.

        ``picks``: of the largest cell, whether coverage, majority and the best by each label are right.
        """
        benchmark, name, level = problem
        held = [cell for _, _, cells, _ in self._sources for cell in cells.get((benchmark, name), {}).values()]
        largest = max(held, key=len)
        picks: list[bool | None] = [bool(largest.correct.any()), _right(largest, "majority", None)]
        picks += [_right(largest, "best", one) if one in largest.scores else None for one in self.labels]
        right, total = sum(int(c.correct.sum()) for c in held), sum(map(len, held))
        return [benchmark, name, level, self._questions[benchmark, name], right, total, picks]

    def _problem(self, problem: tuple[str, str, str | None], detail: Detail) -> dict[str, Any]:
        benchmark, name, level = problem
        found: dict[str, Any] = {"benchmark": benchmark, "id": name, "level": level, "cells": []}
        for run, source, cells, db in self._sources:
            sql = "SELECT id, question, answer, subject FROM problems WHERE benchmark = ? AND problem = ?"
            row = db.execute(sql, (benchmark, name)).fetchone()
            if row is None or (benchmark, name) not in cells:
                continue
            found |= {"question": row[1], "answer": row[2], "subject": row[3]}
            self._questions[benchmark, name] = " ".join(row[1].split())[:PREVIEW]
            for key, cell in cells[benchmark, name].items():
                shown = _cell(db, run, row[0], f"{benchmark}/{name}", row[1], key, cell, detail)
                if shown is not None:
                    strategy = self._settings.get(key[:2], key[0])
                    found["cells"].append({"run": source, "strategy": strategy, **shown})
        return found


def _right(cell: Cell, selector: str, verifier: str | None) -> bool:
    return bool(cell.correct[SELECTORS[selector].select(cell.pool(graded=False), verifier)]) if len(cell) else False


def _cell(
    db: sqlite3.Connection,
    run: RunData,
    problem: int,
    name: str,
    question: str,
    key: CellKey,
    cell: Cell,
    detail: Detail,
) -> dict[str, Any] | None:
    """What is shown of a cell; None where it changed since the run was read."""
    identity = "problem = ? AND strategy = ? AND setting = ? AND seed = ? AND budget = ?"
    row = db.execute(f"SELECT id, n, history FROM cells WHERE {identity}", (problem, *key)).fetchone()
    if row is None or row[1] != cell.n:
        return None
    rows = db.execute(
        "SELECT samples, answer, scores FROM candidates WHERE cell = ? ORDER BY idx", (row[0],)
    ).fetchall()
    if len(rows) != len(cell):
        return None
    tags = chosen(cell, detail.candidates)
    history = json.loads(row[2])
    tree = None
    if history:
        chains = [[tuple(path) for _, path in json.loads(samples)] for samples, _, _ in rows]
        tree = genealogy(history, chains, detail.nodes)
    shown = []
    for i in sorted(tags):
        samples, answer, scores = rows[i]
        candidate = candidate_of(db, samples)
        spans = {} if candidate is None else dict(step_spans(db, run, name, question, candidate))
        text, gone, spans = cut("" if candidate is None else candidate.text, detail.chars, spans)
        shown.append(
            {
                "i": i,
                "answer": answer,
                "correct": bool(cell.correct[i]),
                "finished": bool(cell.finished[i]),
                "tokens": int(cell.output_tokens[i]),
                "scores": {k: _short(v) for k, v in sorted(json.loads(scores).items())},
                "tags": tags[i],
                "text": None if candidate is None else text,
                "gone": gone,
                "steps": spans,
            }
        )
    return {
        "n": cell.n,
        "seed": key[2],
        "total": len(cell),
        "right": int(cell.correct.sum()),
        "answers": answers_of(cell, [answer for _, answer, _ in rows]),
        "distinct": len(np.unique(cell.classes[cell.classes >= 0])),
        "shown": shown,
        "tree": None if tree is None else asdict(tree),
    }


def _short(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.4g}")
