"""A verifier's options: checked, with messages that name the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tts.core import UsageError, did_you_mean


class VerifierOptions(BaseModel):
    """Base of a family's options: its fields are what an entry of ``verifiers:`` may say besides name and engine."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


_Options = TypeVar("_Options", bound=VerifierOptions)


def read_options(kind: type[_Options], family: str, model: str, options: Mapping[str, Any], field: str) -> _Options:
    """The options of the entry at ``field``. ``model``: what follows the family's name where it takes no model.

    Raises UsageError for a model where none is taken, an unknown option or a value that makes no sense.
    """
    if model:
        raise UsageError(f"{field}.name: found '{family}/{model}', expected {family!r}, which takes no model")
    place = f"{field} ({family})"
    for name in options:
        if name not in kind.model_fields:
            known = ", ".join(kind.model_fields)
            raise UsageError(
                f"{place}.{name}: unknown option{did_you_mean(name, kind.model_fields)}; expected one of {known}"
            )
    try:
        return kind.model_validate(options)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        if first["type"] == "missing":
            raise UsageError(f"{place}{name}: missing; add it") from None
        message = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{place}{name}: found {first['input']!r}, {message[:1].lower()}{message[1:]}") from None
