"""The section on coverage: how often k samples hold a right answer, where that goes, and what selectors make of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tts.analysis.studies import REACH, CoverageStudy, LevelStudy, Setting, strays, study_coverage, study_levels
from tts.report.notes import group_labels, variant
from tts.report.sections.coverage_charts import coverage_chart, level_chart
from tts.report.sections.coverage_tables import coverage_tables
from tts.report.sections.section import Chart, Section
from tts.store import RunData

MOST = 6
"""Settings with charts; the tables hold all."""


def coverage_section(runs: Sequence[RunData]) -> Section | None:
    """Coverage of every setting of independent samples; None where no run has two samples of a problem by one."""
    found, levels = study_coverage(runs), study_levels(runs)
    if not found:
        return None
    names = _names([one.of for one in found])
    drawn = [one for one in found if one.law_band or one.rates_band]
    rising = {one.of for one in levels if one.fit}
    lines = [one for one in levels if one.of in rising]
    settings = list(dict.fromkeys([*(one.of for one in drawn), *(one.of for one in lines)]))
    return Section(
        "coverage",
        "Coverage, and where it goes",
        tuple(_text(found, lines)),
        tuple(_charts(drawn, lines, names, settings[:MOST])),
        coverage_tables(found, levels, named=any(one.of.run for one in found)),
        tuple(_notes(found, levels, names, settings[MOST:])),
    )


def _names(settings: Sequence[Setting]) -> dict[Setting, str]:
    """What tells settings apart for people, the benchmark where there are several."""
    labels = group_labels((one.run, one.strategy, one.setting) for one in settings)
    several = len({one.benchmark for one in settings}) > 1
    return {
        one: f"{one.benchmark}: {label}" if several else label
        for one in settings
        for label in [labels[one.run, one.strategy, one.setting]]
    }


def _charts(
    drawn: Sequence[CoverageStudy], lines: Sequence[LevelStudy], names: dict[Setting, str], settings: Sequence[Setting]
) -> Iterator[Chart]:
    """Of each setting its coverage, then its selectors."""
    for of in settings:
        yield from (coverage_chart(one, names[of]) for one in drawn if one.of == of)
        if mine := [one for one in lines if one.of == of]:
            yield level_chart(mine, names[of])


def _text(found: Sequence[CoverageStudy], lines: Sequence[LevelStudy]) -> Iterator[str]:
    yield (
        "Coverage at k is pass@k: how often k samples hold a right answer, exact from all samples held (those of all "
        "seeds together). Bars are 95% intervals over problems."
    )
    if any(one.law or one.rates for one in found):
        yield (
            "Lines are two laws. The coverage law, exp(a k^b) (Brown et al. 2024), is fitted to the measured curve. "
            "The beta-binomial is fitted to each problem's count of right samples: success rates have a beta "
            "distribution, and where the data ask for it there is a share of problems that no sample solves. Right of "
            f"the dashed line nothing is measured: both laws are extrapolated, to {REACH} n. Bands hold 95% of 1,000 "
            "fits to resampled problems: they know the choice of problems, not whether the law is true."
        )
    if lines:
        yield (
            "Accuracy of the vote and best-of-n against n, which is proportional to compute here, at the planned n. "
            "The line is ceiling - gap (n/first n)^(-rate), from 3 votes on. It is left out where it misses the points "
            "it was fitted to, or accuracy falls again. A ceiling whose interval reaches 100% is not known."
        )


def _notes(
    found: Sequence[CoverageStudy], levels: Sequence[LevelStudy], names: dict[Setting, str], left: Sequence[Setting]
) -> Iterator[str]:
    for one in found:
        name, reasons = names[one.of], dict[str, list[str]]()
        for fit, reason in one.refused:
            reasons.setdefault(reason, []).append(fit)
        for reason, fits in reasons.items():
            yield f"{name}: no {' and no '.join(fits)}: {reason}."
        yield from (f"{name}: {text}." for text in _doubts(one))
    without: dict[tuple[Setting, str], list[str]] = {}
    for level in levels:
        if level.refused:
            without.setdefault((level.of, level.refused), []).append(variant(level.selector, level.verifier))
    for (of, why), selectors in without.items():
        yield f"{names[of]}, {', '.join(selectors)}: no ceiling: {why}."
    if left:
        yield f"Left out of the charts, not of the tables: {'; '.join(names[of] for of in left)}."


def _doubts(one: CoverageStudy) -> Iterator[str]:
    """Why not to believe an extrapolation."""
    for name, fit, line in (("coverage law", one.law, one.law_band), ("beta-binomial", one.rates, one.rates_band)):
        if fit and line and strays(line, one.measured):
            yield (
                f"the {name} misses measured points by more than their intervals, by up to {fit.misfit:.1%}, which its "
                "band does not know"
            )
    if one.law and one.rates and one.rates.zero:
        yield (
            f"the beta-binomial finds that no sample solves {one.rates.zero:.1%} of problems; the coverage law cannot "
            "know such a ceiling and is not extrapolated"
        )
    if one.law_band and one.rates_band and len(one.law_band.value) == len(one.budgets):
        apart = one.law_band.low[-1] > one.rates_band.high[-1] or one.rates_band.low[-1] > one.law_band.high[-1]
        if apart:
            yield f"the two laws disagree at {one.budgets[-1]:,} samples; trust the one with the smaller misfit, if any"
