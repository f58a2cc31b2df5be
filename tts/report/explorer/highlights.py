"""Which of a cell's candidates tell the most, and its distinct answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tts.core import SELECTORS
from tts.store import CellData

ANSWERS = 12
"""Distinct answers of a cell that are listed."""


def answers_of(cell: CellData, answers: Sequence[str | None]) -> list[list[Any]]:
    """Distinct answers, most common first: text, count, whether right. Those without an answer come last, as null."""
    classes, first, counts = np.unique(cell.classes, return_index=True, return_counts=True)
    rows = [
        [answers[at] if c >= 0 else None, int(count), bool(cell.correct[at])]
        for c, at, count in sorted(zip(classes, first, counts, strict=True), key=lambda r: (r[0] < 0, -r[2], r[1]))
    ]
    return rows[:ANSWERS]


def chosen(cell: CellData, most: int) -> dict[int, list[str]]:
    """Which candidates tell the most, and why: those that selectors pick, then the misjudged, then the earliest."""
    found: dict[int, list[str]] = {}
    for i, why in _reasons(cell):
        if i in found or len(found) < most:
            found.setdefault(i, []).append(why)
    for i in range(len(cell)):
        if len(found) >= most:
            break
        found.setdefault(i, [])
    return found


def _reasons(cell: CellData) -> Iterator[tuple[int, str]]:
    if not len(cell):
        return
    pool = cell.pool(graded=False)
    yield SELECTORS["majority"].select(pool), "majority's pick"
    for name in cell.scores:
        yield SELECTORS["best"].select(pool, name), f"highest by {name}"
    for verdict in (True, False):
        which = np.flatnonzero(cell.correct == verdict)
        if 0 < len(which) < len(cell):
            yield int(which[0]), f"first {'right' if verdict else 'wrong'} one"
    right, wrong = np.flatnonzero(cell.correct), np.flatnonzero(~cell.correct)
    for name, scores in cell.scores.items():
        if len(wrong):
            yield int(wrong[np.argmax(scores[wrong])]), f"highest wrong one by {name}"
        if len(right):
            yield int(right[np.argmin(scores[right])]), f"lowest right one by {name}"
    if len(cell.scores) > 1:
        ranks = np.array([np.argsort(np.argsort(s, kind="stable")) for s in cell.scores.values()])
        apart = ranks.max(axis=0) - ranks.min(axis=0)
        if apart.any():
            yield int(np.argmax(apart)), "scores disagree most"
    for name, scores in cell.scores.items():
        yield int(np.argmin(scores)), f"lowest by {name}"
