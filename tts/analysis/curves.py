"""Accuracy against compute: one row for each benchmark, strategy setting, selector and budget of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from tts.analysis.estimators import majority_at_k, mean_at_k, pass_at_k
from tts.analysis.intervals import mean_interval
from tts.analysis.rundata import Cell, Entry, ProblemInfo, RunData
from tts.core import SELECTORS, Selector, UsageError, did_you_mean, stream

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DRAWS = 256
"""Random subsets a problem, seed and budget for a selector that has no exact estimator."""


@dataclass(frozen=True, slots=True)
class CurveRow:
    """One point of a curve, and one line of ``curves.csv``: the fields are its columns, in order."""

    benchmark: str
    model: str
    strategy: str
    setting: str
    """Canonical JSON of the parameters that are not the package's defaults, without n."""
    selector: str
    verifier: str
    """``name:aggregation`` of the scores used, else empty."""
    n: int
    """The budget."""
    problems: int
    """Problems whose samples are complete: the row is built on these."""
    seeds: int
    samples: int
    """Candidates that the row is built on."""
    accuracy: float
    """Mean over problems, seeds averaged within a problem first."""
    stderr: float
    ci_low: float
    """Lower end of the 95% interval over problems."""
    ci_high: float
    output_tokens: float
    """Generated tokens, mean per problem at this n."""
    total_tokens: float
    """Generated tokens and the prompt once, mean per problem at this n."""
    truncated_rate: float
    """Share of candidates that a length limit cut."""
    no_answer_rate: float
    """Share of candidates from which no answer could be extracted."""

    def cells(self) -> tuple[str, ...]:
        """The row as text, numbers with 6 significant digits: equal runs give equal bytes."""
        return tuple(_text(getattr(self, name)) for name in COLUMNS)


COLUMNS = tuple(f.name for f in fields(CurveRow))


@dataclass(frozen=True, slots=True)
class Missing:
    """How far one strategy setting has come on one benchmark."""

    benchmark: str
    strategy: str
    setting: str
    n: int
    """The budget; the largest one for an independent strategy."""
    planned: int
    complete: int
    """Problems for which every seed holds that budget."""


@dataclass(frozen=True, slots=True)
class Curves:
    """The rows of a run, and what they leave out."""

    rows: tuple[CurveRow, ...]
    missing: tuple[Missing, ...]
    """Only settings with problems missing."""


_Exact = Callable[[Cell, Ints], Floats]
EXACT: dict[str, _Exact] = {
    "first": lambda cell, ks: np.full(len(ks), float(mean_at_k(len(cell), int(cell.correct.sum())))),
    "majority": lambda cell, ks: majority_at_k(cell.classes, cell.correct, ks),
    "oracle": lambda cell, ks: pass_at_k(len(cell), int(cell.correct.sum()), ks),
}
"""Exact expected correctness of a selector on random k-subsets of a cell: (cell, (K,) budgets) -> (K,)."""


def curves(run: RunData) -> Curves:
    """All rows of a run, in the order of its benchmarks, plan and selectors, n rising.

    Independent strategies: every row is estimated from all samples held, and costs n times their mean length. Other
    strategies: the selector picks one candidate of each cell, whose usage is the cost. A problem counts only where
    every seed of the run holds the largest planned n (for other strategies: that n).

    Raises UsageError where the run names a selector that is not installed, or has no complete problem at all.
    """
    picked = [(name, _selector(name)) for name in run.selectors]
    rows: list[CurveRow] = []
    missing: list[Missing] = []
    for benchmark in run.problems:
        for entry in run.plan:
            for budgets in [entry.n] if entry.independent else [(n,) for n in entry.n]:
                held = list(_complete(run, benchmark, entry, budgets[-1]))
                if len(held) < run.planned[benchmark]:
                    missing.append(
                        Missing(
                            benchmark, entry.strategy, entry.setting, budgets[-1], run.planned[benchmark], len(held)
                        )
                    )
                if held:
                    rows.extend(_rows(run, benchmark, entry, budgets, held, picked))
    if not rows:
        raise UsageError(
            f"RUN: {run.path} has no problem whose samples are complete yet "
            f"({len(run.cells)} finished cells); `tts run --out {run.path}` carries it on"
        )
    order = {key: i for i, key in enumerate(dict.fromkeys(_series(row) for row in rows))}
    rank = {name: i for i, (name, _) in enumerate(picked)}
    rows.sort(key=lambda row: (order[_series(row)], rank[row.selector], row.n))
    return Curves(tuple(rows), tuple(missing))


_Held = tuple[ProblemInfo, list[Cell]]


def _series(row: CurveRow) -> tuple[str, str, str]:
    return row.benchmark, row.strategy, row.setting


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


def _rows(
    run: RunData,
    benchmark: str,
    entry: Entry,
    budgets: tuple[int, ...],
    held: list[_Held],
    selectors: list[tuple[str, Selector]],
) -> Iterator[CurveRow]:
    ks = np.array(budgets, dtype=np.int64)
    output, total = _tokens(entry, ks, held)
    cut = _mean_over_problems(held, lambda cell: _share(~cell.finished))
    silent = _mean_over_problems(held, lambda cell: _share(cell.classes < 0))
    for name, selector in selectors:
        accuracy = np.stack(
            [
                np.mean([_accuracy(entry, name, selector, cell, ks, problem) for cell in cells], axis=0)
                for problem, cells in held
            ]
        )  # (problems, K)
        for i, n in enumerate(budgets):
            interval = mean_interval(accuracy[:, i])
            yield CurveRow(
                benchmark=benchmark,
                model=run.model,
                strategy=entry.strategy,
                setting=entry.setting,
                selector=name,
                verifier="",
                n=n,
                problems=len(held),
                seeds=len(run.seeds),
                samples=sum(len(cell) for _, cells in held for cell in cells),
                accuracy=interval.mean,
                stderr=interval.stderr,
                ci_low=interval.low,
                ci_high=interval.high,
                output_tokens=output[i],
                total_tokens=total[i],
                truncated_rate=cut,
                no_answer_rate=silent,
            )


def _tokens(entry: Entry, ks: Ints, held: list[_Held]) -> tuple[list[float], list[float]]:
    """Generated and total tokens, means per problem, one for each of ``ks``."""
    if entry.independent:
        output = _mean_over_problems(held, lambda cell: cell.output_tokens.mean())
        prompt = float(np.mean([problem.prompt_tokens for problem, _ in held]))
        return [k * output for k in ks.tolist()], [k * output + prompt for k in ks.tolist()]
    output = _mean_over_problems(held, lambda cell: cell.usage.output_tokens)
    prompt = _mean_over_problems(held, lambda cell: cell.usage.prompt_tokens_ideal)
    return [output], [output + prompt]


def _accuracy(entry: Entry, name: str, selector: Selector, cell: Cell, ks: Ints, problem: ProblemInfo) -> Floats:
    """Expected correctness of what ``selector`` picks from ``cell`` under each budget, shape (K,)."""
    if not entry.independent:
        chosen = cell.correct[selector.select(cell.pool(graded=selector.oracle))] if len(cell) else False
        return np.array([float(chosen)])
    if name in EXACT:
        return EXACT[name](cell, ks)
    rng = stream("subsets", name, problem.benchmark, problem.id, entry.strategy, entry.setting)
    return np.array([subset_accuracy(cell, selector, k, rng) for k in ks.tolist()])


def subset_accuracy(cell: Cell, selector: Selector, k: int, rng: np.random.Generator, draws: int = DRAWS) -> float:
    """Mean correctness of what any selector picks from random ``k``-subsets in random order: Monte Carlo.

    Its standard error is at most 0.5 / sqrt(draws) a problem, and averages out over problems.
    """
    hits = 0
    for _ in range(draws):
        order = rng.permutation(len(cell))[:k]
        hits += bool(cell.correct[order[selector.select(cell.pool(order, graded=selector.oracle))]])
    return hits / draws


def _mean_over_problems(held: list[_Held], measure: Callable[[Cell], float]) -> float:
    """Mean over problems of the mean over seeds."""
    return float(np.mean([np.mean([measure(cell) for cell in cells]) for _, cells in held]))


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


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
