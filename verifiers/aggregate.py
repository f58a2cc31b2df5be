"""From step scores to one number for a whole answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

AGGREGATIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "last": lambda scores: scores[-1],
    "min": min,
    "prod": math.prod,
    "mean": lambda scores: math.fsum(scores) / len(scores),
}
"""By the field's names (Lightman et al. 2023 use min and prod, Snell et al. 2024 last)."""


def aggregate(scores: Sequence[float], how: str) -> float:
    """One number; 0 for an answer without a step, which nothing speaks for."""
    return float(AGGREGATIONS[how](scores)) if scores else 0.0
