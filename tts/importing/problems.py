"""Problems with their samples, put together from the rows of all files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tts.core import UsageError
from tts.grading import extract_answer
from tts.importing.columns import (
    Columns,
    as_text,
    count,
    finished,
    first_text,
    is_scalar,
    plain,
    score,
    values,
    verdict,
)
from tts.importing.rows import Row

_QUESTIONS = ("question", "problem", "prompt", "query")
"""Where a question stands if nothing is said."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row of a file, and what its format says of it where the user names no column."""

    where: str
    row: Row
    known: Row
    """By the fields of Columns: one value, or for texts, tokens, correct and finish a list with one a sample.

    ``content`` is what tells problems of one id apart."""


@dataclass(frozen=True, slots=True)
class ForeignSample:
    """One answer; None where the file does not say."""

    text: str
    """Empty where the file has none: a silent answer."""
    tokens: int | None = None
    correct: bool | None = None
    finished: bool = True
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForeignProblem:
    """A problem with its samples, in the order of the files."""

    id: str
    golds: tuple[str, ...]
    """Reference answers, any of which is right."""
    question: str
    level: str | None
    samples: list[ForeignSample]
    content: str = ""
    """What tells problems of one id apart; empty where nothing but the reference does."""
    prompt: str = ""
    """All that the model was told, where the file says more than the question."""

    @property
    def gold(self) -> str:
        """The reference answers in one line."""
        return " or ".join(self.golds)


def plain_record(where: str, row: Row) -> Record:
    """A row of one's own file, of which Columns name the rest."""
    question, level = first_text(row, _QUESTIONS), row.get("level")
    return Record(where, row, {
        "question": question,
        "content": question,
        "prompt": first_text(row, ("prompt",)),
        "level": level if is_scalar(level) else None,
    })  # fmt: skip


def to_problem(record: Record, columns: Columns) -> ForeignProblem:
    """The problem of a row, with the row's samples. Raises UsageError that names the place."""
    question = _optional(record, columns.question, "question", "--question")
    return ForeignProblem(
        id=_id(record, columns.id),
        golds=_golds(record, columns.gold),
        question=question,
        level=_optional(record, columns.level, "level", "--level") or None,
        samples=_samples(record, columns),
        content=question if columns.question is not None else record.known.get("content", ""),
        prompt=record.known.get("prompt") or "",
    )


def _samples(record: Record, columns: Columns) -> list[ForeignSample]:
    name, where = "text" if columns.text is None else columns.text, record.where
    texts = record.known["text"] if columns.text is None else values(record.row, columns.text, "--text", where)
    if not texts:
        raise UsageError(f"{where}: {name} is an empty list; delete the line, or give it a sample")
    places = [where] if len(texts) == 1 else [f"{where}, sample {i}" for i in range(len(texts))]

    def each(field_: str, path: str | None, read: Callable[[Any, str], Any]) -> list[Any]:
        if path is None:
            path, found = field_, record.known.get(field_, [None] * len(texts))
        else:
            found = values(record.row, path, f"--{field_}", where)
        if field_ != "finish":
            found = [one for value in map(plain, found) for one in (value if isinstance(value, list) else [value])]
        if len(found) != len(texts):
            raise UsageError(
                f"{where}: {path} has {len(found)} values and {name} has {len(texts)}; expected one a sample"
            )
        return [read(value, f"{place}: {path}") for value, place in zip(found, places, strict=True)]

    tokens, correct = each("tokens", columns.tokens, count), each("correct", columns.correct, verdict)
    finish = each("finish", columns.finish, finished)
    scores = {verifier: each("score", path, score) for verifier, path in columns.scores.items()}
    return [
        ForeignSample(
            text="" if text is None else as_text(text, name, places[i]),
            tokens=tokens[i],
            correct=correct[i],
            finished=finish[i],
            scores={verifier: found[i] for verifier, found in scores.items() if found[i] is not None},
        )
        for i, text in enumerate(texts)
    ]


def _id(record: Record, path: str | None) -> str:
    if path is None:
        return as_text(record.known["id"], "id", record.where)
    paths = [path] if path in record.row else path.split(",")
    return "/".join(_filled(_one(record, part, "--id"), part, record.where) for part in paths)


def _golds(record: Record, path: str | None) -> tuple[str, ...]:
    found = values(record.row, path, "--gold", record.where) if path is not None else record.known["gold"]
    name = path or "gold"
    if not found:
        raise UsageError(f"{record.where}: {name} is an empty list; give it a reference answer, or delete the line")
    return tuple(dict.fromkeys(_filled(gold_answer(as_text(g, name, record.where)), name, record.where) for g in found))


def _filled(value: Any, name: str, where: str) -> str:
    text = as_text(value, name, where)
    if not text.strip():
        raise UsageError(f"{where}: {name} is empty; fill it in, or delete the line")
    return text


def _optional(record: Record, path: str | None, name: str, flag: str) -> str:
    value = _one(record, path, flag) if path is not None else record.known.get(name)
    return "" if value is None else as_text(value, path or name, record.where)


def _one(record: Record, path: str, flag: str) -> Any:
    found = values(record.row, path, flag, record.where)
    if len(found) != 1:
        raise UsageError(
            f"{record.where}: {path} has {len(found)} values, expected one a row; name another column with {flag}"
        )
    return found[0]


def gold_answer(text: str) -> str:
    """The reference answer where a whole solution stands: after GSM8K's ``####``, or in the last box."""
    if "####" in text:
        return text.rpartition("####")[2].strip()
    if "\\boxed" in text and not re.match(r"\s*\$?\\boxed", text):
        return extract_answer(text) or text.strip()
    return text.strip()


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
