"""A part of the report beside the curves: some charts and tables, with what to know to read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tts.report.charts.look import Spec
from tts.report.tables.writing import TextTable


@dataclass(frozen=True, slots=True)
class Chart:
    """One picture of a section."""

    title: str
    spec: Callable[[str], Spec]
    """The Vega-Lite spec under a theme, ``light`` or ``dark``, without size and configuration."""
    label: str
    """What it shows, for people who do not see it."""
    small: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page, and a folder of its own in the report: one picture and its tables."""

    key: str
    """The folder, the picture's name and the place in the page."""
    heading: str
    text: tuple[str, ...]
    """Paragraphs of plain text."""
    charts: tuple[Chart, ...] = ()
    tables: Mapping[str, TextTable] = field(default_factory=dict)
    """By the name of their files; the page shows the first open and the others folded."""
    notes: tuple[str, ...] = ()
    """What went wrong or is left out, in sentences."""
