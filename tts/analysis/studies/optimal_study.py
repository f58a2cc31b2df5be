"""``tts optimal``: from runs to the compute-optimal curve beside every single strategy and the oracle choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tts.analysis import how_to_score
from tts.analysis.axes import Axis, token_axis
from tts.analysis.choices import Choice, Held, Table, complete_problems, fixed, halved, hold, left_out, tabulate
from tts.analysis.joined import run_names
from tts.analysis.studies.bins import Bins, quantile_bins, threshold_bins
from tts.analysis.studies.optimal import (
    SAME,
    Chosen,
    Optimal,
    Ratio,
    best_single,
    budget_ratios,
    compute_optimal,
    folds,
    optimal_curve,
    oracle_choice,
    own_curve,
)
from tts.analysis.studies.sharing import sharing
from tts.analysis.verdicts import verdict_notes
from tts.core import UsageError, did_you_mean
from tts.stats.intervals import Interval, mean_interval
from tts.store import CellData, ProblemInfo, RunData

Floats = npt.NDArray[np.float64]
BinKind = Literal["oracle", "predicted", "thresholds"]


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a curve over budgets."""

    curve: str
    """``compute-optimal``, ``best single``, ``oracle`` or a single strategy's series."""
    budget: float
    compute: float
    """What was spent, mean per problem."""
    accuracy: Interval


@dataclass(frozen=True, slots=True)
class Pick:
    """What a fold chose for a bin at a budget."""

    budget: float
    bin: str
    problems: int
    fold: int
    choice: Choice


@dataclass(frozen=True, slots=True)
class Saving:
    """The budget ratio against one single strategy at its own accuracy with one of its budgets."""

    series: Choice | None
    """None: the best single setting of every budget, chosen on the same folds."""
    n: int | None
    """None as ``series``."""
    level: float
    """The accuracy that both reach."""
    ratio: Ratio


@dataclass(frozen=True, slots=True, eq=False)
class OptimalStudy:
    """All of ``tts optimal``."""

    problems: tuple[ProblemInfo, ...]
    bins: Bins
    difficulty: str
    """How bins were told, and from which samples."""
    points: tuple[Point, ...]
    picks: tuple[Pick, ...]
    savings: tuple[Saving, ...]
    notes: tuple[str, ...]
    table: Table
    budgets: Floats
    """Shape (budgets,): those of ``optimal`` and ``single``."""
    optimal: Optimal
    single: Optimal
    """The best single setting of every budget."""


def study_optimal(
    runs: Sequence[RunData],
    *,
    kind: BinKind = "oracle",
    verifier: str | None = None,
    axis: Axis = token_axis,
    resamples: int = 1_000,
) -> OptimalStudy:
    """Compute-optimal scaling over the strategies, selectors and budgets of some runs on the same problems.

    Bins are told from the last seed of the first run where it has several, else from the second half of its independent
    samples; what remains is compared. ``kind``: oracle quantiles of pass@1, quantiles of a verifier's mean score
    (``verifier``, its label), or absolute thresholds of pass@1.

    Raises UsageError where runs differ in their problems, hold no independent samples to tell difficulty from, too few
    problems, or lack the verifier's scores.
    """
    problems = complete_problems(runs)
    if len(problems) < 4:
        raise UsageError(
            f"RUN: {len(problems)} problems are complete; choosing on one half of them and evaluating on the other "
            "needs at least 4, and a few dozen for intervals that say something"
        )
    apart, parts, source, shared = _set_apart(runs, problems)
    bins, how = _bins(runs[0], apart, kind, verifier)
    table, refused = tabulate(parts, problems, axis)
    fold = folds(bins.member)
    budgets = np.unique(table.compute.mean(axis=1))
    optimal = compute_optimal(table.accuracy, table.compute, bins.member, fold, budgets)
    single = best_single(table.accuracy, table.compute, fold, budgets)
    notes = [*verdict_notes(runs, "tts optimal"), *shared, *refused]
    points = [*_points("compute-optimal", budgets, optimal), *_points("best single", budgets, single)]
    oracle, note = _oracle(parts, problems, axis, table)
    points += oracle
    notes += note
    for series in _series(table):
        rows = [i for i, choice in enumerate(table.choices) if choice.series == series]
        points += [_point(name_of(series, runs), budget=None, chosen=table, row=i) for i in rows]
    notes += left_out(runs[0], problems)
    return OptimalStudy(
        problems=problems,
        bins=bins,
        difficulty=f"{how} of {source}",
        points=tuple(points),
        picks=tuple(_picks(bins, budgets, optimal, table)),
        savings=tuple(_savings(table, bins, fold, budgets, single, resamples)),
        notes=tuple(notes),
        table=table,
        budgets=budgets,
        optimal=optimal,
        single=single,
    )


def name_of(choice: Choice, runs: Sequence[RunData]) -> str:
    """A choice's series for people: run (where there are several), strategy, setting, selector, verifier."""
    setting = "" if choice.setting == "{}" else f" {choice.setting}"
    verifier = f" ({choice.verifier})" if choice.verifier else ""
    place = dict(zip((str(run.path) for run in runs), run_names(runs), strict=True))[choice.run]
    return f"{f'{place}: ' if place else ''}{choice.strategy}{setting}, {choice.selector}{verifier}"


def _set_apart(
    runs: Sequence[RunData], problems: Sequence[ProblemInfo]
) -> tuple[list[list[CellData]], list[Held], str, list[str]]:
    """Cells that tell difficulty, by problem; what is compared; in words, where the former are from, and what may not
    be compared since it holds some of them."""
    first = runs[0]
    judge = next((e for e in fixed(first) if e.independent and e.strategy != "greedy"), None)
    if judge is None:
        raise UsageError(
            f"RUN: {first.path} has no independent samples to tell difficulty from; "
            f"`tts run --out {first.path} --strategy best_of_n --n 16` draws some, or name another run first"
        )
    several = len(first.seeds) > 1
    if several:
        held, kept = (hold(first, judge, problems, seeds) for seeds in (first.seeds[-1:], first.seeds[:-1]))
        source = f"the {judge.n[-1]} samples of seed {first.seeds[-1]}"
    else:
        whole = hold(first, judge, problems, first.seeds)
        first_half, second_half = halved(whole, 0), halved(whole, 1)
        if first_half is None or second_half is None:
            raise UsageError(
                f"RUN: {first.path} holds one sample a problem; telling difficulty from other samples than those "
                "compared needs at least 2, or a second seed"
            )
        kept, held = first_half, second_half
        source = f"the second half of the {judge.n[-1]} samples"
    parts, shared = [], []
    for run, place in zip(runs, run_names(runs), strict=True):
        seeds = run.seeds[:-1] if run is first and several else run.seeds
        left = sharing(first, judge, run)
        for e in fixed(run):
            if (e.strategy, e.setting) not in left:
                parts.append(kept if run is first and e == judge else hold(run, e, problems, seeds))
                continue
            name = f"{f'{place}: ' if place else ''}{e.strategy}{'' if e.setting == '{}' else f' {e.setting}'}"
            shared.append(f"{name} is left out: it holds samples that difficulty is told from")
    cells = [list(held.cells[(p.benchmark, p.id), 0]) for p in problems]
    return cells, parts, f"{source} of {judge.strategy}", shared


def _bins(run: RunData, apart: Sequence[Sequence[CellData]], kind: BinKind, verifier: str | None) -> tuple[Bins, str]:
    if kind != "predicted":
        rates = np.array([np.mean([cell.correct.mean() for cell in cells]) for cells in apart])
        return (threshold_bins(rates), "pass@1") if kind == "thresholds" else (quantile_bins(rates), "pass@1")
    labels = sorted(set.intersection(*(set(cell.scores) for cells in apart for cell in cells)))
    if verifier is None and len(labels) == 1:
        verifier = labels[0]
    if verifier is not None and labels and verifier not in labels:
        raise UsageError(
            f"--verifier: found {verifier!r}{did_you_mean(verifier, labels)}, expected one that has scored every "
            f"sample: {', '.join(labels)}"
        )
    if verifier is None or not labels:
        found = f"found {', '.join(labels)}" if labels else f"no verifier has scored every sample; {how_to_score(run)}"
        raise UsageError(f"--verifier: predicted bins need one verifier's scores; {found}")
    scores = np.array([np.mean([cell.scores[verifier].mean() for cell in cells]) for cells in apart])
    if not np.isfinite(scores).all():
        raise UsageError(f"--verifier: {verifier} has scores that are not finite, of which there is no mean")
    return quantile_bins(scores), f"mean {verifier}"


def _series(table: Table) -> list[Choice]:
    return list(dict.fromkeys(choice.series for choice in table.choices))


def _points(name: str, budgets: Floats, chosen: Chosen) -> list[Point]:
    return [
        Point(name, float(b), float(chosen.compute[i].mean()), mean_interval(chosen.accuracy[i]))
        for i, b in enumerate(budgets)
    ]


def _point(name: str, budget: float | None, chosen: Table, row: int) -> Point:
    spent = float(chosen.compute[row].mean())
    return Point(name, spent if budget is None else budget, spent, mean_interval(chosen.accuracy[row]))


def _oracle(
    parts: Sequence[Held], problems: Sequence[ProblemInfo], axis: Axis, table: Table
) -> tuple[list[Point], list[str]]:
    """The per-problem choice among what can be halved."""
    pairs = [(halved(p, 0), halved(p, 1)) for p in parts]
    whole = [(a, b) for a, b in pairs if a is not None and b is not None]
    left = sorted({p.entry.strategy for p, (a, b) in zip(parts, pairs, strict=True) if a is None or b is None})
    notes = [f"the oracle choice is without {', '.join(left)}: one cell a problem cannot be halved"] if left else []
    if not whole:
        return [], notes
    first, second = (tabulate([pair[half] for pair in whole], problems, axis)[0] for half in (0, 1))
    shared = [c for c in first.choices if c in set(second.choices)]
    a, b = (t.at([t.choices.index(c) for c in shared]) for t in (first, second))
    if max(c.n for c in shared) < max(c.n for c in table.choices):
        notes.append(
            f"the oracle choice is among budgets up to {max(c.n for c in shared)}: halves hold no more samples"
        )
    budgets = np.unique((a.compute.mean(axis=1) + b.compute.mean(axis=1)) / 2)
    chosen = oracle_choice((a.accuracy, b.accuracy), (a.compute, b.compute), budgets)
    return _points("oracle", budgets, chosen), notes


def _picks(bins: Bins, budgets: Floats, optimal: Optimal, table: Table) -> list[Pick]:
    return [
        Pick(float(budget), name, int(bins.sizes[k]), fold, table.choices[int(optimal.setting[fold, b, k])])
        for b, budget in enumerate(budgets)
        for k, name in enumerate(bins.names)
        for fold in (0, 1)
    ]


def _savings(
    table: Table, bins: Bins, fold: npt.NDArray[np.int64], budgets: Floats, single: Optimal, resamples: int
) -> list[Saving]:
    """Against the best single setting at every accuracy that more budget brings it to, then against every series of
    more than one budget at its best."""
    chosen = optimal_curve(table.accuracy, table.compute, bins.member, fold, budgets)
    rows = [[i for i, choice in enumerate(table.choices) if choice.series == series] for series in _series(table)]
    rows = [at for at in rows if len(at) > 1]
    own = [(table.accuracy[at], table.compute[at]) for at in rows]
    best = [int(np.argmax(right.mean(axis=1))) for right, _ in own]  # not the last: a verifier may be over-optimised
    levels = single.accuracy.mean(axis=1)
    rising = np.flatnonzero(levels[1:] > np.maximum.accumulate(levels)[:-1] + SAME) + 1
    one_bin = optimal_curve(table.accuracy, table.compute, np.zeros_like(bins.member), fold, budgets)
    curves = [one_bin, *(own_curve(*both) for both in own)]
    singles, *ratios = budget_ratios(curves, chosen, [rising.tolist(), *([i] for i in best)], len(fold), resamples)
    ends = [table.choices[at[i]] for at, i in zip(rows, best, strict=True)]
    return [
        *(Saving(None, None, float(levels[i]), ratio) for i, ratio in zip(rising, singles, strict=True)),
        *(
            Saving(end.series, end.n, float(right[i].mean()), ratio)
            for end, (right, _), i, (ratio,) in zip(ends, own, best, ratios, strict=True)
        ),
    ]
