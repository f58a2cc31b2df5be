"""What the picture shows: series, points and axes, computed from the rows; nothing here knows how it is drawn.

A series is one strategy setting under one selector. With several strategies that have curves, colour tells the
strategy, and dashes and markers the selector; with one, all three tell the selector.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tts.analysis import CurveRow
from tts.report.notes import label

Record = dict[str, Any]

X_FIELDS = ("output_tokens", "total_tokens", "n")
"""What may stand on the x axis; the first is the default."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line of the picture: a strategy setting under a selector; color and form index figure.py's tables."""

    name: str
    group: str
    """The strategy setting."""
    selector: str
    """Several, joined by " = ", where a single point is the same under all of them."""
    color: int
    form: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One benchmark's part of the picture."""

    benchmark: str
    series: tuple[Series, ...]
    """All series of the report, the same in every panel, so that a look means the same everywhere."""
    rows: tuple[Record, ...]
    """What is drawn: one record a point."""
    x: dict[str, Record]
    """By field: domain and ticks."""
    y: Record
    """Domain, ticks and number format."""


def panels(rows: Sequence[CurveRow]) -> list[Panel]:
    """The picture's content, one panel a benchmark in the order of the rows. ``rows`` must not be empty."""
    series = _series(rows)
    result = []
    for benchmark in dict.fromkeys(row.benchmark for row in rows):
        points = _points([row for row in rows if row.benchmark == benchmark], series)
        result.append(
            Panel(
                benchmark,
                tuple(dict.fromkeys(series.values())),
                tuple(points),
                {field: _log_axis([p[field] for p in points], whole=field == "n") for field in X_FIELDS},
                _share_axis([p["ci_low"] for p in points], [p["ci_high"] for p in points]),
            )
        )
    return result


def _series(rows: Sequence[CurveRow]) -> dict[tuple[str, str, str], Series]:
    """The series of each (strategy, setting, selector), with a look of its own."""
    groups = dict.fromkeys((row.strategy, row.setting) for row in rows)
    alone = {g for g in groups if len({row.n for row in rows if (row.strategy, row.setting) == g}) == 1}
    merged = {g for g in alone if _selectors_agree([row for row in rows if (row.strategy, row.setting) == g])}
    selectors = list(dict.fromkeys(row.selector for row in rows))
    by_group = len(groups) - len(merged) > 1
    result: dict[tuple[str, str, str], Series] = {}
    for g, group in enumerate(sorted(groups, key=lambda group: group in merged)):  # a stable sort: merged ones last
        name = label(*group)
        if group in merged:
            color = g if by_group else len(selectors) + g - 1
            one = Series(name, name, " = ".join(selectors), max(color, 0), len(selectors))
            result.update({(*group, selector): one for selector in selectors})
            continue
        for s, selector in enumerate(selectors):
            result[*group, selector] = Series(f"{name} · {selector}", name, selector, g if by_group else s, s)
    return result


def _selectors_agree(rows: Iterable[CurveRow]) -> bool:
    """Whether every selector gives the same accuracy on every benchmark."""
    seen: dict[str, set[float]] = {}
    for row in rows:
        seen.setdefault(row.benchmark, set()).add(round(row.accuracy, 9))
    return all(len(values) == 1 for values in seen.values())


def _points(rows: Sequence[CurveRow], series: dict[tuple[str, str, str], Series]) -> list[Record]:
    """What is drawn, one record a point; points that are the same under every selector once."""
    keys = [(series[row.strategy, row.setting, row.selector], row) for row in rows]
    lengths: dict[Series, set[int]] = {}
    for one, row in keys:
        lengths.setdefault(one, set()).add(row.n)
    unique = {(one, row.n): row for one, row in reversed(keys)}
    return [
        {
            "series": one.name,
            "strategy": one.group,
            "selector": one.selector,
            "n": n,
            "accuracy": _round(row.accuracy),
            "ci_low": _round(row.ci_low),
            "ci_high": _round(row.ci_high),
            "interval": f"{row.ci_low:.2%} to {row.ci_high:.2%}",
            "output_tokens": _round(max(row.output_tokens, 1.0)),  # a log axis has no place for 0
            "total_tokens": _round(max(row.total_tokens, 1.0)),
            "problems": row.problems,
            "alone": len(lengths[one]) == 1,
        }
        for (one, n), row in reversed(unique.items())
    ]


def _log_axis(values: Sequence[float], *, whole: bool) -> Record:
    """Domain with a margin, and ticks at 1, 2, 5 (or powers of ten alone), or at the values where ``whole``."""
    low, high = min(values), max(values)
    margin = 1.25 if high > 1.05 * low else 3.0
    low, high = low / margin, high * margin
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 3e3 else (1,)
    ticks = sorted(set(values)) if whole else [s * 10.0**d for d in decades for s in steps]
    return {"domain": [_round(low), _round(high)], "values": [_round(t) for t in ticks if low <= t <= high]}


def _share_axis(lows: Sequence[float], highs: Sequence[float]) -> Record:
    """Domain that shows every interval, from 0 where that costs little detail, and never beyond 0 and 1."""
    low, high = min(lows), max(highs)
    low = 0.0 if low < 0.4 * high else low
    step = next((s for s in (0.01, 0.02, 0.05, 0.1) if high - low <= 8 * s), 0.2)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    first, last = (first, last) if last * step <= 1 + 1e-9 else (min(first, round(1 / step) - 1), round(1 / step))
    ticks = [_round(i * step) for i in range(first, last + 1)]
    return {"domain": [ticks[0], ticks[-1]], "values": ticks, "format": ".0%"}


def _round(value: float) -> float:
    return float(f"{value:.6g}")
