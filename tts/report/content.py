"""What the picture shows: series, points and axes, computed from the rows; nothing here knows how it is drawn.

A series is one strategy setting under one variant: a selector, with the verifier whose scores it picks by. Colour
tells what there is more of to tell apart, the strategy or the variant, and dashes and markers the other; with one
strategy that has curves, all three tell the variant.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby
from typing import Any

from tts.analysis import CurveRow, LevelRow
from tts.core import SELECTORS
from tts.report.notes import group_labels, variant

Record = dict[str, Any]

X_FIELDS = ("output_tokens", "total_tokens", "flops", "sequential_tokens", "n")
"""What may stand on the x axis, where every point has it."""
CROWDED = 12
"""Series above which not all are shown at first."""
FORMS = 4
"""Variants above which they take the colours, since as many dashes are hard to tell apart."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line of the picture: a strategy setting under a variant; color and form index figure.py's tables."""

    name: str
    group: str
    """The strategy setting, after the run's name where several are joined."""
    variant: str
    """Selector and verifier; several, joined by " = ", where a single point is the same under all of them."""
    color: int
    form: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One benchmark's part of the picture, or that of one of its levels."""

    benchmark: str
    series: tuple[Series, ...]
    """All series of the report, the same in every panel, so that a look means the same everywhere."""
    rows: tuple[Record, ...]
    """What is drawn: one record a point."""
    x: dict[str, Record]
    """By field of `X_FIELDS` that every point has: domain and ticks. The first is the default."""
    y: Record
    """Domain, ticks and number format."""
    by_model: bool = False
    """Whether points of several models are in it, whose tokens are not the same compute: only over FLOPs have they one
    Pareto front."""
    level: str | None = None
    """For people, as ``level 3``; None where all problems are in it."""


def panels(rows: Sequence[CurveRow], by_level: Sequence[LevelRow] = (), told: Collection[str] = ()) -> list[Panel]:
    """The picture's content, one panel a benchmark in the order of the rows. ``rows`` must not be empty.

    ``told``: verifiers that know the reference answer; like oracles they have no place on the Pareto front.
    """
    series = _series(rows, by_level)
    return [
        _panel(benchmark, series, points, points)
        for benchmark in dict.fromkeys(row.benchmark for row in rows)
        for points in [_points([row for row in rows if row.benchmark == benchmark], series, told)]
    ]


def level_panels(rows: Sequence[CurveRow], by_level: Sequence[LevelRow]) -> list[Panel]:
    """One panel a group of levels, in the order of ``by_level``; those of one benchmark share their axes, up from 0."""
    series = _series(rows, by_level)
    result = []
    for benchmark in dict.fromkeys(row.benchmark for row in by_level):
        mine = [row for row in by_level if row.benchmark == benchmark]
        parts = {
            level: _points([row for row in mine if row.level == level], series)
            for level in dict.fromkeys(row.level for row in mine)
        }
        everything = [point for points in parts.values() for point in points]
        result += [
            _panel(benchmark, series, points, everything, _level_name(level, points)) for level, points in parts.items()
        ]
    return result


def shown_first(content: Sequence[Panel]) -> set[str]:
    """Names of the series to show at first: all, or where these are many, those on a panel's Pareto front."""
    every = {one.name for panel in content for one in panel.series}
    if len(every) <= CROWDED:
        return every
    fronts = [tied for panel in content for tied in _front(panel)]
    often = Counter(chain.from_iterable(fronts))
    # of lines that share a point, the one that shares most: it is the fewest lines that show the front
    found = {max(tied, key=lambda name: (often[name], name)) for tied in fronts}
    return found or every


def _front(panel: Panel) -> Iterator[set[str]]:
    """The series that stand at each point of the Pareto front, along its default axis."""
    x = next(iter(panel.x))
    apart = panel.by_model and x != "flops"
    for model in dict.fromkeys(p["model"] for p in panel.rows) if apart else (None,):
        best = -math.inf
        points = [p for p in panel.rows if not p["bound"] and model in (None, p["model"])]
        points.sort(key=lambda p: (p[x], -p["accuracy"]))
        for (_, accuracy), tied in groupby(points, key=lambda p: (p[x], p["accuracy"])):
            if accuracy > best:
                best = accuracy
                yield {p["series"] for p in tied}


def only(panel: Panel, names: Collection[str]) -> Panel:
    """The panel with some of its series."""
    series = tuple(one for one in panel.series if one.name in names)
    return replace(panel, series=series, rows=tuple(row for row in panel.rows if row["series"] in names))


_Group = tuple[str, str, str]
"""run, strategy, setting."""
_Keys = dict[tuple[str, str, str, str], Series]
"""The series of each (run, strategy, setting, variant)."""


def _group(row: CurveRow) -> _Group:
    return row.run, row.strategy, row.setting


def _panel(
    benchmark: str, series: _Keys, points: list[Record], framed: list[Record], level: str | None = None
) -> Panel:
    """A panel of ``points``, with axes that hold all that is ``framed``."""
    lows, highs = [p["ci_low"] for p in framed], [p["ci_high"] for p in framed]
    several = len({p["model"] for p in framed}) > 1  # whose tokens are not the same compute
    fields = sorted(X_FIELDS, key=lambda field: field != "flops") if several else X_FIELDS
    return Panel(
        benchmark,
        tuple(dict.fromkeys(series.values())),
        tuple(points),
        {
            field: _log_axis([p[field] for p in framed], whole=field == "n")
            for field in fields
            if all(p[field] is not None for p in framed)
        },
        share_axis(lows, highs) if level is None else share_axis([0.0], [1.0]),
        several,
        level,
    )


def _level_name(level: str, points: list[Record]) -> str:
    name = f"level {level}" if level[:1].isdigit() else level or "no level stated"
    problems = max(point["problems"] for point in points)
    return f"{name} · {problems:,} problem{'' if problems == 1 else 's'}"


def _series(rows: Sequence[CurveRow], by_level: Sequence[LevelRow]) -> _Keys:
    """The series of each strategy setting and variant that has rows, with a look of its own."""
    groups: dict[_Group, list[CurveRow]] = {}
    for row in rows:
        groups.setdefault(_group(row), []).append(row)
    everywhere = [*rows, *by_level]
    merged = {
        group
        for group, mine in groups.items()
        if len({row.n for row in mine}) == 1 and _variants_agree(row for row in everywhere if _group(row) == group)
    }
    curved = [group for group in groups if group not in merged]
    variants = list(dict.fromkeys(_variant(row) for row in rows))
    by_group = len(curved) > 1 and len(variants) <= FORMS
    result: _Keys = {}
    short = group_labels(groups)
    for g, group in enumerate(curved):
        present = {_variant(row) for row in groups[group]}
        for v, name in enumerate(variants):
            look = (g, v) if by_group else (v, g if len(curved) > 1 else v)
            if name in present:
                result[*group, name] = Series(f"{short[group]} · {name}", short[group], name, *look)
    colors = 0 if not curved else len(curved) if by_group else len(variants)
    forms = len(curved) if len(curved) > 1 and not by_group else len(variants)
    for m, group in enumerate(g for g in groups if g in merged):
        names = list(dict.fromkeys(_variant(row) for row in groups[group]))
        joined = " = ".join(names) if len(names) <= FORMS else "every selector"
        one = Series(short[group], short[group], joined, colors + m, forms)
        result |= {(*group, name): one for name in names}
    return result


def _variant(row: CurveRow) -> str:
    return variant(row.selector, row.verifier)


def _variants_agree(rows: Iterable[CurveRow]) -> bool:
    """Whether every variant gives the same accuracy on every benchmark and level."""
    seen: dict[tuple[str, str], set[float]] = {}
    for row in rows:
        level = row.level if isinstance(row, LevelRow) else "all"
        seen.setdefault((row.benchmark, level), set()).add(round(row.accuracy, 9))
    return all(len(values) == 1 for values in seen.values())


def _points(rows: Sequence[CurveRow], series: _Keys, told: Collection[str] = ()) -> list[Record]:
    """What is drawn, one record a point; points that are the same under every variant once."""
    keys = [(series[*_group(row), _variant(row)], row) for row in rows]
    lengths: dict[Series, set[int]] = {}
    for one, row in keys:
        lengths.setdefault(one, set()).add(row.n)
    unique = {(one, row.n): row for one, row in reversed(keys)}
    return [
        {
            "series": one.name,
            "model": row.model,
            "strategy": one.group,
            "selector": row.selector if one.name != one.group else one.variant,
            "verifier": (row.verifier if one.name != one.group else "") or "none",
            "n": n,
            "accuracy": _round(row.accuracy),
            "ci_low": _round(row.ci_low),
            "ci_high": _round(row.ci_high),
            "interval": f"{row.ci_low:.2%} to {row.ci_high:.2%}",
            "output_tokens": _round(max(row.output_tokens, 1.0)),  # a log axis has no place for 0
            "total_tokens": _round(max(row.total_tokens, 1.0)),
            "flops": _flops(row),
            "sequential_tokens": None if row.sequential_tokens is None else _round(max(row.sequential_tokens, 1.0)),
            "problems": row.problems,
            "bound": SELECTORS[row.selector].oracle or row.verifier.rpartition(":")[0] in told,
            "alone": len(lengths[one]) == 1,
        }
        for (one, n), row in reversed(unique.items())
    ]


def _flops(row: CurveRow) -> float | None:
    """Policy and verifiers together."""
    if row.policy_flops is None or row.verifier_flops is None:
        return None
    return _round(max(row.policy_flops + row.verifier_flops, 1.0))


def _log_axis(values: Sequence[float], *, whole: bool) -> Record:
    """Domain with a margin, and ticks at 1, 2, 5 (or powers of ten alone), or at the values where ``whole``."""
    low, high = min(values), max(values)
    margin = 1.25 if high > 1.05 * low else 3.0
    low, high = low / margin, high * margin
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 3e3 else (1,)
    ticks = sorted(set(values)) if whole else [s * 10.0**d for d in decades for s in steps]
    return {"domain": [_round(low), _round(high)], "values": [_round(t) for t in ticks if low <= t <= high]}


def share_axis(lows: Sequence[float], highs: Sequence[float]) -> Record:
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
