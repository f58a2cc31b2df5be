"""``tts optimal --larger``: the small model's compute-optimal curve against one answer of a larger model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tts.analysis.choices import budgets_of, complete_problems, fixed, hold
from tts.analysis.studies.flops_matched import Matched, flops_matched
from tts.analysis.studies.optimal_study import OptimalStudy
from tts.core import UsageError
from tts.store import RunData


@dataclass(frozen=True, slots=True)
class MatchedRow:
    """The comparison on all problems, or on those of one difficulty."""

    bin: str
    """``all``, or a bin's name."""
    problems: int
    result: Matched


def study_matched(
    study: OptimalStudy, small: Sequence[RunData], larger: RunData, *, times: float, ratios: Sequence[float]
) -> list[MatchedRow]:
    """One row a ratio, for all problems and for each bin.

    The larger model's answer is its greedy one where its run has that, else one sample (pass@1); both are averaged over
    seeds. ``times``: its parameters over the small model's. Raises UsageError where its run is on other problems, lacks
    some that the small model has, or holds no single answers, or where ``times`` or a ratio makes no sense.
    """
    theirs = {(p.benchmark, p.id) for p in complete_problems([small[0], larger]) if p in study.problems}
    at = [i for i, p in enumerate(study.problems) if (p.benchmark, p.id) in theirs]
    problems = [study.problems[i] for i in at]
    entry = next((e for e in fixed(larger) if e.strategy == "greedy"), None) or next(
        (e for e in fixed(larger) if e.independent), None
    )
    if entry is None:
        raise UsageError(f"--larger: {larger.path} has neither greedy nor independent samples; `tts run` adds them")
    held = hold(larger, entry, problems, larger.seeds)
    budget = budgets_of(entry)[0]
    large = np.array([np.mean([_share(c.correct) for c in held.cells[(p.benchmark, p.id), budget]]) for p in problems])
    single = _one_answer(study)[at]
    accuracy, compute = study.optimal.accuracy[:, at], study.optimal.compute[:, at]
    groups = [("all", np.arange(len(at)))]
    groups += [(name, np.flatnonzero(study.bins.member[at] == k)) for k, name in enumerate(study.bins.names)]
    rows = []
    for ratio in ratios:
        for name, mine in groups:
            if not len(mine):
                continue
            try:
                result = flops_matched(
                    accuracy[:, mine], compute[:, mine], large[mine],
                    single=float(single[mine].mean()), times=times, ratio=ratio,
                )  # fmt: skip
            except ValueError as error:
                raise UsageError(f"--larger: {error}") from None
            rows.append(MatchedRow(name, len(mine), result))
    return rows


def _share(correct: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    return float(correct.mean()) if len(correct) else 0.0


def _one_answer(study: OptimalStudy) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What one answer of the small model takes on each problem: its cheapest choice on average."""
    table = study.table
    cheapest: np.ndarray[tuple[int], np.dtype[np.float64]] = table.compute[int(np.argmin(table.compute.mean(axis=1)))]
    return cheapest
