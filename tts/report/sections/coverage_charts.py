"""The charts of coverage: measured points, and lines with bands that go on to ten times the samples held."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tts.analysis.studies import REACH, CoverageStudy, LevelStudy
from tts.report.charts.chart import Axis, Lines, line_chart
from tts.report.notes import variant
from tts.report.sections.section import Chart
from tts.stats import Band, Interval

MEASURED, LAW, RATES = "measured", "coverage law", "beta-binomial"

Record = dict[str, Any]


def coverage_chart(one: CoverageStudy, name: str) -> Chart:
    """One setting's coverage; it needs a fit."""
    ks = one.budgets.tolist()
    rows = list(_points(MEASURED, ks, one.measured))
    for fit, line in ((LAW, one.law_band), (RATES, one.rates_band)):
        rows += _line(fit, ks, line) if line else []
    lines = Lines(
        x=_samples("samples k (log scale)", ks[-1]),
        y=_share("coverage", rows),
        rows=rows,
        series=(MEASURED, LAW, RATES),
        end=one.n,
    )
    return line_chart(
        f"{name} · {one.problems:,} problems, {one.n:,} samples each",
        lines,
        f"{name}: coverage against samples, measured to {one.n:,} and extrapolated to {ks[-1]:,} by the coverage law "
        "and the beta-binomial; coverage.csv holds every point.",
    )


def level_chart(studies: Sequence[LevelStudy], name: str) -> Chart:
    """One setting's selectors, with the lines that there are."""
    rows: list[Record] = []
    most = max(int(one.budgets[-1]) for one in studies)
    for one in studies:
        series = variant(one.selector, one.verifier)
        rows += _points(series, one.budgets.tolist(), one.measured)
        rows += _line(series, one.line.tolist(), one.band) if one.band else []
    lines = Lines(
        x=_samples("samples n (log scale)", REACH * most),
        y=_share("accuracy", rows),
        rows=rows,
        series=[variant(one.selector, one.verifier) for one in studies],
        end=most,
    )
    return line_chart(
        f"{name} · what selectors level off at",
        lines,
        f"{name}: accuracy of selectors against samples, measured to {most:,} and extrapolated to {REACH * most:,} by "
        "the saturating law; saturation.csv holds the ceilings.",
    )


def _points(series: str, ks: Sequence[int], measured: Sequence[Interval]) -> Iterator[Record]:
    for k, at in zip(ks, measured, strict=False):
        yield {"series": series, "x": k, "y": at.mean, "low": at.low, "high": at.high, "mark": True, "line": False}


def _line(series: str, ks: Sequence[int], line: Band) -> list[Record]:
    """As far as the line goes."""
    ends = zip(ks, line.value.tolist(), line.low.tolist(), line.high.tolist(), strict=False)
    return [{"series": series, "x": k, "y": value, "low": low, "high": high} for k, value, low, high in ends]


def _samples(title: str, most: int) -> Axis:
    """From 1; ticks at 1, 2, 5 and their tenfolds, or the powers of ten alone."""
    steps = (1, 2, 5) if most < 3e3 else (1,)
    ticks = [float(step * 10**decade) for decade in range(math.ceil(math.log10(most)) + 1) for step in steps]
    return Axis(title, log=True, domain=(0.92, most * 1.09), values=[tick for tick in ticks if tick <= most])


def _share(title: str, rows: Iterable[Record]) -> Axis:
    """Up to 100%, from below all that is drawn."""
    low = min(row["low"] for row in rows)
    start = math.floor(low * 10 + 1e-9) / 10
    return Axis(title, format=".0%", domain=(start, 1.0))
