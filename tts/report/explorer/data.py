"""The problem explorer's data: for each problem some of its candidates, chosen to tell the most, packed for the page.

Each problem is one JSON text, deflated and in base64, which the page unpacks when that problem is chosen. All texts
in it are a model's and not to be trusted: the page shows them as text nodes only.
"""

from __future__ import annotations

import base64
import gc
import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tts.analysis import run_names
from tts.core import SELECTORS
from tts.report.explorer.completions import Completions, Held
from tts.report.explorer.genealogy import genealogy
from tts.report.explorer.highlights import answers_of, chosen
from tts.report.explorer.texts import StepScores, cut
from tts.report.notes import short_labels
from tts.store import CellData, CellTexts, Reader, RunData, StoredContext, StoredProblem

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
    step: int
    """Characters of what a node of it says."""


DETAILS = (
    Detail(12, 8_000, 400, 300),
    Detail(8, 4_000, 250, 200),
    Detail(5, 2_500, 120, 120),
    Detail(3, 1_000, 50, 80),
)
"""From what is wanted to what is the least; the first that fits the budget is taken."""


def explorer(runs: Sequence[RunData], budget: int = BUDGET) -> dict[str, Any]:
    """The index of problems, the packed problems and how much of each is left out. Equal runs give equal results."""
    with _without_gc():
        return _explorer(runs, budget)


@contextmanager
def _without_gc() -> Iterator[None]:
    """Millions of small objects that form no cycles are made here: looking for cycles takes a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts numbers in a name as numbers: 2 before 10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def _explorer(runs: Sequence[RunData], budget: int) -> dict[str, Any]:
    names = run_names(runs)
    benchmarks = dict.fromkeys(name for run in runs for name in run.problems)
    wanted = [
        (name, *problem)
        for name in benchmarks
        for problem in sorted(
            {(p.id, p.level) for run in runs for p in run.problems.get(name, ())}, key=lambda pair: _natural(pair[0])
        )
    ]
    cells = [_by_problem(run) for run in runs]
    wanted = [w for w in wanted if any(w[:2] in held for held in cells)]
    with ExitStack() as opened:
        sources = [
            _Source(name, mine, opened.enter_context(Reader(run.path)))
            for run, name, mine in zip(runs, names, cells, strict=True)
        ]
        packer = _Packer(runs, sources)
        detail = next((d for d in DETAILS[:-1] if packer.estimate(wanted, d) <= budget), DETAILS[-1])
        packs: dict[tuple[str, str], str] = {}
        total = 0
        for w in _spread(wanted):
            text = packer.packed(w, detail)
            if total + len(text) > budget and packs:
                break
            total += len(text)
            packs[w[:2]] = text
    shown = [w for w in wanted if w[:2] in packs]
    return {
        "problems": [packer.entry(w) for w in shown],
        "packs": [packs[w[:2]] for w in shown],
        "left_out": len(wanted) - len(shown),
        "detail": asdict(detail),
        "picks": packer.labels,
    }


def _by_problem(run: RunData) -> dict[tuple[str, str], dict[CellKey, CellData]]:
    found: dict[tuple[str, str], dict[CellKey, CellData]] = {}
    for (benchmark, problem, *rest), cell in sorted(run.cells.items()):
        found.setdefault((benchmark, problem), {})[rest[0], rest[1], rest[2], rest[3]] = cell  # type: ignore[index]
    return found


def _spread(items: Sequence[Any]) -> list[Any]:
    """The same items, any first few of which are spread evenly: by bit-reversed position."""
    bits = max(1, math.ceil(math.log2(max(2, len(items)))))
    return [items[i] for i in sorted(range(len(items)), key=lambda i: int(f"{i:0{bits}b}"[::-1], 2))]


class _Source:
    """One run that problems are read from."""

    def __init__(
        self, name: str, cells: Mapping[tuple[str, str], Mapping[CellKey, CellData]], reader: Reader
    ):  # fmt: skip
        self.name, self.cells, self.reader = name, cells, reader
        self.scores = StepScores(reader)

    @cached_property
    def contexts(self) -> dict[int, list[StoredContext]]:
        """By the problem's row; read where there is a tree."""
        return self.reader.contexts()


class _Packer:
    """Reads problems and packs them for the page."""

    def __init__(self, runs: Sequence[RunData], sources: Sequence[_Source]):
        self._sources = sources
        self.labels = list(dict.fromkeys(name for run in runs for name in run.verifiers))
        self._settings = short_labels(dict.fromkeys((e.strategy, e.setting) for run in runs for e in run.plan))
        self._questions: dict[tuple[str, str], str] = {}
        self._packed: dict[tuple[str, str], tuple[Detail, str]] = {}  # by the last estimate

    def estimate(self, wanted: Sequence[tuple[str, str, str | None]], detail: Detail) -> float:
        """Characters that all problems take, judged by some of them."""
        some = _spread(wanted)[:12]
        self._packed = {w[:2]: (detail, self.packed(w, detail)) for w in some}
        return 1.1 * len(wanted) * sum(len(text) for _, text in self._packed.values()) / max(1, len(some))

    def packed(self, problem: tuple[str, str, str | None], detail: Detail) -> str:
        """One problem, deflated, in base64."""
        held = self._packed.get(problem[:2])
        if held is not None and held[0] == detail:
            return held[1]
        text = json.dumps(self._problem(problem, detail), separators=(",", ":"), allow_nan=False)
        return base64.b64encode(zlib.compress(text.encode(), 6)).decode()

    def entry(self, problem: tuple[str, str, str | None]) -> list[Any]:
        """A line of the index: benchmark, id, level, question's beginning, right, total, picks that are right.

        ``picks``: of the largest cell, whether coverage, majority and the best by each label are right.
        """
        benchmark, name, level = problem
        held = [cell for source in self._sources for cell in source.cells.get((benchmark, name), {}).values()]
        largest = max(held, key=len)
        picks: list[bool | None] = [bool(largest.correct.any()), _right(largest, "majority", None)]
        picks += [_right(largest, "best", one) if one in largest.scores else None for one in self.labels]
        right, total = sum(int(c.correct.sum()) for c in held), sum(map(len, held))
        return [benchmark, name, level, self._questions[benchmark, name], right, total, picks]

    def _problem(self, problem: tuple[str, str, str | None], detail: Detail) -> dict[str, Any]:
        benchmark, name, level = problem
        found: dict[str, Any] = {"benchmark": benchmark, "id": name, "level": level, "cells": []}
        said: dict[str, int] = {}  # what steps say, each once
        for source in self._sources:
            stored = source.reader.problem(benchmark, name)
            if stored is None or (benchmark, name) not in source.cells:
                continue
            question = stored.question
            found |= {"question": question.text, "answer": stored.answer, "subject": question.subject}
            self._questions[benchmark, name] = " ".join(question.text.split())[:PREVIEW]
            reader = _Problem(source, stored, said, detail)
            for key, cell in source.cells[benchmark, name].items():
                shown = reader.cell(key, cell)
                if shown is not None:
                    strategy = self._settings.get(key[:2], key[0])
                    found["cells"].append({"run": source.name, "strategy": strategy, **shown})
        return found | {"steps": list(said)}


def _right(cell: CellData, selector: str, verifier: str | None) -> bool:
    return bool(cell.correct[SELECTORS[selector].select(cell.pool(graded=False), verifier)]) if len(cell) else False


class _Problem:
    """Reads the cells of one problem of a run."""

    def __init__(self, source: _Source, problem: StoredProblem, said: dict[str, int], detail: Detail):
        self._source, self._problem = source, problem
        self._said, self._detail = said, detail
        self._steps: dict[tuple[Held, Held | None], int] = {}

    def cell(self, key: CellKey, cell: CellData) -> dict[str, Any] | None:
        """What is shown of a cell; None where it changed since the run was read."""
        stored = self._source.reader.cell_texts(self._problem.row, *key)
        if stored is None or stored.n != cell.n or len(stored.origins) != len(cell):
            return None
        tags = chosen(cell, self._detail.candidates)
        return {
            "n": cell.n,
            "seed": key[2],
            "total": len(cell),
            "right": int(cell.correct.sum()),
            "answers": answers_of(cell, stored.answers),
            "distinct": len(np.unique(cell.classes[cell.classes >= 0])),
            "shown": [self._candidate(cell, i, tags[i], stored) for i in sorted(tags)],
            "tree": self._tree(stored.history, stored.origins, key[2]),
        }

    def _candidate(self, cell: CellData, i: int, tags: list[str], stored: CellTexts) -> dict[str, Any]:
        judged, problem = self._source.scores, self._problem
        candidate = self._source.reader.candidate(json.loads(stored.origins[i]), whole=judged.reads_tokens)
        spans = {} if candidate is None else dict(judged.spans(problem.name, problem.question, candidate))
        text, gone, spans = cut("" if candidate is None else candidate.text, self._detail.chars, spans)
        return {
            "i": i,
            "answer": stored.answers[i],
            "correct": bool(cell.correct[i]),
            "finished": bool(cell.finished[i]),
            "tokens": int(cell.output_tokens[i]),
            "scores": {k: _short(v) for k, v in sorted(json.loads(stored.scores[i]).items())},
            "tags": tags,
            "text": None if candidate is None else text,
            "gone": gone,
            "steps": spans,
        }

    def _tree(self, history: str, origins: Sequence[str], seed: int) -> dict[str, Any] | None:
        if history == "[]":
            return None
        chains = [
            [(piece[0], tuple(piece[1])) for piece in one if not isinstance(piece, str)]
            for one in json.loads(f"[{','.join(origins)}]")
        ]
        tree = genealogy(json.loads(history), [[path for _, path in chain] for chain in chains], self._detail.nodes)
        if tree is None:
            return None
        returned = {path: context for chain in chains for context, path in chain}
        held = self._completions.of(tree, returned, seed)
        return {
            "parent": tree.parent,
            "value": tree.value,
            "fate": tree.fate,
            "candidate": tree.candidate,
            "left_out": tree.left_out,
            "step": [self._step(one, held[p] if p >= 0 else None) for one, p in zip(held, tree.parent, strict=True)],
        }

    def _step(self, one: Held | None, before: Held | None) -> int:
        """The number of what a node says, cut; -1 where that is not known."""
        if one is None:
            return -1
        if (one, before) not in self._steps:
            text, most = one.after(before).strip(), self._detail.step
            text = text if len(text) <= most else text[: most - 1] + "…"
            self._steps[one, before] = self._said.setdefault(text, len(self._said))
        return self._steps[one, before]

    @cached_property
    def _completions(self) -> Completions:
        return Completions(self._source.reader, self._source.contexts.get(self._problem.row, ()))


def _short(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.4g}")
