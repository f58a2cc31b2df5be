"""A verifier's options: checked, with messages that name the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tts.core import UsageError, did_you_mean


class VerifierOptions(BaseModel):
    """Base of a family's options: its fields are what an entry of ``verifiers:`` may say besides name and engine."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


_Options = TypeVar("_Options", bound=VerifierOptions)


def read_options(kind: type[_Options], family: str, model: str, options: Mapping[str, Any], field: str) -> _Options:
    """The options of the entry at ``field``.

    ``model``: what follows the family's name, where it takes no model: ``KEY=VALUE,...``, further options. (In the name
    they make two entries of one family two verifiers, each with columns of its own.)

    Raises UsageError for a model where none is taken, an unknown option or a value that makes no sense.
    """
    place = f"{field} ({family})"
    given = {**options, **_named(family, model, options, field)}
    for name in given:
        if name not in kind.model_fields:
            known = ", ".join(kind.model_fields)
            raise UsageError(
                f"{place}.{name}: unknown option{did_you_mean(name, kind.model_fields)}; expected one of {known}"
            )
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        if first["type"] == "missing":
            raise UsageError(f"{place}{name}: missing; add it") from None
        message = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{place}{name}: found {first['input']!r}, {message[:1].lower()}{message[1:]}") from None


def _named(family: str, model: str, options: Mapping[str, Any], field: str) -> dict[str, str]:
    """The options in ``family/KEY=VALUE,...``."""
    found: dict[str, str] = {}
    for part in filter(None, model.split(",")):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise UsageError(
                f"{field}.name: found {part!r} in '{family}/{model}', expected options, as in {family}/KEY=VALUE"
            )
        if key in options or key in found:
            raise UsageError(f"{field}: {key!r} is said twice, once in '{family}/{model}'; leave one out")
        found[key] = value
    return found
