"""``--parameters NAME=COUNT``."""

from __future__ import annotations

from collections.abc import Iterable


def read_parameters(given: Iterable[str]) -> dict[str, float]:
    """Parameter counts by model. Raises UsageError for what is not NAME=COUNT with a positive finite count."""
    from math import isfinite

    from tts.core import UsageError

    found = {}
    for text in given:
        name, equals, count = text.rpartition("=")
        try:
            value = float(count)
        except ValueError:
            value = -1.0
        if not (equals and name and isfinite(value) and value > 0):
            raise UsageError(f"--parameters: found {text!r}, expected NAME=COUNT, for instance policy=1.5e9")
        found[name] = value
    return found
