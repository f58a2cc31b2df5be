"""The page's legend: a checkbox a line, which the keyboard reaches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape

from tts.report.charts.look import DASHES, PALETTES, SHAPES, STAR
from tts.report.content import Series

_MARKERS = {
    "circle": '<circle cx="17" cy="7" r="4.2"/>',
    "square": '<rect x="13.2" y="3.2" width="7.6" height="7.6"/>',
    "triangle-up": '<path d="M17 2l5 9h-10z"/>',
    "diamond": '<path d="M17 1.4l5 5.6-5 5.6-5-5.6z"/>',
    "cross": '<path d="M15.4 2.4h3.2v3h3v3.2h-3v3h-3.2v-3h-3V5.4h3z"/>',
    "triangle-down": '<path d="M17 12l5-9h-10z"/>',
    "triangle-right": '<path d="M22 7l-9 5v-10z"/>',
    "triangle-left": '<path d="M12 7l9 5v-10z"/>',
    STAR: f'<path transform="translate(17 7.3) scale(5.6)" stroke="none" d="{STAR}"/>',
}


def legend(series: Sequence[Series], shown: Collection[str]) -> str:
    """One box a strategy setting; in it a checkbox a selector and verifier, with the look of its line.

    Where not all are shown at first there are buttons to show them all, none, or those again.
    """
    boxes = []
    for group in dict.fromkeys(one.group for one in series):
        entries = "".join(
            f'<label data-series="{escape(one.name)}">'
            f'<input type="checkbox"{" checked" if one.name in shown else ""}>{_swatch(one)}'
            f"<span>{escape(one.variant)}</span></label>"
            for one in series
            if one.group == group
        )
        boxes.append(f"<fieldset><legend>{escape(group)}</legend>{entries}</fieldset>")
    if len(shown) == len(series):
        return "".join(boxes)
    choices = (("front", f"on the Pareto front ({len(shown)})"), ("all", f"all ({len(series)})"), ("none", "none"))
    buttons = "".join(f'<button type="button" data-show="{key}">{text}</button>' for key, text in choices)
    return f'<div class="show">Show lines: {buttons}</div><div class="boxes">{"".join(boxes)}</div>'


def _swatch(one: Series) -> str:
    color = one.color % len(PALETTES["light"])
    dash = " ".join(map(str, DASHES[one.form % len(DASHES)]))
    marker = _MARKERS[SHAPES[one.form % len(SHAPES)]]
    line = "" if one.name == one.group else f'<path d="M0 7h34" stroke-dasharray="{dash}" stroke-width="2"/>'
    return f'<svg class="s{color}" width="34" height="14" aria-hidden="true">{line}{marker}</svg>'
