"""The tables of coverage: fits, points, and ceilings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tts.analysis.studies import REACH, CoverageStudy, LevelStudy, Setting
from tts.report.notes import label
from tts.report.tables.writing import TextTable, Value
from tts.stats import Band


def coverage_tables(
    found: Sequence[CoverageStudy], levels: Sequence[LevelStudy], *, named: bool
) -> dict[str, TextTable]:
    """By the name of their files; ``named``: whether runs have names. Cells are empty where nothing is known."""
    lead = ("benchmark", *(["run"] if named else []), "strategy")
    bands = ("law", "law_low", "law_high", "beta_binomial", "bb_low", "bb_high")
    points = ("measured", "ci_low", "ci_high", *bands)
    tables = {
        "coverage_fits": TextTable(
            f"Fits: the coverage law exp(a k^b), the beta-binomial, and both at {REACH} n",
            (*lead, "problems", "n", "a", "b", "law_misfit", "alpha", "beta", "zero", "bb_misfit", "k", *bands),
            tuple((*_lead(one.of, named), *_fits(one)) for one in found),
            ("law_misfit", "zero", "bb_misfit", *bands),
        ),
        "coverage": TextTable(
            "Coverage at k, measured and by both laws",
            (*lead, "k", *points),
            tuple((*_lead(one.of, named), *row) for one in found for row in _points(one)),
            points,
        ),
    }
    if levels:
        shares = ("accuracy", "ci_low", "ci_high", "ceiling", "ceiling_low", "ceiling_high", "gap", "reached", "misfit")
        tables["saturation"] = TextTable(
            "What selectors level off at: accuracy at n, and the ceiling of the saturating law",
            (*lead, "selector", "verifier", "problems", "n", *shares[:-2], "rate", *shares[-2:]),
            tuple((*_lead(one.of, named), *_level(one)) for one in levels),
            shares,
        )
    return tables


def _lead(of: Setting, named: bool) -> tuple[Value, ...]:
    return (of.benchmark, *([of.run] if named else []), label(of.strategy, of.setting))


def _fits(one: CoverageStudy) -> tuple[Value, ...]:
    law, rates, last = one.law, one.rates, len(one.budgets) - 1
    return (
        one.problems,
        one.n,
        *((law.a, law.b, law.misfit) if law else (None,) * 3),
        *((rates.alpha, rates.beta, rates.zero, rates.misfit) if rates else (None,) * 4),
        int(one.budgets[-1]),
        *_at(one.law_band, last),
        *_at(one.rates_band, last),
    )


def _points(one: CoverageStudy) -> Iterator[tuple[Value, ...]]:
    for i, k in enumerate(one.budgets.tolist()):
        known = one.measured[i] if i < len(one.measured) else None
        own = (known.mean, known.low, known.high) if known else (None,) * 3
        yield k, *own, *_at(one.law_band, i), *_at(one.rates_band, i)


def _level(one: LevelStudy) -> tuple[Value, ...]:
    last, fit = one.measured[-1], one.fit
    named = one.selector, one.verifier, one.problems, int(one.budgets[-1]), last.mean, last.low, last.high
    if fit is None:
        return *named, *(None,) * 7
    return *named, *_at(fit.limit(), 0), fit.gap, fit.rate, fit.reached, fit.misfit


def _at(line: Band | None, i: int) -> tuple[Value, ...]:
    """Value and interval at a place that the line may not reach."""
    if line is None or i >= len(line.value):
        return (None,) * 3
    return float(line.value[i]), float(line.low[i]), float(line.high[i])
