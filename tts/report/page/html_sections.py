"""The page's sections beside the curves, every text escaped, and the links to all of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from tts.report.page.html_tables import plain_table
from tts.report.sections.section import Chart, Section


def contents(parts: Sequence[Section], problems: bool) -> str:
    """Links to the parts of the page."""
    links = [("curves", "What compute buys"), *((part.key, part.heading) for part in parts), ("table", "Every point")]
    links += [("failures", "What went wrong"), *([("problems", "Problems")] if problems else []), ("run", "The run")]
    items = "".join(f'<li><a href="#{key}">{escape(text)}</a></li>' for key, text in links)
    return f'<nav aria-label="Contents"><ul>{items}</ul></nav>'


def _reading(paragraphs: Sequence[str]) -> str:
    if not paragraphs:
        return ""
    inner = "".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    return f'<details class="reading"><summary>How to read it</summary>{inner}</details>'


def sections_html(parts: Sequence[Section]) -> str:
    """Each section with its charts, whose numbers run through all sections, and its tables."""
    made, start = [], 0
    for part in parts:
        figures = _figures(part.charts, start)
        start += len(part.charts)
        made.append(
            f'<section aria-labelledby="{part.key}"><h2 id="{part.key}">{escape(part.heading)}</h2>'
            + "".join(f"<p>{escape(text)}</p>" for text in part.text[:1])
            + "".join(f'<p class="hint">{escape(text)}</p>' for text in part.notes)
            + figures
            + _reading(part.text[1:])
            + "".join(
                f"<details{' open' if i == 0 else ''}><summary>{escape(table.title)}</summary>"
                f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.title)}">'
                f"{plain_table(table)}</div></details>"
                for i, table in enumerate(table for table in part.tables.values() if table.rows)
            )
            + "</section>"
        )
    return "".join(made)


def _figures(charts: Sequence[Chart], start: int) -> str:
    """Charts side by side, the small ones closer; a change of size begins a new row."""
    made = []
    for small, group in groupby(enumerate(charts, start), key=lambda pair: pair[1].small):
        figures = "".join(
            f'<figure><figcaption>{escape(chart.title)}</figcaption><div class="chart" id="extra-{i}" '
            f'role="img" aria-label="{escape(chart.label)}"></div></figure>'
            for i, chart in group
        )
        made.append(f'<div class="figures{" small" if small else ""}">{figures}</div>')
    return "".join(made)
