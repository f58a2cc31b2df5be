"""Which sections a report has, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tts.report.sections.coverage_section import coverage_section
from tts.report.sections.optimal_section import optimal_section
from tts.report.sections.section import Section
from tts.report.sections.verifiers_section import verifiers_section
from tts.store import RunData

_SECTIONS: dict[str, Callable[[Sequence[RunData]], Section | None]] = {
    "coverage": coverage_section,
    "verifiers": verifiers_section,
    "optimal": optimal_section,
}
KEYS = tuple(_SECTIONS)


def sections(runs: Sequence[RunData]) -> list[Section]:
    """The sections that these runs have data for."""
    found = (build(runs) for build in _SECTIONS.values())
    return [section for section in found if section is not None]
