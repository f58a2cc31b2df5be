"""What the pictures and tables of compute-optimal scaling are made of: curves by bin, and what was chosen most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tts.analysis import Choice
from tts.analysis.studies import OptimalStudy
from tts.stats import Interval, mean_interval

OPTIMAL, SINGLE, ORACLE = "compute-optimal", "best single", "oracle"
"""Curves of a study beside those of single settings."""
MOST = 6
"""Settings, budgets aside, that get a look of their own."""


@dataclass(frozen=True, slots=True)
class BinPoint:
    """One point of a curve on the problems of one bin."""

    bin: str
    problems: int
    curve: str
    """``OPTIMAL``, ``SINGLE`` or empty."""
    choice: Choice | None
    """The single setting; None where ``curve`` has a name."""
    budget: float | None
    """Of the curves with a name."""
    compute: float
    accuracy: Interval


def bin_points(study: OptimalStudy) -> Iterator[BinPoint]:
    """Every curve on the problems of every bin, the easiest first."""
    table = study.table
    for k, (name, size) in enumerate(zip(study.bins.names, study.bins.sizes, strict=True)):
        mine = study.bins.member == k
        for curve, chosen in ((OPTIMAL, study.optimal), (SINGLE, study.single)):
            for budget, right, cost in zip(study.budgets, chosen.accuracy, chosen.compute, strict=True):
                spent, accuracy = float(cost[mine].mean()), mean_interval(right[mine])
                yield BinPoint(name, int(size), curve, None, float(budget), spent, accuracy)
        for choice, right, cost in zip(table.choices, table.accuracy, table.compute, strict=True):
            yield BinPoint(name, int(size), "", choice, None, float(cost[mine].mean()), mean_interval(right[mine]))


def most_chosen(study: OptimalStudy) -> list[Choice]:
    """The series that bins chose for most budgets, at most `MOST`, the most chosen first."""
    return [series for series, _ in Counter(pick.choice.series for pick in study.picks).most_common(MOST)]
