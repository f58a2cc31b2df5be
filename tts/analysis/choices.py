"""Ways to spend compute on a problem, and what each gives and costs on every problem: the tables to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tts.analysis.axes import Axis, Costed
from tts.analysis.selection import expected_accuracy, picked_accuracy
from tts.analysis.verdicts import one_verdict
from tts.core import SELECTORS, UsageError
from tts.store import CellData, Entry, ProblemInfo, RunData

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


Name = tuple[str, str]
"""A problem: benchmark, id."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to spend: a strategy setting, a selector and a budget."""

    run: str
    """Path of the run's directory; several runs may hold the same strategy."""
    strategy: str
    setting: str
    selector: str
    verifier: str
    n: int

    @property
    def series(self) -> Choice:
        """What its curve has in common: the choice without its budget (0)."""
        return replace(self, n=0)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """What every choice gives and costs on every problem."""

    problems: tuple[ProblemInfo, ...]
    choices: tuple[Choice, ...]
    accuracy: Floats
    """Shape (choices, problems)."""
    compute: Floats
    """Shape (choices, problems), in the axis's unit."""

    def at(self, rows: Iterable[int]) -> Table:
        """Some of the choices."""
        kept = list(rows)
        return Table(self.problems, tuple(self.choices[i] for i in kept), self.accuracy[kept], self.compute[kept])


@dataclass(frozen=True, slots=True)
class Held:
    """One strategy setting of a run with the cells that count, by problem; one cell a seed used."""

    run: RunData
    entry: Entry
    cells: Mapping[tuple[Name, int], Sequence[CellData]]
    """By problem and budget (0 for an independent strategy)."""
    whole: Mapping[tuple[Name, int], Sequence[CellData]]
    """The same cells as the run holds them, where ``cells`` are parts of them."""


def part_of(cell: CellData, at: slice) -> CellData:
    """Some of a cell's independent samples, as a cell of their own."""
    arrays = {k: getattr(cell, k)[at] for k in ("classes", "correct", "finished", "output_tokens")}
    scores = {name: values[at] for name, values in cell.scores.items()}
    return replace(cell, n=len(arrays["classes"]), scores=scores, **arrays)


def complete_problems(runs: Sequence[RunData]) -> tuple[ProblemInfo, ...]:
    """Problems that every fixed strategy setting of every run holds in full, in the first run's order.

    Raises UsageError where the runs took up different problems (naming some), or have no complete problem in common.
    """
    first = runs[0]
    for other in runs[1:]:
        same_problems(first, other, set(first.problems) | set(other.problems))
    problems = tuple(p for b in first.problems.values() for p in b)
    found = tuple(p for p in problems if all(_is_complete(run, e, p) for run in runs for e in fixed(run)))
    if not found:
        raise UsageError(
            f"RUN: {', '.join(str(run.path) for run in runs)}: no problem is complete for every strategy; "
            f"`tts run --out {first.path}` carries the run on"
        )
    return found


def same_problems(first: RunData, second: RunData, benchmarks: Iterable[str]) -> None:
    """Raises UsageError, naming some, where two runs took up different problems of these benchmarks."""
    mine, yours = ({(p.benchmark, p.id) for b in benchmarks for p in r.problems.get(b, ())} for r in (first, second))
    if mine != yours:
        raise UsageError(
            f"RUN: {first.path} and {second.path} are runs on different problem sets: "
            f"{_some(mine - yours, first.path)}{_some(yours - mine, second.path)}give both the same benchmarks and "
            "limit"
        )


def _some(names: set[Name], where: Path) -> str:
    if not names:
        return ""
    count = "1 problem" if len(names) == 1 else f"{len(names)} problems"
    return f"{count} ({'/'.join(min(names))}{', ...' if len(names) > 1 else ''}) only in {where}; "


def left_out(run: RunData, problems: Sequence[ProblemInfo]) -> list[str]:
    """How many of the problems that a run is to take up are not among the complete ones, where some are not."""
    count = sum(max(len(held), run.planned.get(name, 0)) for name, held in run.problems.items())
    if count == len(problems):
        return []
    lacking = count - len(problems)
    return [f"{lacking} of {count} problems {'is' if lacking == 1 else 'are'} not complete and left out"]


def fixed(run: RunData) -> Iterator[Entry]:
    """The plan's settings whose numbers of samples were fixed beforehand; of two verdicts on the same samples ours."""
    return (entry for entry in one_verdict(run) if not entry.planned)


def budgets_of(entry: Entry) -> tuple[int, ...]:
    """The budgets that its cells are kept under: one, 0, for an independent strategy."""
    return (0,) if entry.independent else entry.n


def _is_complete(run: RunData, entry: Entry, problem: ProblemInfo) -> bool:
    cells = [
        run.cells.get((problem.benchmark, problem.id, entry.strategy, entry.setting, seed, budget))
        for seed in run.seeds
        for budget in budgets_of(entry)
    ]
    return all(c is not None and (len(c) >= entry.n[-1] or not entry.independent) for c in cells)


def hold(run: RunData, entry: Entry, problems: Sequence[ProblemInfo], seeds: Sequence[int]) -> Held:
    """The cells of a setting, some of the run's seeds alone."""
    cells = {
        ((p.benchmark, p.id), budget): [
            run.cells[p.benchmark, p.id, entry.strategy, entry.setting, seed, budget] for seed in seeds
        ]
        for p in problems
        for budget in budgets_of(entry)
    }
    return Held(run, entry, cells, cells)


def halved(held: Held, half: int) -> Held | None:
    """Half 0 or 1 of what is held: of the seeds, else of an independent strategy's samples; None where neither is.

    Of an odd number the second half has one more.
    """
    (some, *_) = held.cells.values()
    if len(some) > 1:
        cut = len(some) // 2
        keep = slice(0, cut) if half == 0 else slice(cut, None)
        cells, whole = ({key: found[keep] for key, found in kind.items()} for kind in (held.cells, held.whole))
        return replace(held, cells=cells, whole=whole)
    if not held.entry.independent or any(len(c) < 2 for cells in held.cells.values() for c in cells):
        return None

    def part(cell: CellData) -> CellData:
        cut = len(cell) // 2
        return part_of(cell, slice(0, cut) if half == 0 else slice(cut, None))

    return replace(held, cells={key: [part(c) for c in cells] for key, cells in held.cells.items()})


def tabulate(parts: Sequence[Held], problems: Sequence[ProblemInfo], axis: Axis) -> tuple[Table, tuple[str, ...]]:
    """What each setting, selector, verifier and budget gives and costs, and why some were left out.

    Budgets are the planned ones; of independent samples those that the cells hold (a half may not), and powers of two.
    Oracle selectors are no choice; ``first`` is one at the smallest budget only, since more samples add nothing to it.
    Seeds are averaged within a problem.
    Raises UsageError where nothing can be chosen at all.
    """
    choices: list[Choice] = []
    accuracy: list[Floats] = []
    compute: list[Floats] = []
    refused: list[str] = []
    for held in parts:
        lone = all(len(c) <= 1 for cells in held.cells.values() for c in cells)  # every selector picks the same
        for selector, verifier in list(_picks(held.run))[: 1 if lone else None]:
            try:
                found = list(_rows(held, selector, verifier, problems, axis))
            except ValueError as error:
                refused.append(f"{selector} ({verifier}): {error}")
                continue
            if not found and verifier:
                refused.append(f"{selector} ({verifier}) on {held.entry.strategy}: scores are missing")
            for choice, right, cost in found:
                choices.append(choice)
                accuracy.append(right)
                compute.append(cost)
    if not choices:
        raise UsageError("RUN: there is no strategy with a selector that may be compared; add the selector majority")
    return Table(tuple(problems), tuple(choices), np.array(accuracy), np.array(compute)), tuple(dict.fromkeys(refused))


def _picks(run: RunData) -> Iterator[tuple[str, str]]:
    for name in run.selectors:
        if name in SELECTORS and not SELECTORS[name].oracle:
            yield from ((name, verifier) for verifier in (run.verifiers if SELECTORS[name].needs_scores else ("",)))


def _rows(
    held: Held, selector: str, verifier: str, problems: Sequence[ProblemInfo], axis: Axis
) -> Iterator[tuple[Choice, Floats, Floats]]:
    if verifier and any(verifier not in c.scores for cells in held.cells.values() for c in cells if len(c)):
        return
    entry = held.entry
    budgets = list(entry.n)
    if entry.independent:
        smallest = min(len(c) for cells in held.cells.values() for c in cells)
        budgets = sorted({*(n for n in entry.n if n <= smallest), *(2**i for i in range(smallest.bit_length()))})
    if selector == "first":
        budgets = budgets[:1]
    right, cost = np.zeros((len(budgets), len(problems))), np.zeros((len(budgets), len(problems)))
    for i, problem in enumerate(problems):
        for at in [slice(0, len(budgets))] if entry.independent else [slice(k, k + 1) for k in range(len(budgets))]:
            ks = np.array(budgets[at], dtype=np.int64)
            key = (problem.benchmark, problem.id), 0 if entry.independent else int(ks[0])
            cells = held.cells[key]
            for seed, (cell, whole) in enumerate(zip(cells, held.whole[key], strict=True)):
                right[at, i] += _accuracy(held, cell, selector, verifier, ks, problem, seed) / len(cells)
                cost[at, i] += axis(Costed(held.run, problem, whole, entry, verifier), ks) / len(cells)
    for k, n in enumerate(budgets):
        yield Choice(str(held.run.path), entry.strategy, entry.setting, selector, verifier, n), right[k], cost[k]


def _accuracy(
    held: Held, cell: CellData, selector: str, verifier: str, ks: Ints, problem: ProblemInfo, seed: int
) -> Floats:
    rule, label = SELECTORS[selector], verifier or None
    if not held.entry.independent:
        return np.array([picked_accuracy(cell, rule, label)])
    place = (problem.benchmark, problem.id, held.entry.strategy, held.entry.setting, str(seed))
    return expected_accuracy(cell, rule, label, ks, place)[0]
