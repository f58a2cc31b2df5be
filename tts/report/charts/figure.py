"""The picture of the curves, for page and PNG: a Vega-Lite panel a benchmark, small ones by difficulty below."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import vl_convert

from tts.report.charts.look import DASHES, INK, PALETTES, SHAPES, Spec, config
from tts.report.content import Panel, Series

X_AXES = {
    "output_tokens": "generated tokens per problem (log scale)",
    "total_tokens": "generated + prompt tokens per problem (log scale)",
    "flops": "forward FLOPs per problem, policy + verifier (log scale)",
    "sequential_tokens": "sequential tokens per problem: those generated one after the other (log scale)",
    "n": "budget n (log scale)",
}
X_SHORT = {
    "output_tokens": "generated tokens",
    "total_tokens": "generated + prompt tokens",
    "flops": "forward FLOPs",
    "sequential_tokens": "sequential tokens",
    "n": "budget n",
}
"""For small panels, whose heading says the rest."""


def spec(panel: Panel, theme: str = "light") -> Spec:
    """The Vega-Lite spec of one panel. Data stand in it only as values, never inside an expression."""
    shown = {"condition": {"test": "focus == '' || focus == datum.series", "value": 1}, "value": 0.12}
    band = {
        "condition": [
            {"test": "focus == ''", "value": min(0.14, max(0.035, 0.42 / max(1, len(panel.series))))},
            {"test": "focus == datum.series", "value": 0.25},
        ],
        "value": 0.0,
    }
    small = panel.level is not None
    look = _look(panel.series, theme)
    key = {"field": "series", "type": "nominal"}
    tooltip = [
        {"field": "strategy", "type": "nominal"},
        {"field": "selector", "type": "nominal"},
        {"field": "verifier", "type": "nominal"},
        {"field": "n", "type": "quantitative", "format": ",d"},
        {"field": "accuracy", "type": "quantitative", "format": ".2%"},
        {"field": "interval", "type": "nominal", "title": "95% interval"},
        {"field": "output_tokens", "type": "quantitative", "format": ",.0f", "title": "generated tokens"},
        {"field": "total_tokens", "type": "quantitative", "format": ",.0f", "title": "with the prompt"},
        {"field": "flops", "type": "quantitative", "format": ".3s", "title": "FLOPs"},
        {"field": "sequential_tokens", "type": "quantitative", "format": ",.0f", "title": "sequential tokens"},
        {"field": "problems", "type": "quantitative", "format": ",d"},
    ]
    low = {"field": "ci_low", "type": "quantitative"}
    return {
        "params": [{"name": "focus", "value": ""}, {"name": "hidden", "value": []}],
        "data": {"values": list(panel.rows)},
        "transform": [{"filter": "indexof(hidden, datum.series) < 0"}],
        "encoding": {"x": _x(panel, next(iter(panel.x))), "color": {**key, **look["color"]}},
        "layer": [
            {
                "transform": [{"filter": "!datum.alone"}],
                "mark": {"type": "area", "clip": True},
                "encoding": {"y": {**_y(panel), **low}, "y2": {"field": "ci_high"}, "opacity": band},
            },
            *([] if small else [_front(panel, theme)]),
            {
                "transform": [{"filter": "datum.alone"}],
                "mark": {"type": "rule", "strokeWidth": 1.5, "clip": True},
                "encoding": {"y": {**_y(panel), **low}, "y2": {"field": "ci_high"}, "opacity": shown},
            },
            {
                "transform": [{"filter": "!datum.alone"}],
                "mark": {"type": "line", "strokeWidth": 1.5 if small else 2, "clip": True},
                "encoding": {"y": _y(panel), "strokeDash": {**key, **look["strokeDash"]}, "opacity": shown},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 36 if small else 70},
                "encoding": {
                    "y": _y(panel),
                    "shape": {**key, **look["shape"]},
                    "opacity": shown,
                    "tooltip": tooltip,
                },
            },
        ],
    }


def _front(panel: Panel, theme: str) -> Spec:
    """A broad pale line through what no other shown point beats at the same cost or less; oracles do not count.

    One a model over anything but FLOPs, see `Panel.by_model`; the page follows its choice of the axis.
    """
    field = next(iter(panel.x))
    order = [{"field": field}, {"field": "accuracy", "order": "descending"}]
    apart = {"groupby": ["model"] if panel.by_model and field != "flops" else []}
    best, before = (
        {"op": op, "field": on, "as": to} for op, on, to in (("max", "accuracy", "best"), ("lag", "best", "before"))
    )
    return {
        "name": "front",
        "transform": [
            {"filter": "!datum.bound"},
            {"window": [best], "sort": order, "ignorePeers": True, **apart},
            {"window": [before], "sort": order, **apart},
            {"filter": "datum.before == null || datum.accuracy > datum.before"},
            {"calculate": "datum.model" if apart["groupby"] else "''", "as": "front"},
        ],
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 9, "strokeJoin": "round", "clip": True},
        "encoding": {
            "y": _y(panel),
            "color": {"value": INK[theme]["soft"]},
            "opacity": {"value": 0.3},
            "detail": {"field": "front", "type": "nominal"},
        },
    }


def draw(picture: Spec) -> tuple[bytes, bytes]:
    """A picture as SVG, whose texts are escaped, and as PNG at twice screen resolution."""
    svg = str(vl_convert.vegalite_to_svg(json.dumps(picture)))
    return svg.encode(), bytes(vl_convert.svg_to_png(svg, scale=2))


def section_picture(heading: str, charts: Sequence[tuple[str, Spec]], small: Sequence[tuple[str, Spec]]) -> Spec:
    """A section's charts, (title, spec) each, as one Vega-Lite spec on white: two a row, small ones three."""
    sizes = ((charts, 440, 268, 13, 2), (small, 268, 180, 12, 3))
    rows = [
        {
            "concat": [
                {
                    **chart,
                    "width": width,
                    "height": height,
                    "title": {"text": title, "anchor": "start", "fontSize": font},
                }
                for title, chart in parts
            ],
            "columns": columns,
            "spacing": 36,
            "resolve": _APART,
        }
        for parts, width, height, font, columns in sizes
        if parts
    ]
    return {
        "$schema": _SCHEMA,
        "title": {"text": heading, "anchor": "start", "offset": 14},
        "vconcat": rows,
        "spacing": 36,
        "padding": 20,
        "resolve": _APART,
        "config": config("light"),
    }


def whole_picture(content: Sequence[Panel], levels: Sequence[Panel], model: str, left_out: int = 0) -> Spec:
    """All panels as one Vega-Lite spec, on white: benchmarks two a row, their levels three.

    ``left_out``: how many lines of the report are not in the panels.
    """
    width, small = (726, 190) if len(content) == 1 else (440, 268)  # rows of about the same length
    rows = [_grid([_part(panel, panel.benchmark, width, 340) for panel in content], 2)]
    for benchmark in dict.fromkeys(panel.benchmark for panel in levels):
        parts = [_part(panel, panel.level or "", small, 170) for panel in levels if panel.benchmark == benchmark]
        title = {"text": f"{benchmark} by difficulty", "anchor": "start", "offset": 10}
        rows.append({**_grid(parts, 3), "title": title})
    return {
        "$schema": _SCHEMA,
        "title": {
            "text": f"Accuracy against compute: {model}",
            "subtitle": "Mean over problems; bands and bars are 95% intervals over problems (bootstrap). "
            "Broad grey line: Pareto front." + (f" {left_out} lines off the front are left out." if left_out else ""),
            "anchor": "start",
            "offset": 14,
        },
        "vconcat": rows,
        "spacing": 36,
        "padding": 20,
        "resolve": _SHARED,
        "config": config("light"),
        "params": [{"name": "focus", "value": ""}, {"name": "hidden", "value": []}],
    }


_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_APART = {"scale": {"color": "independent", "shape": "independent", "strokeDash": "independent"}}
_SHARED = {"scale": {"color": "shared", "shape": "shared", "strokeDash": "shared"}}
"""One legend for all panels."""


def _part(panel: Panel, title: str, width: int, height: int) -> Spec:
    """One panel of the PNG; without its parameters, since those of one name may stand only once in a picture."""
    whole = {k: v for k, v in spec(panel).items() if k != "params"}
    size = 15 if panel.level is None else 12
    return {**whole, "width": width, "height": height, "title": {"text": title, "anchor": "start", "fontSize": size}}


def _grid(parts: list[Spec], columns: int) -> Spec:
    return {"concat": parts, "columns": columns, "spacing": 36, "resolve": _SHARED}


def _look(series: Sequence[Series], theme: str) -> dict[str, Spec]:
    """Scales from a series' name to its look; one legend shows all three."""
    colors = PALETTES[theme]
    domain = [one.name for one in series]
    variants = len({one.variant for one in series if one.name != one.group})
    legend = {
        "title": None,
        "orient": "bottom",
        "columns": max(1, min(variants, int(900 / (6.3 * max(map(len, domain)) + 45)))),  # as many as have the room
        "columnPadding": 24,
        "offset": 16,
        "symbolOpacity": 1,
    }
    ranges: dict[str, list[Any]] = {
        "color": [colors[one.color % len(colors)] for one in series],
        "strokeDash": [DASHES[one.form % len(DASHES)] for one in series],
        "shape": [SHAPES[one.form % len(SHAPES)] for one in series],
    }
    return {
        channel: {"scale": {"domain": domain, "range": values}, "legend": None if channel == "strokeDash" else legend}
        for channel, values in ranges.items()
    }


def _x(panel: Panel, field: str) -> Spec:
    axis = panel.x[field]
    return {
        "field": field,
        "type": "quantitative",
        "title": X_AXES[field] if panel.level is None else X_SHORT[field],
        "scale": {"type": "log", "domain": axis["domain"], "nice": False},
        "axis": {"values": axis["values"], "format": "~s", "grid": False, "labelSeparation": 3},
    }


def _y(panel: Panel) -> Spec:
    low = panel.y["domain"][0]
    start = f"accuracy (axis starts at {low:.0%})" if low > 0 else "accuracy"
    return {
        "field": "accuracy",
        "type": "quantitative",
        "title": start if panel.level is None else None,
        "scale": {"domain": panel.y["domain"], "nice": False, "zero": False},
        "axis": {"values": panel.y["values"], "format": panel.y["format"]},
    }
