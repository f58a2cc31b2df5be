"""Cells: one problem under one strategy setting and seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tts.core import Candidate, Completion, SamplingParams, Strategy
from tts.store import CellKey, StoredProblem


@dataclass(frozen=True)
class Setting:
    """One strategy with all its parameters, and the budgets it is asked for."""

    name: str
    strategy: Strategy
    sampling: SamplingParams
    """Resolved: what every request of the strategy starts from."""
    label: str
    """The parameters that differ from the package's defaults, as canonical JSON, without n."""
    budgets: tuple[int, ...]
    """Ascending."""

    def finished(self, candidate: Candidate) -> bool:
        """Whether an answer ended by itself, or at a stop string of the sweep's own."""
        last = candidate.pieces[-1] if candidate.pieces else None
        if isinstance(last, Completion) and last.finish_reason == "stop" and last.stop_reason in self.sampling.stop:
            return True
        return candidate.finished


@dataclass(frozen=True)
class Cell:
    """One problem under one strategy setting and seed, for one budget."""

    index: int
    """Position in the run: older cells go first."""
    problem: StoredProblem
    setting: Setting
    seed: int
    n: int
    kept_under: int | None = None
    """The budget that names the outcome where a plan gave each problem an n of its own: it serves no other budget."""
    pilot: Cell | None = None
    """What a plan had drawn before it chose this; charged to the cell."""

    @property
    def key(self) -> CellKey:
        """Identity of the cell's outcome: an independent strategy's largest cell serves every smaller budget."""
        budget = self.kept_under
        if budget is None:
            budget = 0 if self.setting.strategy.independent else self.n
        problem = self.problem
        return problem.benchmark, problem.question.id, self.setting.name, self.setting.label, self.seed, budget


def cells_of(problems: Sequence[StoredProblem], settings: Sequence[Setting], seeds: Sequence[int]) -> Iterator[Cell]:
    """All cells of a run, problem by problem, so that a problem's prompt is still cached for its next strategy."""
    index = 0
    for problem in problems:
        for setting in settings:
            budgets = setting.budgets[-1:] if setting.strategy.independent else setting.budgets
            for n in budgets:
                for seed in seeds:
                    yield Cell(index, problem, setting, seed, n)
                    index += 1
