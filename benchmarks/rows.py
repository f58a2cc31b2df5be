"""From a line of a file, or a row of a hub data set, to a Problem; every refusal names the place and the fix."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tts.core import Problem, Question, UsageError, did_you_mean

FIELDS = ("id", "problem", "answer", "solution", "subject", "level", "public", "payload")
"""The common fields; ``problem`` and ``answer`` must be there."""

SHAPE = 'a line is {"id": ..., "problem": ..., "answer": ...}, with solution, subject and level where known'


def read_jsonl(path: Path, field: str, shape: str = SHAPE) -> tuple[list[tuple[str, dict[str, Any]]], str]:
    """The objects of a JSONL file, each with its place (``FILE:LINE``), and the file's sha256.

    Blank lines are passed over. ``field``: where the path was written, and ``shape``: what a line is, for the message
    of the UsageError.
    """
    try:
        data = path.expanduser().read_bytes()
    except FileNotFoundError:
        raise UsageError(_missing(path, field)) from None
    except OSError as error:
        raise UsageError(f"{field}: cannot read {path}: {error.strerror}; name a readable JSONL file") from None
    rows = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            where = f"{path}:{number}"
            rows.append((where, _parse(line, where, shape)))
    if not rows:
        raise UsageError(f"{field}: {path} is empty; expected JSON lines: {shape}")
    return rows, hashlib.sha256(data).hexdigest()


def _missing(path: Path, field: str) -> str:
    folder = path.expanduser().parent
    if not folder.is_dir():
        return f"{field}: no file {path}: there is no folder {path.parent}; name one that exists"
    names = sorted(p.name for p in folder.iterdir() if p.suffix == ".jsonl")
    near = did_you_mean(path.name, names)
    if not near and names:
        near = f" (the folder has {', '.join(names[:8])}{', ...' if len(names) > 8 else ''})"
    return f"{field}: no file {path}{near}; put it there or name another"


def _parse(line: bytes, where: str, shape: str) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{where}: not UTF-8 (byte 0x{line[error.start]:02x} at column {error.start + 1}); save the file as UTF-8"
        ) from None
    except (ValueError, RecursionError) as error:
        reason = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise UsageError(f"{where}: not JSON: {reason}; mend or delete the line (one JSON object a line)") from None
    if not isinstance(value, dict):
        raise UsageError(f"{where}: found {_kind(value)}, expected a JSON object: {shape}")
    return value


def to_problems(rows: Iterable[tuple[str, Mapping[str, Any]]], shape: str = SHAPE) -> tuple[Problem, ...]:
    """Problems from rows with the common fields, each with its place; a row without an id gets its index as one.

    ``shape``: what a line is, for the message of the UsageError.
    """
    problems = []
    seen: dict[str, str] = {}
    for index, (where, row) in enumerate(rows):
        problem = to_problem(row, index, where, shape)
        if problem.id in seen:
            raise UsageError(
                f"{where}: id {problem.id!r} was already used at {seen[problem.id]}; give every problem its own id"
            )
        seen[problem.id] = where
        problems.append(problem)
    return tuple(problems)


def to_problem(row: Mapping[str, Any], index: int, where: str, shape: str = SHAPE) -> Problem:
    """One Problem; ``index`` is its id where the row has none."""
    question = Question(
        id=text(row, "id", where) or str(index),
        text=required(row, "problem", where, shape),
        subject=text(row, "subject", where),
        level=text(row, "level", where),
        public=mapping(row, "public", where),
    )
    return Problem(
        question, required(row, "answer", where, shape), text(row, "solution", where), mapping(row, "payload", where)
    )


def mapping(row: Mapping[str, Any], field: str, where: str) -> Mapping[str, Any]:
    """The JSON object of a field; empty where it is absent or null."""
    value = row.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UsageError(f"{where}: {field} is {_kind(value)}, expected a JSON object; write {{...}}")
    return value


def required(row: Mapping[str, Any], field: str, where: str, shape: str = SHAPE) -> str:
    """The text of a field that must be there and say something."""
    if field not in row:
        raise UsageError(f"{where}: no field {field!r}{did_you_mean(field, row)}; {shape}")
    value = text(row, field, where)
    if value is None:
        found = "null" if row[field] is None else "empty"
        raise UsageError(f"{where}: {field} is {found}; fill it in or delete the line")
    return value


def text(row: Mapping[str, Any], field: str, where: str) -> str | None:
    """The stripped text of a field, None where it is absent, null or blank. Numbers are spelled out: 27.0 is ``27``."""
    value = row.get(field)
    if value is None:
        return None
    if field == "solution" and isinstance(value, list) and all(isinstance(v, str) for v in value):
        value = "\n\n".join(value)
    if isinstance(value, float) and math.isfinite(value):
        value = int(value) if value.is_integer() else repr(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise UsageError(f"{where}: {field} is {_kind(value)}, expected text or a number; write it as a JSON string")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise UsageError(f"{where}: {field} holds half a surrogate pair, which is no text; mend the escape \\uD8..")
    return value.strip() or None


def _kind(value: object) -> str:
    if value is None or isinstance(value, bool | float):
        return json.dumps(value)
    return {dict: "an object", list: "a list", str: "a string", int: "a number"}[type(value)]
