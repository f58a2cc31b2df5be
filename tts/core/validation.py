"""From pydantic's validation errors to one line for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from tts.core.errors import did_you_mean

_EXPECTED = {
    "string_type": "expected text",
    "string_too_short": "expected at least {min_length} character(s)",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_parsing_size": "expected a whole number of a sensible size",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "finite_number": "expected a finite number",
    "greater_than_equal": "expected at least {ge}",
    "greater_than": "expected more than {gt}",
    "less_than_equal": "expected at most {le}",
    "less_than": "expected less than {lt}",
    "too_short": "expected a list of {min_length} or more",
    "dict_type": "expected a mapping",
    "tuple_type": "expected a list",
}
"""In a user's words, by pydantic's error type; filled with the error's context."""


def explain(
    error: ValidationError,
    model: type[BaseModel],
    known: Iterable[str] = (),
    absent: str = "name {them} in a sweep file or by flags",
) -> str:
    """The first problem of a pydantic error as one line: field, what was found, what was expected.

    ``known``: names that are offered for an unknown field, by default those of ``model``; ``absent``: what to do where
    a field of its own is missing.
    """
    errors = error.errors(include_url=False)
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    place = _place(first["loc"])
    if first["type"] == "extra_forbidden":
        names = list(known) or _fields_at(model, first["loc"][:-1])
        name = str(first["loc"][-1])
        return f"{place}: unknown field{did_you_mean(name, names)}; expected one of {', '.join(names)}{more}"
    if first["type"] == "missing":
        missing = [e for e in errors if e["type"] == "missing" and e["loc"][:-1] == first["loc"][:-1]]
        more = f" (and {len(errors) - len(missing)} more)" if len(errors) > len(missing) else ""
        fix = absent.format(them="it" if len(missing) == 1 else "them") if len(first["loc"]) == 1 else "add it"
        return f"{', '.join(_place(e['loc']) for e in missing)}: missing; {fix}{more}"
    if first["type"] == "model_type":
        expected = f"expected a mapping with {', '.join(_fields_at(model, first['loc']))}"
    elif first["type"] in _EXPECTED:
        limits = {k: f"{v:g}" if isinstance(v, float) else v for k, v in first.get("ctx", {}).items()}
        expected = _EXPECTED[first["type"]].format(**limits)
    else:
        message = first["msg"].removeprefix("Value error, ")
        expected = f"{message[0].lower()}{message[1:]}"
    return f"{place}: found {shown(first['input'])}, {expected}{more}"


def _place(location: tuple[int | str, ...]) -> str:
    """``strategies[0].n`` from pydantic's location."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")


def shown(value: object) -> str:
    """What was found, short enough for a line."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Field names of the section that a location lies in."""
    for part in location:
        if isinstance(part, int) or part not in model.model_fields:  # an item of a list or of a mapping
            continue
        annotation: Any = model.model_fields[part].annotation
        inner = [a for a in (annotation, *getattr(annotation, "__args__", ())) if _is_model(a)]
        if not inner:
            return []
        model = inner[0]
    return list(model.model_fields)


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
