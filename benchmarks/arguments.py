"""The arguments of generated benchmarks, ``KEY=VALUE,KEY=VALUE``: every refusal names the field and what it takes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts.core import UsageError, did_you_mean

_COMMA = re.compile(r",(?![^\[\]()]*[\])])")
"""A comma that is not inside brackets."""


def key_values(
    name: str, argument: str, example: str, known: Sequence[str] | None = None, separator: str = ":"
) -> dict[str, str]:
    """The pairs of an argument.

    ``example``: a right argument, for the message, which follows the name and the ``separator``; ``known``: the keys
    that there are, None for any.
    """
    found: dict[str, str] = {}
    for part in _COMMA.split(argument):
        key, equals, value = (s.strip() for s in part.partition("="))
        if not key or not equals or key in found or (known is not None and key not in known):
            near = "" if known is None else did_you_mean(key, known)
            keys = "KEY=VALUE" if known is None else f"each of {', '.join(known)}"
            raise UsageError(
                f"benchmark: {name}: found {part!r}{near}, expected {keys} at most once; "
                f"write {name}{separator}{example}"
            )
        found[key] = value
    return found


def whole_number(name: str, key: str, text: str, least: int, most: int, separator: str = ":") -> int:
    """The number of ``KEY=TEXT``."""
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and least <= int(text) <= most):
        raise UsageError(
            f"benchmark: {name}: {key}={text}, expected a whole number from {least} to {most}; "
            f"write for instance {name}{separator}{key}={least}"
        )
    return int(text)


def number_range(name: str, key: str, text: str, least: int, most: int) -> tuple[int, ...]:
    """The numbers of ``KEY=3`` or ``KEY=3-6``, ascending."""
    found = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", text, re.ASCII)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, -1)
    if not least <= first <= last <= most:
        raise UsageError(
            f"benchmark: {name}: {key}={text}, expected a number or a range of numbers within {least}-{most}; "
            f"write for instance {name}:{key}={least}-{most}"
        )
    return tuple(range(first, last + 1))
