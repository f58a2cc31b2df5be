"""The tables of ``tts optimal``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tts.analysis import Choice
from tts.analysis.studies import MatchedRow, OptimalStudy, name_of
from tts.report.tables.writing import TextTable
from tts.store import RunData


def optimal_tables(
    study: OptimalStudy, runs: Sequence[RunData], axis: str, label: Callable[[Choice], str] | None = None
) -> dict[str, TextTable]:
    """Curves, what was chosen, and budget ratios, by the name of their CSV file; ``label``: default `name_of`."""

    def name(choice: Choice) -> str:
        return label(choice) if label else name_of(choice, runs)

    named = {name_of(series, runs): name(series) for series in (c.series for c in study.table.choices)}
    return {
        "optimal": TextTable(
            f"Accuracy against {axis} a problem",
            ("curve", "budget", axis, "accuracy", "ci_low", "ci_high"),
            tuple(
                (named.get(p.curve, p.curve), p.budget, p.compute, p.accuracy.mean, p.accuracy.low, p.accuracy.high)
                for p in study.points
            ),
        ),
        "optimal_choices": TextTable(
            "Best setting by budget and bin, as each half of the problems chose it",
            ("budget", "bin", "problems", "n_0", "n_1", "setting_0", "setting_1"),
            tuple(
                (a.budget, a.bin, a.problems, a.choice.n, b.choice.n, name(a.choice), name(b.choice))
                for a, b in zip(study.picks[::2], study.picks[1::2], strict=True)
            ),
        ),
        "optimal_ratios": TextTable(
            f"Budget ratio: {axis} that a strategy takes for an accuracy, over compute-optimal for the same",
            ("strategy", "n", "accuracy", "ratio", "ci_low", "ci_high"),
            tuple(
                (
                    name(s.series) if s.series else "best single",
                    s.n,
                    s.level,
                    str(s.ratio),
                    _end(s.ratio.ci_low),
                    _end(s.ratio.ci_high),
                )
                for s in study.savings
            ),
        ),
    }


def matched_table(rows: Sequence[MatchedRow], axis: str, times: float) -> TextTable:
    """The FLOPs-matched comparison."""
    return TextTable(
        f"Compute-optimal against one answer of a model {times:g} times larger, at equal total FLOPs",
        ("inference_over_pretraining", "bin", "problems", "multiplier", f"{axis}_budget", f"{axis}_spent", "small",
         "large", "difference", "ci_low", "ci_high"),
        tuple(
            (r.result.ratio, r.bin, r.problems, r.result.multiplier, r.result.budget,
             f"{r.result.spent:.4g}" + (" (all held)" if r.result.spent < r.result.budget * (1 - 1e-9) else ""),
             r.result.small.mean, r.result.large.mean, r.result.difference.mean, r.result.difference.low,
             r.result.difference.high)
            for r in rows
        ),
    )  # fmt: skip


def _end(value: float) -> float | None:
    """An end of an interval; None where nothing bounds it."""
    return value if 0 < value < float("inf") else None
