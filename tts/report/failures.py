"""What went wrong, by strategy: answers cut short, without an answer, or where the grader failed."""

from __future__ import annotations

from collections.abc import Sequence

from tts.analysis import run_names
from tts.report.notes import group_labels
from tts.report.tables.writing import TextTable
from tts.store import CellData, RunData


def failure_table(runs: Sequence[RunData]) -> TextTable:
    """One row a model, benchmark and strategy setting, over the candidates of all its cells, complete or not.

    Rates of the grader are by cell: those where it ran out of time on a pair of answers, those where members of one
    class of equal answers have different verdicts (its own, or an imported file's where these count), and those with
    more distinct answers than it compares.
    """
    groups: dict[tuple[str, str, str, str, str], list[CellData]] = {}
    for name, run in zip(run_names(runs), runs, strict=True):
        for entry in run.plan:
            for benchmark in run.problems:
                groups.setdefault((run.model, benchmark, name, entry.strategy, entry.setting), [])
        for (benchmark, _, strategy, setting, _, _), cell in run.cells.items():
            groups.setdefault((run.model, benchmark, name, strategy, setting), []).append(cell)
    names = group_labels(dict.fromkeys(key[2:] for key in groups))
    return TextTable(
        "What went wrong, by strategy",
        ("model", "benchmark", "strategy", "candidates", "truncated", "no_answer", "cells", "grader_timeout",
         "grader_disagreement", "grader_capped"),
        tuple((*key[:2], names[key[2:]], *_rates(cells)) for key, cells in groups.items() if cells),
        shares=("truncated", "no_answer", "grader_timeout", "grader_disagreement", "grader_capped"),
    )  # fmt: skip


def _rates(cells: Sequence[CellData]) -> tuple[int | float | None, ...]:
    candidates = sum(map(len, cells))
    cut = sum(int((~c.finished).sum()) for c in cells)
    mute = sum(int((c.classes < 0).sum()) for c in cells)
    graded = [sum(c.grader.get(name, 0) > 0 for c in cells) / len(cells) for name in ("timeouts", "mixed", "capped")]
    of = [cut / candidates, mute / candidates] if candidates else [None, None]
    return (candidates, *of, len(cells), *graded)
