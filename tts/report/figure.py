"""The picture: accuracy against compute, one Vega-Lite panel a benchmark, shared by the page and the PNG.

Colours follow those of Okabe & Ito (2008, "Color Universal Design"), which people with any common colour blindness can
tell apart; dashes and markers repeat what colour says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import vl_convert

from tts.report.content import Panel, Series

Spec = dict[str, Any]

PALETTES = {
    "light": ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8A6D00", "#3E9BD0", "#444444", "#7B4FA3"],
    "dark": ["#56B4E9", "#F08A3C", "#2BC79A", "#E39BC4", "#E8C33A", "#A9D8F5", "#D0D0D0", "#B79AE0"],
}
INK = {
    "light": {"text": "#1b1f24", "soft": "#57606a", "grid": "#e4e7eb"},
    "dark": {"text": "#e6e9ee", "soft": "#a3adb9", "grid": "#2c333c"},
}
DASHES: list[list[int]] = [[1, 0], [7, 3], [2, 3], [10, 3, 2, 3], [4, 2], [12, 4]]
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
CROWD = 5
"""Series above which bands are drawn fainter, so that they do not hide each other."""
X_AXES = {
    "output_tokens": "generated tokens per problem (log scale)",
    "total_tokens": "generated + prompt tokens per problem (log scale)",
    "n": "budget n (log scale)",
}


def spec(panel: Panel, theme: str = "light") -> Spec:
    """The Vega-Lite spec of one panel. Data stand in it only as values, never inside an expression."""
    shown = {"condition": {"test": "focus == '' || focus == datum.series", "value": 1}, "value": 0.12}
    band = {
        "condition": [
            {"test": "focus == ''", "value": 0.14 if len(panel.series) <= CROWD else 0.05},
            {"test": "focus == datum.series", "value": 0.25},
        ],
        "value": 0.0,
    }
    look = _look(panel.series, theme)
    key = {"field": "series", "type": "nominal"}
    tooltip = [
        {"field": "strategy", "type": "nominal"},
        {"field": "selector", "type": "nominal"},
        {"field": "n", "type": "quantitative", "format": ",d"},
        {"field": "accuracy", "type": "quantitative", "format": ".2%"},
        {"field": "interval", "type": "nominal", "title": "95% interval"},
        {"field": "output_tokens", "type": "quantitative", "format": ",.0f", "title": "generated tokens"},
        {"field": "total_tokens", "type": "quantitative", "format": ",.0f", "title": "with the prompt"},
        {"field": "problems", "type": "quantitative", "format": ",d"},
    ]
    low = {"field": "ci_low", "type": "quantitative"}
    return {
        "params": [{"name": "focus", "value": ""}, {"name": "hidden", "value": []}],
        "data": {"values": list(panel.rows)},
        "transform": [{"filter": "indexof(hidden, datum.series) < 0"}],
        "encoding": {"x": _x(panel, "output_tokens"), "color": {**key, **look["color"]}},
        "layer": [
            {
                "transform": [{"filter": "!datum.alone"}],
                "mark": {"type": "area", "clip": True},
                "encoding": {"y": {**_y(panel), **low}, "y2": {"field": "ci_high"}, "opacity": band},
            },
            {
                "transform": [{"filter": "datum.alone"}],
                "mark": {"type": "rule", "strokeWidth": 1.5, "clip": True},
                "encoding": {"y": {**_y(panel), **low}, "y2": {"field": "ci_high"}, "opacity": shown},
            },
            {
                "transform": [{"filter": "!datum.alone"}],
                "mark": {"type": "line", "strokeWidth": 2, "clip": True},
                "encoding": {"y": _y(panel), "strokeDash": {**key, **look["strokeDash"]}, "opacity": shown},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70},
                "encoding": {
                    "y": _y(panel),
                    "shape": {**key, **look["shape"]},
                    "opacity": shown,
                    "tooltip": tooltip,
                },
            },
        ],
    }


def draw_png(content: Sequence[Panel], model: str) -> bytes:
    """The whole picture as a PNG at twice screen resolution, on white, panels two a row."""
    width = 640 if len(content) == 1 else 440
    parts = [
        {**spec(panel), "width": width, "height": 340, "title": {"text": panel.benchmark, "anchor": "start"}}
        for panel in content
    ]
    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {
            "text": f"Accuracy against compute: {model}",
            "subtitle": "Mean over problems; bands and bars are 95% intervals over problems (bootstrap).",
            "anchor": "start",
            "offset": 14,
        },
        "concat": parts,
        "columns": 2,
        "spacing": 36,
        "padding": 20,
        "resolve": {"scale": {"color": "shared", "shape": "shared", "strokeDash": "shared"}},
        "config": config("light"),
    }
    for part in parts:  # parameters of one name may stand only once in a picture
        del part["params"]
    whole["params"] = [{"name": "focus", "value": ""}, {"name": "hidden", "value": []}]
    return bytes(vl_convert.vegalite_to_png(json.dumps(whole), scale=2))


def config(theme: str) -> Spec:
    """Vega-Lite's look under a theme, ``light`` or ``dark``."""
    ink = INK[theme]
    return {
        "background": "#ffffff" if theme == "light" else "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": ink["soft"],
            "titleColor": ink["text"],
            "gridColor": ink["grid"],
            "domainColor": ink["soft"],
            "tickColor": ink["soft"],
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 10,
        },
        "legend": {
            "labelColor": ink["text"],
            "titleColor": ink["text"],
            "labelFontSize": 12,
            "labelLimit": 420,
            "symbolSize": 90,
            "symbolStrokeWidth": 0,
        },
        "title": {"color": ink["text"], "subtitleColor": ink["soft"], "fontSize": 15, "subtitleFontSize": 12},
    }


def _look(series: Sequence[Series], theme: str) -> dict[str, Spec]:
    """Scales from a series' name to its look; one legend shows all three."""
    colors = PALETTES[theme]
    domain = [one.name for one in series]
    legend = {
        "title": None,
        "orient": "bottom",
        "columns": max(1, len({one.selector for one in series if one.name != one.group})),
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
        "title": X_AXES[field],
        "scale": {"type": "log", "domain": axis["domain"], "nice": False},
        "axis": {"values": axis["values"], "format": "~s", "grid": False},
    }


def _y(panel: Panel) -> Spec:
    low = panel.y["domain"][0]
    start = f"accuracy (axis starts at {low:.0%})" if low > 0 else "accuracy"
    return {
        "field": "accuracy",
        "type": "quantitative",
        "title": start,
        "scale": {"domain": panel.y["domain"], "nice": False, "zero": False},
        "axis": {"values": panel.y["values"], "format": panel.y["format"]},
    }
