"""The look of all pictures: colours, dashes, markers and type.

Colours follow those of Okabe & Ito (2008, "Color Universal Design"), which people with any common colour blindness can
tell apart; dashes and markers repeat what colour says.
"""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]

PALETTES = {
    "light": [
        "#0072B2",
        "#D55E00",
        "#009E73",
        "#CC79A7",
        "#8A6D00",
        "#3E9BD0",
        "#444444",
        "#7B4FA3",
        "#B3123F",
        "#5C7A00",
    ],
    "dark": [
        "#56B4E9",
        "#F08A3C",
        "#2BC79A",
        "#E39BC4",
        "#E8C33A",
        "#A9D8F5",
        "#D0D0D0",
        "#B79AE0",
        "#FF7D9C",
        "#A9C94A",
    ],
}
INK = {
    "light": {"text": "#1b1f24", "soft": "#57606a", "grid": "#e4e7eb"},
    "dark": {"text": "#e6e9ee", "soft": "#a3adb9", "grid": "#2c333c"},
}
DASHES: list[list[int]] = [
    [1, 0],
    [7, 3],
    [2, 3],
    [10, 3, 2, 3],
    [4, 2],
    [12, 4],
    [7, 2, 2, 2, 2, 2],
    [1, 2],
    [14, 2, 4, 2],
]
STAR = "M0,-1.1L0.25,-0.34L1.05,-0.34L0.4,0.13L0.65,0.89L0,0.42L-0.65,0.89L-0.4,0.13L-1.05,-0.34L-0.25,-0.34Z"
SHAPES = [
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-right",
    "triangle-left",
    STAR,
]
FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


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
