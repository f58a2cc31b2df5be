"""Samples made elsewhere, as files of other tools have them: one's own JSONL, lm-eval's samples, inspect's logs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tts.benchmarks.rows import read_jsonl
from tts.core import UsageError, did_you_mean
from tts.grading import extract_answer

Row = Mapping[str, Any]

_KINDS: Mapping[type, str] = {dict: "an object", list: "a list", str: "a text", int: "a number", float: "a number",
                              bool: "true or false", type(None): "null"}  # fmt: skip

FORMATS = ("jsonl", "lm-eval", "inspect")
_SHAPE = (
    'a line is {"id": ..., "gold": ..., "text": ...}, one sample or a list of them as text; other names are given '
    "by --id, --gold and --text"
)
_QUESTIONS = ("question", "problem", "prompt", "query")
"""Where a question stands if nothing is said."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand in a row: a column's name, or a dotted path; a list on the way is one value a sample."""

    id: str = "id"
    gold: str = "gold"
    text: str = "text"
    question: str | None = None
    """None: the first of ``question``, ``problem``, ``prompt`` and ``query`` that is there."""
    level: str | None = None
    tokens: str | None = None
    correct: str | None = None
    finish: str | None = None
    """A finish reason; ``length`` means that the answer was cut."""
    scores: Mapping[str, str] = field(default_factory=dict)
    """By verifier."""


@dataclass(frozen=True, slots=True)
class ForeignSample:
    """One answer; None where the file does not say."""

    text: str
    tokens: int | None = None
    correct: bool | None = None
    finished: bool = True
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForeignProblem:
    """A problem with its samples, in the order of the files."""

    id: str
    gold: str
    question: str
    level: str | None
    samples: list[ForeignSample]


def read_files(
    files: Sequence[Path], kind: str | None, columns: Columns, metric_filter: str | None
) -> list[ForeignProblem]:
    """The problems of some files; rows with the same id are samples of one problem.

    ``kind``: one of FORMATS, None to tell by the file; ``metric_filter``: which of lm-eval's filters to take labels
    from. Raises UsageError, naming file and line, where something is missing or is not what it should be.
    """
    found: dict[str, ForeignProblem] = {}
    for file in files:
        for where, problem in _problems(file, kind, columns, metric_filter):
            known = found.setdefault(problem.id, problem)
            if known.gold != problem.gold:
                raise UsageError(
                    f"{where}: problem {problem.id!r} has the gold answer {problem.gold!r}, and {known.gold!r} in an "
                    "earlier row; give different problems different ids"
                )
            if known is not problem:
                known.samples.extend(problem.samples)
    return list(found.values())


def _problems(
    file: Path, kind: str | None, columns: Columns, metric_filter: str | None
) -> Iterator[tuple[str, ForeignProblem]]:
    if kind == "inspect" or (kind is None and file.suffix == ".eval"):
        from tts.importing.logs import inspect_problems

        yield from inspect_problems(file)
        return
    rows, _ = read_jsonl(file, "FILE", _SHAPE)
    if kind == "lm-eval" or (kind is None and {"doc_id", "resps"} <= rows[0][1].keys()):
        from tts.importing.logs import lm_eval_problems

        yield from lm_eval_problems(rows, metric_filter)
        return
    for where, row in rows:
        yield where, _problem(row, columns, where)


def _problem(row: Row, columns: Columns, where: str) -> ForeignProblem:
    found = values(row, columns.text, "--text", where)
    places = [where] if len(found) == 1 else [f"{where}, sample {i}" for i in range(len(found))]
    texts = [as_text(value, columns.text, place) for value, place in zip(found, places, strict=True)]
    if not texts:
        raise UsageError(f"{where}: {columns.text} is an empty list; delete the line, or give it a sample")

    def each(name: str | None, flag: str) -> list[Any]:
        if name is None:
            return [None] * len(texts)
        found = values(row, name, flag, where)
        if len(found) != len(texts):
            raise UsageError(
                f"{where}: {name} has {len(found)} values and {columns.text} has {len(texts)}; expected one a sample"
            )
        return found

    tokens, correct, finish = (
        each(columns.tokens, "--tokens"),
        each(columns.correct, "--correct"),
        each(columns.finish, "--finish"),
    )
    scores = {name: each(column, "--score") for name, column in columns.scores.items()}
    samples = [
        ForeignSample(
            text=text,
            tokens=_count(tokens[i], f"{places[i]}: {columns.tokens}"),
            correct=label(correct[i], f"{places[i]}: {columns.correct}"),
            finished=finish[i] != "length",
            scores={
                name: _score(found[i], f"{places[i]}: {columns.scores[name]}")
                for name, found in scores.items()
                if found[i] is not None
            },
        )
        for i, text in enumerate(texts)
    ]
    question = columns.question or next((name for name in _QUESTIONS if isinstance(row.get(name), str)), None)
    level = columns.level or ("level" if "level" in row else None)
    return ForeignProblem(
        id=_one(row, columns.id, "--id", where),
        gold=gold_answer(_one(row, columns.gold, "--gold", where)),
        question=_one(row, question, "--question", where) if question else "",
        level=_one(row, level, "--level", where) if level else None,
        samples=samples,
    )


def score_label(name: str) -> str:
    """``name:score`` where the user names no aggregation."""
    return name if ":" in name else f"{name}:score"


def score_labels(problems: Sequence[ForeignProblem]) -> list[str]:
    """Every score that some sample has, as tables name it."""
    return list(dict.fromkeys(score_label(name) for p in problems for s in p.samples for name in s.scores))


def unscored(problems: Sequence[ForeignProblem]) -> dict[str, tuple[tuple[str, int], ...]]:
    """The samples (problem, index) that lack a score which others have, by its label."""
    held = [(p.id, i, {score_label(name) for name in s.scores}) for p in problems for i, s in enumerate(p.samples)]
    lacking = {label: tuple((p, i) for p, i, has in held if label not in has) for label in score_labels(problems)}
    return {label: samples for label, samples in lacking.items() if samples}


def values(row: Row, path: str, flag: str, where: str) -> list[Any]:
    """What stands at a column or dotted path; lists on the way, and at its end, are opened."""
    parts = [path] if path in row else path.split(".")
    return list(_walk(row, parts, path, flag, where))


def _walk(value: Any, parts: Sequence[str], path: str, flag: str, where: str) -> Iterator[Any]:
    if isinstance(value, list):
        for i, one in enumerate(value):
            yield from _walk(one, parts, path, flag, f"{where}, item {i}" if parts else where)
    elif not parts:
        yield value
    elif isinstance(value, dict) and parts[0] in value:
        yield from _walk(value[parts[0]], parts[1:], path, flag, where)
    else:
        there = list(value) if isinstance(value, dict) else []
        has = f"there is {', '.join(there[:12])}" if there else f"found {_KINDS.get(type(value), type(value).__name__)}"
        raise UsageError(
            f"{where}: no column {path!r}{did_you_mean(parts[0], there)}: {has}; name it with {flag} "
            "(a dotted path reaches into lists: samples.text)"
        )


def _one(row: Row, path: str, flag: str, where: str) -> str:
    found = values(row, path, flag, where)
    if len(found) != 1:
        raise UsageError(
            f"{where}: {path} has {len(found)} values, expected one a row; name another column with {flag}"
        )
    return as_text(found[0], path, where)


def as_text(value: Any, name: str, where: str) -> str:
    """Text, or a number spelled out."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if value is None:
        raise UsageError(f"{where}: {name} is null, expected text; fill it in, or leave it out")
    if not isinstance(value, str):
        kind = _KINDS.get(type(value), type(value).__name__)
        raise UsageError(f"{where}: {name} is {kind}, expected text; name another column")
    return value.encode("utf-8", "replace").decode()  # a lone surrogate has no place in UTF-8


def _count(value: Any, where: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != int(value):
        raise UsageError(f"{where}: found {value!r}, expected a number of tokens")
    return int(value)


def label(value: Any, where: str) -> bool | None:
    """A verdict: true or false, 1 or 0."""
    if value is not None and (not isinstance(value, bool | int | float) or value not in (0, 1)):
        raise UsageError(f"{where}: found {value!r}, expected true or false, or 1 or 0")
    return None if value is None else bool(value)


def _score(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"{where}: found {value!r}, expected a finite number, or null where there is no score")
    return float(value)


def gold_answer(text: str) -> str:
    """The reference answer where a whole solution stands: after GSM8K's ``####``, or in the last box."""
    if "####" in text:
        return text.rpartition("####")[2].strip()
    if "\\boxed" in text and not re.match(r"\s*\$?\\boxed", text):
        return extract_answer(text) or text.strip()
    return text.strip()


def first_text(row: Row, names: Iterable[str]) -> str:
    """The first of some columns that holds text, else nothing."""
    return next((row[name] for name in names if isinstance(row.get(name), str)), "")
