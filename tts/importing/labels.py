"""Which of a log's metrics says right and wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tts.core import UsageError, did_you_mean

_WORDS = {"c": True, "i": False, "n": False, "yes": True, "no": False, "true": True, "false": False,
          "correct": True, "incorrect": False}  # fmt: skip
"""Values in words; inspect's C, I and N are correct, incorrect and no answer."""


def choose(rows: Sequence[Mapping[str, Any]], metric: str | None) -> list[Any]:
    """Each row's verdict by one metric: true, false, a list of them, or None where it says nothing.

    ``rows``: values by metric; ``metric``: None for the first of which every value is a verdict. Raises UsageError
    where no row has the metric, or it is something else than right and wrong.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    if metric is None:
        metric = next((name for name in names if _decides([row.get(name) for row in rows])), None)
        return [None if metric is None else read(row.get(metric))[1] for row in rows]
    if metric not in names:
        has = f"expected one of {', '.join(names)}" if names else "but the log has no metrics"
        raise UsageError(f"--metric: found {metric!r}{did_you_mean(metric, names)}, {has}")
    for row in rows:
        if not read(row.get(metric))[0]:
            raise UsageError(
                f"--metric: {metric!r} has the value {row[metric]!r}, expected true or false, or 1 or 0; name another "
                "metric, or import it as a score with --score NAME=COLUMN"
            )
    return [read(row.get(metric))[1] for row in rows]


def _decides(found: Sequence[Any]) -> bool:
    pairs = [read(value) for value in found]
    return all(understood for understood, _ in pairs) and any(verdict is not None for _, verdict in pairs)


def read(value: Any) -> tuple[bool, Any]:
    """Whether a value can be a verdict, and the verdict; None for one that is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True, None
    if isinstance(value, list):
        pairs = [read(one) for one in value]
        return all(understood for understood, _ in pairs), [verdict for _, verdict in pairs]
    if isinstance(value, str):
        known = value.strip().lower()
        return known in _WORDS or known in ("0", "1"), _WORDS.get(known, known == "1")
    if isinstance(value, bool | int | float) and value in (0, 1):
        return True, bool(value)
    return False, None
