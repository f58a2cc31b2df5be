"""Values of a row, by a column's name or a dotted path, and what they may be."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tts.core import UsageError, did_you_mean, shown
from tts.importing.rows import Row, kind_of

CUT = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
"""Finish reasons of an answer that a limit cut, as servers spell them."""
_VERDICTS = {"c": True, "i": False, "correct": True, "incorrect": False}
"""Verdicts in words, beside true and false, 1 and 0."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand in a row: a column's name, or a dotted path; a list on the way is one value a sample.

    None: where the file's format has it.
    """

    id: str | None = None
    """Several names, with commas between, give an id of several parts."""
    gold: str | None = None
    text: str | None = None
    question: str | None = None
    level: str | None = None
    tokens: str | None = None
    correct: str | None = None
    finish: str | None = None
    """A finish reason; one of CUT means that the answer was cut."""
    scores: Mapping[str, str] = field(default_factory=dict)
    """By verifier."""

    def named(self) -> Columns:
        """With the names that one's own files have by default."""
        columns = self
        for name in ("id", "gold", "text"):
            if getattr(columns, name) is None:
                columns = replace(columns, **{name: name})  # type: ignore[arg-type]
        return columns


def values(row: Row, path: str, flag: str, where: str) -> list[Any]:
    """What stands at a column or dotted path; lists on the way, and at its end, are opened, or a number picks one."""
    parts = [path] if path in row else path.split(".")
    return list(_walk(row, parts, path, flag, where))


def _walk(value: Any, parts: Sequence[str], path: str, flag: str, where: str) -> Iterator[Any]:
    if isinstance(value, list) and parts and (index := _index(parts[0])) is not None:
        if not -len(value) <= index < len(value):
            raise UsageError(f"{where}: {path}: there is no item {index} in a list of {len(value)}; mend {flag}")
        yield from _walk(value[index], parts[1:], path, flag, where)
    elif isinstance(value, list):
        if parts and flag == "--text" and is_chat(value):
            raise UsageError(
                f"{where}: {path} goes through a chat, whose messages are not samples; name one message by its number, "
                f"the last for instance: {flag} {path.removesuffix('.'.join(parts))}-1.{'.'.join(parts)}"
            )
        for i, one in enumerate(value):
            yield from _walk(one, parts, path, flag, f"{where}, item {i}" if parts else where)
    elif not parts:
        yield value
    elif isinstance(value, dict) and parts[0] in value:
        yield from _walk(value[parts[0]], parts[1:], path, flag, where)
    else:
        there = [str(name) for name in value] if isinstance(value, dict) else []
        has = f"there is {', '.join(name or repr(name) for name in there[:12])}" if there else f"found {kind_of(value)}"
        raise UsageError(
            f"{where}: no column {path!r}{did_you_mean(parts[0], there)}: {has}; name it with {flag} "
            "(a dotted path reaches into lists: samples.text)"
        )


def _index(part: str) -> int | None:
    return int(part) if part.removeprefix("-").isdecimal() else None


def is_chat(value: Any) -> bool:
    """Whether a value is a list of messages, each with its role."""
    return isinstance(value, list) and bool(value) and all(isinstance(m, dict) and "role" in m for m in value)


def chat_text(message: Any) -> str:
    """The text of a message, or of a list of parts; thinking and pictures are none of it."""
    content = message.get("content") if isinstance(message, dict) else message
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
        return "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def asked(value: Any) -> str:
    """The question of a prompt: a text, or the last thing that a user says in a chat."""
    if is_chat(value):
        users = [message for message in value if message["role"] == "user"]
        return chat_text((users or value)[-1])
    return value if isinstance(value, str) else ""


def as_text(value: Any, name: str, where: str) -> str:
    """Text, or a number spelled out."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    if value is None:
        raise UsageError(f"{where}: {name} is null, expected text; fill it in, or leave it out")
    if not isinstance(value, str):
        raise UsageError(f"{where}: {name} is {kind_of(value)}, expected text; name another column")
    return value.encode("utf-8", "replace").decode()  # a lone surrogate has no place in UTF-8


def is_scalar(value: Any) -> bool:
    """Whether a value is a text or a number."""
    return isinstance(value, str | int | float | Decimal) and not isinstance(value, bool)


def plain(value: Any) -> Any:
    """A number, a verdict or a list of them that is spelled as text, as CSV has it; all else as it is."""
    if isinstance(value, str):
        try:
            return json.loads(value.lower())
        except (ValueError, RecursionError):
            return value
    return value


def count(value: Any, where: str) -> int | None:
    """A number of tokens; None where there is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**63 or value != int(value):
        raise UsageError(f"{where}: found {shown(value)}, expected a number of tokens")
    return int(value)


def verdict(value: Any, where: str) -> bool | None:
    """Right or wrong; None where nothing is said."""
    if isinstance(value, str):
        value = _VERDICTS.get(value.lower(), value)
    if value is not None and (not isinstance(value, bool | int | float) or value not in (0, 1)):
        raise UsageError(f"{where}: found {shown(value)}, expected true or false, or 1 or 0")
    return None if value is None else bool(value)


def score(value: Any, where: str) -> float | None:
    """A verifier's score; None where there is none."""
    if value is None:
        return None
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise UsageError(f"{where}: found {shown(value)}, expected a finite number, or null where there is no score")
    return number


def finished(value: Any, where: str) -> bool:
    """Whether an answer came to its own end."""
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{where}: found {shown(value)}, expected a finish reason, for instance 'stop' or 'length'")
    return value is None or value.lower() not in CUT


def first_text(row: Row, names: Iterable[str]) -> str:
    """The first of some columns that holds text or a chat, else nothing."""
    return next((text for name in names if (text := asked(row.get(name)))), "")
