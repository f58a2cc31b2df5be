"""Problems by difficulty: the levels that a benchmark states, joined into few enough groups to look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from tts.store import ProblemInfo

MOST = 6
"""Groups at most."""


def level_groups(problems: Sequence[ProblemInfo], most: int = MOST) -> dict[str, str]:
    """The group of each level that ``problems`` have, groups in rising order; empty where there is but one level.

    Levels are ordered as people count (2 before 10). More than ``most`` are joined with their neighbours, as evenly as
    can be, into groups named ``1-2``. Problems without a stated level (``""``) are a group of their own, the last one.
    """
    levels = sorted({p.level for p in problems if p.level}, key=_natural)
    silent = any(not p.level for p in problems)
    if len(levels) < 2:
        return {}
    groups = min(len(levels), most - silent)
    edges = [round(i * len(levels) / groups) for i in range(groups + 1)]
    result: dict[str, str] = {}
    for first, end in pairwise(edges):
        part = levels[first:end]
        result |= dict.fromkeys(part, part[0] if len(part) == 1 else f"{part[0]}-{part[-1]}")
    return result | ({"": ""} if silent else {})


def _natural(text: str) -> list[tuple[bool, float, str]]:
    """``10`` after ``2``, and ``Level 10`` after ``Level 2``."""
    parts = re.split(r"(\d+(?:\.\d+)?)", text)
    return [(True, float(part), "") if i % 2 else (False, 0.0, part) for i, part in enumerate(parts) if part]
