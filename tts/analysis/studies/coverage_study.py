"""Coverage of a run's independent samples with the laws that carry it on, and where picking an answer levels off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.analysis.joined import run_names
from tts.analysis.selection import EXACT
from tts.stats.beta_binomial import BetaBinomial, fit_beta_binomial
from tts.stats.coverage_law import CoverageLaw, fit_coverage_law
from tts.stats.estimators import pass_at_k
from tts.stats.fits import Band, FitError, spread_over
from tts.stats.intervals import Interval, mean_interval
from tts.stats.paired import difference_interval
from tts.stats.saturation import Saturation, fit_saturation
from tts.store import CellData, RunData

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

REACH = 10
"""How many times the largest n lines are carried on to."""
_MEASURED, _BEYOND = 16, 6
"""Budgets up to n, and beyond it."""
_PICKS = ("majority", "best")
"""Selectors whose accuracy is exact at every n and may level off."""
_VOTERS = 3
"""Fewest in a vote: of two samples it takes one blindly, so that no law of its rise passes through 1 and 2."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Independent samples of one strategy setting on one benchmark."""

    benchmark: str
    run: str
    """Name of the run; empty where there is one."""
    strategy: str
    setting: str


@dataclass(frozen=True, slots=True, eq=False)
class CoverageStudy:
    """Coverage of one setting up to its n samples a problem, and what two laws say of it to 10 n."""

    of: Setting
    problems: int
    n: int
    """Smallest number of samples a problem, those of all seeds together."""
    budgets: Ints
    """(K,) even over log k, from 1 to n and on to 10 n."""
    measured: tuple[Interval, ...]
    """Exact pass@k of the budgets up to n."""
    law: CoverageLaw | None
    law_band: Band | None
    """(K,); up to n alone where the beta-binomial finds problems that no sample solves: a ceiling the law lacks."""
    rates: BetaBinomial | None
    rates_band: Band | None
    """(K,)."""
    refused: tuple[tuple[str, str], ...]
    """(fit, reason)."""


@dataclass(frozen=True, slots=True, eq=False)
class LevelStudy:
    """Accuracy of a selector at the planned budgets of one setting, and the ceiling it rises to."""

    of: Setting
    selector: str
    verifier: str
    """Empty for one that needs none."""
    problems: int
    budgets: Ints
    """(K,) the planned ones."""
    measured: tuple[Interval, ...]
    fit: Saturation | None
    line: Ints
    """Budgets of the line: those fitted and on to 10 times the largest; none without a fit."""
    band: Band | None
    """Its values."""
    refused: str
    """Why there is no fit; empty where there is one."""


def study_coverage(runs: Sequence[RunData]) -> list[CoverageStudy]:
    """Every setting of independent samples with 2 or more of them, benchmark by benchmark.

    Only problems whose planned samples are complete count. Samples of several seeds are independent draws alike, and
    are taken together. Settings whose numbers of samples a plan chose by outcomes are left out. Of samples that were
    imported with two verdicts both are shown.
    """
    return [_coverage(of, held) for of, _, _, held in _settings(runs)]


def study_levels(runs: Sequence[RunData]) -> list[LevelStudy]:
    """Majority vote and best-of-n by each verifier, where a run asks for them; seeds are averaged within a problem.

    Independent samples cost the same each, so n stands for compute. The vote's law is fitted from 3 samples on; a law
    that leaves the interval of a point it was fitted to is no ceiling, and neither is one above a curve that has fallen
    from its peak (95% paired interval): both are refused. A verifier whose scores do not
    rank the samples (none, or not all numbers) is left out, as it is of the curves, which say why.
    """
    found = []
    for of, run, budgets, held in _settings(runs):
        for selector in (name for name in _PICKS if name in run.selectors):
            for verifier in run.verifiers if selector == "best" else ("",):
                scored = [cells for cells in held if not verifier or all(verifier in cell.scores for cell in cells)]
                ks = np.array(budgets)
                try:
                    values = [
                        np.mean([_accuracy(cell, selector, verifier, ks) for cell in row], axis=0) for row in scored
                    ]
                except ValueError:
                    continue
                if values:
                    found.append(_level(of, selector, verifier, ks, np.array(values)))
    return found


def strays(line: Band, measured: Sequence[Interval]) -> bool:
    """Whether a fitted line leaves the 95% interval of a measured point: then it does not describe the data."""
    values = line.value[: len(measured)].tolist()
    return any(not one.low <= value <= one.high for value, one in zip(values, measured, strict=False))


def _settings(runs: Sequence[RunData]) -> Iterator[tuple[Setting, RunData, tuple[int, ...], list[list[CellData]]]]:
    """Settings with their planned budgets and the cells of complete problems, one a seed."""
    names = run_names(runs)
    for benchmark in dict.fromkeys(name for run in runs for name in run.problems):
        for name, run in zip(names, runs, strict=True):
            for entry in (e for e in run.plan if e.independent and e.n[-1] > 1 and not e.planned):
                keys = [
                    [(benchmark, p.id, entry.strategy, entry.setting, seed, 0) for seed in run.seeds]
                    for p in run.problems.get(benchmark, ())
                ]
                held = [[run.cells[key] for key in mine] for mine in keys if all(key in run.cells for key in mine)]
                if whole := [cells for cells in held if all(len(cell) >= entry.n[-1] for cell in cells)]:
                    yield Setting(benchmark, name, entry.strategy, entry.setting), run, entry.n, whole


def _coverage(of: Setting, held: Sequence[Sequence[CellData]]) -> CoverageStudy:
    n = np.array([sum(map(len, cells)) for cells in held])
    c = np.array([sum(int(cell.correct.sum()) for cell in cells) for cells in held])
    least = int(n.min())
    inside = spread_over(least, _MEASURED)
    budgets = np.concatenate([inside, _beyond(least)])
    measured = tuple(mean_interval(column) for column in pass_at_k(n[:, None], c[:, None], inside).T)
    law, rates, refused = None, None, []
    try:
        law = fit_coverage_law(n, c)
    except FitError as error:
        refused.append(("coverage law", str(error)))
    try:
        rates = fit_beta_binomial(n, c)
    except FitError as error:
        refused.append(("beta-binomial", str(error)))
    lawful = inside if rates and rates.zero else budgets
    return CoverageStudy(
        of=of,
        problems=len(held),
        n=least,
        budgets=budgets,
        measured=measured,
        law=law,
        law_band=law.at(lawful) if law else None,
        rates=rates,
        rates_band=rates.coverage(budgets) if rates else None,
        refused=tuple(refused),
    )


def _accuracy(cell: CellData, selector: str, verifier: str, ks: Ints) -> Floats:
    return EXACT[selector](cell, ks, verifier or None)


def _level(of: Setting, selector: str, verifier: str, ks: Ints, values: Floats) -> LevelStudy:
    measured = [mean_interval(column) for column in values.T]
    fitted = ks >= (_VOTERS if selector == "majority" else 1)
    line, band, fit, refused = ks[:0], None, None, ""
    try:
        fit = fit_saturation(ks[fitted], values[:, fitted])
        line = np.concatenate([ks[fitted], _beyond(int(ks[-1]))])
        band = fit.at(line)
        peak = int(values.mean(axis=0).argmax())
        fall = difference_interval(values[:, -1], values[:, peak])
        if fall.high < 0:
            line, band, fit = ks[:0], None, None
            refused = (
                f"accuracy falls from n = {ks[peak]} to {ks[-1]}: {fall.mean:+.3f} [{fall.low:+.3f}, {fall.high:+.3f}]"
            )
        elif strays(band, [one for one, kept in zip(measured, fitted, strict=True) if kept]):
            line, band, fit, refused = ks[:0], None, None, "the law misses measured points by more than their intervals"
    except FitError as error:
        refused = str(error)
    return LevelStudy(of, selector, verifier, len(values), ks, tuple(measured), fit, line, band, refused)


def _beyond(n: int) -> Ints:
    """Budgets from ``n`` to 10 n, without n."""
    return np.unique(np.round(np.geomspace(n, REACH * n, _BEYOND + 1)).astype(np.int64))[1:]
