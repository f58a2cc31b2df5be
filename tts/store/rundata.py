"""Everything of a run directory that tables are made of, read at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tts.store.info import Entry, RunInfo
from tts.store.reader import Reader
from tts.store.records import CellData, CellKey, ProblemInfo


@dataclass(frozen=True, slots=True)
class RunData:
    """One consistent moment of a run directory."""

    path: Path
    info: RunInfo
    """What ``run.json`` says."""
    plan: tuple[Entry, ...]
    """The settings that are looked at; all of the run's, unless some were left out."""
    problems: Mapping[str, tuple[ProblemInfo, ...]]
    """By benchmark, in the order of run.json; within one by id, so that the order of arrival changes nothing."""
    cells: Mapping[CellKey, CellData]
    engines: tuple[str, ...]
    """Name and version of every software that answered."""
    samples: int
    """Completions in the journal."""
    redrawn: int
    """Samples that were in flight when the run died, and were drawn again."""

    @property
    def model(self) -> str:
        """Name of the policy."""
        return self.info.model.name

    @property
    def seeds(self) -> tuple[int, ...]:
        """The run's seeds."""
        return self.info.seeds

    @property
    def selectors(self) -> tuple[str, ...]:
        """Names of the run's selectors."""
        return self.info.selectors

    @property
    def verifiers(self) -> tuple[str, ...]:
        """Labels, ``verifier:aggregation``, of the scores that selectors are to use."""
        return self.info.verifiers

    @property
    def planned(self) -> Mapping[str, int]:
        """By benchmark: how many problems the run is to take up."""
        return {name: benchmark.problems for name, benchmark in self.info.benchmarks.items()}


def read_run(run: Path) -> RunData:
    """Everything of a run directory that curves need, in one read transaction.

    Raises UsageError where ``run`` is not a run directory, cannot be read, or has another format.
    """
    with Reader(run) as reader:
        problems: dict[str, list[ProblemInfo]] = {name: [] for name in reader.info.benchmarks}
        for problem in reader.problems():
            if problem.benchmark in problems:
                problems[problem.benchmark].append(problem)
        return RunData(
            path=run,
            info=reader.info,
            plan=reader.info.plan,
            problems={name: tuple(found) for name, found in problems.items()},
            cells=dict(reader.cells()),
            engines=reader.engines(),
            samples=reader.sample_count(),
            redrawn=reader.redrawn_count(),
        )
