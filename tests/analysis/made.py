"""Runs made in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tts.store import BenchmarkInfo, CellData, Entry, ModelInfo, ProblemInfo, RunData, RunInfo, SessionInfo


def entry(strategy: str, independent: bool, n: Sequence[int], setting: str = "{}") -> Entry:
    return Entry(strategy=strategy, setting=setting, independent=independent, n=tuple(n))


def run_data(
    problems: Sequence[ProblemInfo],
    cells: Mapping[Any, CellData],
    plan: Sequence[Entry],
    *,
    planned: int,
    seeds: Sequence[int] = (0,),
    selectors: Sequence[str] = ("first", "majority", "oracle"),
    verifiers: Sequence[str] = (),
    architecture: Mapping[str, Any] | None = None,
    sessions: Sequence[SessionInfo] = (),
) -> RunData:
    """A run of one benchmark, ``toy``, whose directory is not there."""
    info = RunInfo(
        model=ModelInfo(name="m", architecture=architecture),
        seeds=tuple(seeds),
        selectors=tuple(selectors),
        verifiers=tuple(verifiers),
        plan=tuple(plan),
        benchmarks={"toy": BenchmarkInfo(problems=planned)},
        sessions=list(sessions),
    )
    return RunData(
        path=Path("runs/x"),
        info=info,
        plan=info.plan,
        problems={"toy": tuple(problems)},
        cells=cells,
        engines=("e",),
        samples=0,
        redrawn=0,
    )
