"""From step scores to one number for a whole answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

TINY = 1e-30
"""A score of 0 counts as this much in ``sum_log``."""

AGGREGATIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "last": lambda scores: scores[-1],
    "min": min,
    "prod": math.prod,
    "mean": lambda scores: math.fsum(scores) / len(scores),
    "max": max,
    "sum_log": lambda scores: math.fsum(math.log(max(s, TINY)) for s in scores),
}
"""By the field's names (Lightman et al. 2023 use min and prod, Snell et al. 2024 last)."""


def aggregate(scores: Sequence[float], how: str) -> float:
    """One number; 0 (for ``sum_log`` the least there is) for an answer without a step, which nothing speaks for."""
    if not scores:
        return math.log(TINY) if how == "sum_log" else 0.0
    return float(AGGREGATIONS[how](scores))
