"""Accuracy against compute: one row for each benchmark, strategy setting, selector, verifier and budget of a run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.analysis.compute import COSTS, CellCost, Models, cell_cost, models_of, sequential_tokens
from tts.analysis.levels import level_groups
from tts.analysis.rows import CurveRow, Curves, LevelRow, Missing, Refused
from tts.analysis.selection import expected_accuracy, picked_accuracy
from tts.core import SELECTORS, Selector, UsageError, did_you_mean
from tts.stats.intervals import mean_interval
from tts.store import CellData, Entry, ProblemInfo, RunData, planned_ids

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def curves(run: RunData, parameters: Mapping[str, float] | None = None) -> Curves:
    """All rows of a run, in the order of its benchmarks, plan, selectors and verifiers, n rising.

    Independent strategies: every row is estimated from all samples held, and costs n times their mean length. Other
    strategies: the selector picks one candidate of each cell, whose usage is the cost. A problem counts only where
    every seed of the run holds the largest planned n (for other strategies: that n), and, for a selector that needs
    scores, only where every candidate of those cells has the verifier's score.

    ``parameters``: parameter counts of models whose FLOPs the run directory does not tell, see `models_of`.

    Raises UsageError where the run names a selector that is not installed, or has no complete problem at all.
    """
    models = models_of(run, parameters)
    picks = list(_picks(run))
    parts = [_part(run, b, e, ns) for b in run.problems for e in run.plan for ns in _budgets(e)]
    labels = list(dict.fromkeys(verifier for _, verifier in picks if verifier is not None))
    points: list[_Point] = []
    refused: list[Refused] = []
    for selector, verifier in picks:
        try:
            found = [point for part in parts for point in _points(run, part, selector, verifier, models)]
        except ValueError as error:
            if verifier is None:
                raise
            refused.append(Refused(selector.name, verifier, str(error)))
            continue
        points.extend(found)
    if not any(part.held for part in parts):
        raise UsageError(
            f"RUN: {run.path} has no problem whose samples are complete yet "
            f"({len(run.cells)} finished cells); `tts run --out {run.path}` carries it on"
        )
    if not points:
        raise UsageError(
            f"RUN: {run.path} has no selector that can be drawn: {', '.join(run.selectors)} need the scores of a "
            "verifier on every candidate; add a selector that needs none, for instance majority"
        )
    rank = {(part.benchmark, part.entry): i for i, part in enumerate(parts)}
    order = {(selector.name, verifier or ""): i for i, (selector, verifier) in enumerate(picks)}
    points.sort(key=lambda p: (rank[p.part.benchmark, p.part.entry], order[p.row.selector, p.row.verifier], p.row.n))
    return Curves(
        rows=tuple(point.row for point in points),
        missing=tuple(chain.from_iterable(_missing(run, part, labels) for part in parts)),
        by_level=tuple(_by_level(run, points)),
        refused=tuple(refused),
        monte_carlo_error=max(point.error for point in points),
    )


_Held = tuple[ProblemInfo, list[CellData]]
_Pick = tuple[Selector, str | None]


@dataclass(frozen=True, slots=True)
class _Part:
    """One strategy setting on one benchmark: what is estimated from the same cells."""

    benchmark: str
    entry: Entry
    budgets: tuple[int, ...]
    held: list[_Held]
    """Problems whose samples are complete, with their cells, one a seed."""
    _sequential: dict[str, Floats] = field(default_factory=dict)

    def sequential(self, held: list[_Held]) -> Floats:
        """Sequential tokens of some of the problems at each budget, seeds averaged: shape (problems, K)."""
        if not self._sequential:
            budgets, independent = np.array(self.budgets, dtype=np.int64), self.entry.independent
            for problem, cells in self.held:
                each = [sequential_tokens(cell, independent, budgets) for cell in cells]
                self._sequential[problem.id] = np.mean(each, axis=0)
        return np.array([self._sequential[problem.id] for problem, _ in held])


@dataclass(frozen=True, slots=True)
class _Point:
    """A row, and what it takes to make it again for some of its problems."""

    row: CurveRow
    part: _Part
    held: list[_Held]
    accuracy: Floats
    """Shape (problems,): of each of ``held``, seeds averaged."""
    costs: list[CellCost]
    """Of each of ``held``, seeds averaged."""
    flaws: Floats
    """Shape (2, problems): shares of candidates that are cut, and without an answer, seeds averaged."""
    sequential: Floats
    """Shape (problems,): sequential tokens, seeds averaged."""
    error: float
    """Monte Carlo standard error of the row's accuracy."""


def _budgets(entry: Entry) -> list[tuple[int, ...]]:
    """What one cell serves: all budgets of an independent strategy, one of another."""
    return [entry.n] if entry.independent else [(n,) for n in entry.n]


def _picks(run: RunData) -> Iterator[_Pick]:
    """The run's selectors, one that needs scores once a verifier."""
    for name in run.selectors:
        selector = _selector(name)
        yield from ((selector, verifier) for verifier in (run.verifiers if selector.needs_scores else (None,)))


def _part(run: RunData, benchmark: str, entry: Entry, budgets: tuple[int, ...]) -> _Part:
    return _Part(benchmark, entry, budgets, list(_complete(run, benchmark, entry, budgets[-1])))


def _complete(run: RunData, benchmark: str, entry: Entry, n: int) -> Iterator[_Held]:
    """Problems with their cells, one a seed, where every seed holds the budget ``n``."""
    budget = 0 if entry.independent else n
    for problem in run.problems[benchmark]:
        found = [
            run.cells.get((benchmark, problem.id, entry.strategy, entry.setting, seed, budget)) for seed in run.seeds
        ]
        cells = [cell for cell in found if cell is not None and (len(cell) >= n or not entry.independent)]
        if cells and len(cells) == len(run.seeds):
            yield problem, cells


def _scored(held: list[_Held], verifier: str | None) -> list[_Held]:
    """Problems of which every candidate has that verifier's score."""
    if verifier is None:
        return held
    return [h for h in held if all(verifier in cell.scores or not len(cell) for cell in h[1])]


def planned_problems(run: RunData, entry: Entry, benchmark: str) -> int:
    """How many problems a setting is to take up: those that its plan names, or all of the run."""
    named = planned_ids(run.path, entry.setting, benchmark)
    return run.planned[benchmark] if named is None else len(named)


def _missing(run: RunData, part: _Part, labels: Sequence[str]) -> Iterator[Missing]:
    entry, complete, planned = part.entry, len(part.held), planned_problems(run, part.entry, part.benchmark)
    place = (part.benchmark, entry.strategy, entry.setting, part.budgets[-1])
    if complete < planned:
        yield Missing(*place, planned, complete)
    for label in labels:
        if (scored := len(_scored(part.held, label))) < complete:
            yield Missing(*place, complete, scored, label)


def _points(run: RunData, part: _Part, selector: Selector, verifier: str | None, models: Models) -> Iterator[_Point]:
    held = _scored(part.held, verifier)
    if not held:
        return
    accuracy, error = _accuracies(part, held, selector, verifier)
    costs, flaws = _costs(part, held, verifier, models), _flaws(held)
    sequential = part.sequential(held)
    for i, n in enumerate(part.budgets):
        figures = _figures(run, held, accuracy[:, i], flaws, _mean_cost(costs, n), sequential[:, i])
        row = CurveRow(
            benchmark=part.benchmark,
            model=run.model,
            strategy=part.entry.strategy,
            setting=part.entry.setting,
            selector=selector.name,
            verifier=verifier or "",
            n=n,
            **figures,
        )
        yield _Point(row, part, held, accuracy[:, i], costs, flaws, sequential[:, i], float(error[i]))


def _by_level(run: RunData, points: Iterable[_Point]) -> Iterator[LevelRow]:
    """The points once more for each group of levels, group after group within a benchmark."""
    by_benchmark: dict[str, list[_Point]] = {}
    for point in points:
        by_benchmark.setdefault(point.part.benchmark, []).append(point)
    for benchmark, found in by_benchmark.items():
        groups = level_groups(run.problems[benchmark])
        for group in dict.fromkeys(groups.values()):
            for point in found:
                at = [i for i, (problem, _) in enumerate(point.held) if groups[problem.level or ""] == group]
                if not at:
                    continue
                held, row = [point.held[i] for i in at], point.row
                costs = _mean_cost([point.costs[i] for i in at], row.n)
                yield LevelRow(
                    benchmark=benchmark,
                    model=run.model,
                    strategy=row.strategy,
                    setting=row.setting,
                    selector=row.selector,
                    verifier=row.verifier,
                    n=row.n,
                    **_figures(run, held, point.accuracy[at], point.flaws[:, at], costs, point.sequential[at]),
                    level=group,
                )


def _figures(
    run: RunData,
    held: list[_Held],
    accuracy: Floats,
    flaws: Floats,
    costs: Mapping[str, float | None],
    sequential: Floats,
) -> dict[str, Any]:
    """A row's figures, by field, from those of its problems."""
    interval = mean_interval(accuracy)
    return {
        "problems": len(held),
        "seeds": len(run.seeds),
        "samples": sum(len(cell) for _, cells in held for cell in cells),
        "accuracy": interval.mean,
        "stderr": interval.stderr,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "total_tokens": (costs["output_tokens"] or 0.0) + (costs["prompt_tokens_ideal"] or 0.0),
        **costs,
        "truncated_rate": float(flaws[0].mean()),
        "no_answer_rate": float(flaws[1].mean()),
        "sequential_tokens": None if np.isnan(sequential).any() else float(sequential.mean()),
    }


def _costs(part: _Part, held: list[_Held], verifier: str | None, models: Models) -> list[CellCost]:
    """What each problem costs, seeds averaged."""
    found = [
        [cell_cost(problem, cell, part.entry.independent, verifier, models) for cell in cells]
        for problem, cells in held
    ]
    return [
        CellCost(np.mean([cost.fixed for cost in cells], axis=0), np.mean([cost.each for cost in cells], axis=0))
        for cells in found
    ]


def _mean_cost(costs: Sequence[CellCost], n: int) -> dict[str, float | None]:
    """Means over problems at a budget of ``n``, by column; None where one of them is not known."""
    mean = np.mean([cost.at(n) for cost in costs], axis=0)
    return {name: None if math.isnan(x) else float(x) for name, x in zip(COSTS, mean, strict=True)}


def _accuracies(part: _Part, held: list[_Held], selector: Selector, verifier: str | None) -> tuple[Floats, Floats]:
    """Expected correctness, (problems, K), and the Monte Carlo standard error of its mean over problems, (K,)."""
    if not part.entry.independent:
        picked = [np.mean([picked_accuracy(cell, selector, verifier) for cell in cells]) for _, cells in held]
        return np.array(picked, dtype=np.float64).reshape(-1, 1), np.zeros(1)
    ks = np.array(part.budgets, dtype=np.int64)
    accuracy, variance = np.zeros((len(held), len(ks))), np.zeros(len(ks))
    for i, (problem, cells) in enumerate(held):
        for seed, cell in enumerate(cells):
            place = (part.benchmark, problem.id, part.entry.strategy, part.entry.setting, str(seed))
            try:
                estimate, error = expected_accuracy(cell, selector, verifier, ks, place)
            except ValueError as wrong:
                raise ValueError(f"{verifier}: {str(wrong).removeprefix(f'{verifier}: ')}") from wrong
            accuracy[i] += estimate / len(cells)
            variance += (error / (len(cells) * len(held))) ** 2
    return accuracy, np.array([math.sqrt(v) for v in variance])


def _flaws(held: list[_Held]) -> Floats:
    shares = [
        np.mean([(_share(~cell.finished), _share(cell.classes < 0)) for cell in cells], axis=0) for _, cells in held
    ]
    return np.array(shares).T


def _share(marks: npt.NDArray[np.bool_]) -> float:
    """Share of true marks; 0 where a strategy offered no candidate at all (which is a wrong answer, not a cut one)."""
    return float(marks.mean()) if marks.size else 0.0


def _selector(name: str) -> Selector:
    try:
        return SELECTORS[name]
    except KeyError:
        raise UsageError(
            f"run.json: selectors: {name!r} is not installed here{did_you_mean(name, SELECTORS)}; "
            "install the package that has it"
        ) from None
