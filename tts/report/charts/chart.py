"""Line charts of the sections: measured points, fitted or chosen lines, and bands, in one look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tts.report.charts.look import DASHES, INK, PALETTES, SHAPES, Spec
from tts.report.sections.section import Chart

Record = Mapping[str, Any]
_HALF = 30
"""Letters of a name that half the width of a chart has room for."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis."""

    title: str
    log: bool = False
    format: str = "~s"
    domain: tuple[float, float] | None = None
    """None: what the points need."""
    values: Sequence[float] | None = None
    """Where ticks stand; None: as Vega chooses."""


SHARE = Axis("accuracy", format=".0%")


@dataclass(frozen=True, slots=True)
class Lines:
    """Some series over a common x axis."""

    x: Axis
    y: Axis
    rows: Sequence[Record]
    """One record a point: ``series``, ``x``, ``y``; optional ``low`` and ``high`` (a band, a bar where ``mark``),
    ``mark`` (a marker stands there), ``line`` (False: not joined). Further fields are for ``tooltip``."""
    series: Sequence[str]
    """All series, in the order of their looks: the same list in every chart of a section gives the same looks."""
    tooltip: Sequence[tuple[str, str, str | None]] = ()
    """(field, title, number format or None for text) beside series, x, y and interval."""
    faint: frozenset[str] = frozenset()
    """Series that stand in the background, in grey and without a legend."""
    diagonal: bool = False
    """Whether to draw the line x = y."""
    legend: bool = True
    area: tuple[str, float] | None = None
    """Field that the markers' areas tell, and its largest value in all charts to be compared."""
    end: float | None = None
    """Where a vertical line stands: what is right of it is not measured."""


def line_chart(title: str, lines: Lines, label: str, *, small: bool = False) -> Chart:
    """The chart; texts of the data stand in it only as values, never inside an expression."""
    return Chart(title, _spec(lines, small), label, small)


def _spec(lines: Lines, small: bool) -> Callable[[str], Spec]:
    def spec(theme: str) -> Spec:
        shown = [name for name in lines.series if name not in lines.faint]
        rows = [{"mark": False, "line": True, "low": None, "high": None} | dict(row) for row in lines.rows]
        y = {"field": "y", **_axis(lines.y)}
        return {
            "data": {"values": rows},
            "encoding": {"x": {"field": "x", **_axis(lines.x)}},
            "layer": [
                *([_diagonal(theme)] if lines.diagonal else []),
                *([_end(lines.end, theme)] if lines.end is not None else []),
                *_faint(lines, theme, y),
                *_bright(shown, lines, theme, y, small),
            ],
        }

    return spec


def _axis(axis: Axis) -> Spec:
    scale: Spec = {"type": "log" if axis.log else "linear", "nice": axis.domain is None, "zero": False}
    if axis.domain is not None:
        scale["domain"] = list(axis.domain)
    ticks: Spec = {"format": axis.format, "labelSeparation": 3}
    if axis.values is not None:
        ticks["values"] = list(axis.values)
    return {"type": "quantitative", "title": axis.title or None, "scale": scale, "axis": ticks}


def _bright(shown: Sequence[str], lines: Lines, theme: str, y: Spec, small: bool) -> list[Spec]:
    key = {"field": "series", "type": "nominal"}
    drawn = {row["series"] for row in lines.rows}
    present = [name for name in shown if name in drawn]
    columns = 2 if max(map(len, present), default=0) <= _HALF else 1
    legend: Spec = {"title": None, "orient": "bottom", "columns": columns, "columnPadding": 24, "symbolOpacity": 1}
    legend |= {"values": present}
    own = legend if lines.legend else None

    def look(values: Sequence[Any], legend: Spec | None) -> Spec:
        chosen = [values[i % len(values)] for i in range(len(shown))]
        return {**key, "scale": {"domain": list(shown), "range": chosen}, "legend": legend}

    color = look(PALETTES[theme], own)
    band, y2 = {**y, "field": "low"}, {"field": "high"}
    kept = {"filter": {"field": "series", "oneOf": list(shown)}}
    ranged = {"filter": "isValid(datum.low) && isValid(datum.high)"}
    clip = {"clip": True}
    return [
        {
            "transform": [kept, ranged, {"filter": "datum.line"}],
            "mark": {"type": "area", "opacity": 0.14, **clip},
            "encoding": {"y": band, "y2": y2, "color": color},
        },
        {
            "transform": [kept, ranged, {"filter": "datum.mark && !datum.line"}],
            "mark": {"type": "rule", "strokeWidth": 1.2, **clip},
            "encoding": {"y": band, "y2": y2, "color": color},
        },
        {
            "transform": [kept, {"filter": "datum.line"}],
            "mark": {"type": "line", "strokeWidth": 1.6 if small else 2, **clip},
            "encoding": {"y": y, "color": color, "strokeDash": look(DASHES, None)},
        },
        {
            "transform": [kept, {"filter": "datum.mark"}],
            "mark": {"type": "point", "filled": True, "size": 30 if small else 55, **clip},
            "encoding": {
                "y": y,
                "color": color,
                "shape": look(SHAPES, own),
                "tooltip": _tooltip(lines),
                **_size(lines),
            },
        },
    ]


def _size(lines: Lines) -> Spec:
    """The markers' areas, where they tell something."""
    if lines.area is None:
        return {}
    field, most = lines.area
    scale = {"domain": [0, most], "range": [20, 500]}
    return {"size": {"field": field, "type": "quantitative", "scale": scale, "legend": None}}


def _faint(lines: Lines, theme: str, y: Spec) -> list[Spec]:
    if not lines.faint:
        return []
    kept = {"filter": {"field": "series", "oneOf": sorted(lines.faint)}}
    soft = {"color": {"value": INK[theme]["soft"]}, "detail": {"field": "series", "type": "nominal"}}
    return [
        {
            "transform": [kept],
            "mark": {"type": "line", "strokeWidth": 1, "opacity": 0.45, "clip": True},
            "encoding": {"y": y, **soft},
        },
        {
            "transform": [kept],
            "mark": {"type": "point", "filled": True, "size": 14, "opacity": 0.6, "clip": True},
            "encoding": {"y": y, **soft, "tooltip": _tooltip(lines)},
        },
    ]


def _diagonal(theme: str) -> Spec:
    ends = {"values": [{"x": 0, "y": 0}, {"x": 1, "y": 1}]}
    mark = {"type": "line", "strokeDash": [3, 3], "strokeWidth": 1, "color": INK[theme]["soft"]}
    return {"data": ends, "mark": mark, "encoding": {"y": {"field": "y", "type": "quantitative"}}}


def _end(x: float, theme: str) -> Spec:
    mark = {"type": "rule", "strokeDash": [3, 3], "strokeWidth": 1, "color": INK[theme]["soft"]}
    return {"data": {"values": [{"x": x}]}, "mark": mark}


def _tooltip(lines: Lines) -> list[Spec]:
    def number(name: str, title: str, form: str) -> Spec:
        return {"field": name, "type": "quantitative", "title": title, "format": form}

    y_form = ".2%" if lines.y.format.endswith("%") else ".4~g"
    return [
        {"field": "series", "type": "nominal", "title": "line"},
        number("x", lines.x.title.split(" (")[0], ",.4~r"),
        number("y", lines.y.title.split(" (")[0], y_form),
        number("low", "95% interval from", y_form),
        number("high", "to", y_form),
        *(
            {"field": name, "type": "nominal", "title": title} if form is None else number(name, title, form)
            for name, title, form in lines.tooltip
        ),
    ]
