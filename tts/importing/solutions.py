"""Step scores for labelled solutions (ProcessBench's format): what `tts verify-steps` asks a verifier."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tts.core import Candidate, Completion, OracleVerifier, Question, Score, UsageError, Verifier, did_you_mean
from tts.importing.columns import as_text, plain
from tts.importing.rows import Row, read_contents, read_rows

_AT_ONCE = 64
"""Solutions that a verifier is given at the same time."""
_LABELS = ("label", "first_error_step")
"""The benchmark's field, and the name that some copies give it."""
_SHAPE = 'a row is {"problem": ..., "steps": [...], "label": ...}'


@dataclass(frozen=True)
class Solution:
    """One labelled solution."""

    question: Question
    steps: tuple[str, ...]
    label: int
    """Index of the first wrong step, -1 where all are right."""


@dataclass(frozen=True)
class Scored:
    """What a verifier said of some solutions."""

    scores: tuple[tuple[float, ...], ...]
    """One a step of each solution."""
    too_long: tuple[bool, ...]
    """Whether each solution was longer than the verifier's context, so that its scores are the least there are."""
    tokens: int
    """Tokens that the verifier processed."""


def read_solutions(file: Path, limit: int | None = None) -> list[Solution]:
    """The solutions of a file whose rows have ``problem``, ``steps`` and ``label``.

    JSON lines, a JSON array, CSV or Parquet, plain or compressed. Raises UsageError naming the place.
    """
    rows = read_rows(read_contents(file, "--data"), "--data", _SHAPE)[:limit]
    return [_solution(where, row, i) for i, (where, row) in enumerate(rows, start=1)]


def _solution(place: str, row: Row, number: int) -> Solution:
    problem, steps = _field(row, place, "problem"), _field(row, place, "steps")
    label = plain(_field(row, place, *_LABELS))
    if not isinstance(problem, str):
        raise UsageError(f"{place}: problem: found {problem!r}, expected text")
    if not isinstance(steps, list) or not all(isinstance(s, str) and s.strip() for s in steps) or not steps:
        raise UsageError(f"{place}: steps: expected a list of texts, at least one and none of them empty")
    if type(label) is not int or not -1 <= label < len(steps):
        raise UsageError(f"{place}: label: found {label!r}, expected the index of one of {len(steps)} steps, or -1")
    texts = tuple(as_text(step, "steps", place) for step in steps)
    name = row.get("id")
    question = Question(as_text(number if name is None else name, "id", place), as_text(problem, "problem", place))
    return Solution(question, texts, label)


def _field(row: Row, place: str, *names: str) -> Any:
    for name in names:
        if name in row:
            return row[name]
    raise UsageError(f"{place}: {names[0]}: missing{did_you_mean(names[0], row)}; add it")


def score_solutions(verifier: Verifier, solutions: Sequence[Solution], delimiter: str) -> Scored:
    """Step scores of all solutions; ends what the verifier runs.

    Steps are joined by ``delimiter``; a blank line within a step becomes the end of a line. Raises UsageError where
    the verifier gives no step scores, needs more than a text, or sees other steps than there are, and where a step
    contains a delimiter that is no blank line.
    """
    name = verifier.name
    if isinstance(verifier, OracleVerifier):
        raise UsageError(f"--verifier: {name!r} is told which answers are correct; name one that has to judge")
    if not verifier.process:
        raise UsageError(f"--verifier: {name!r} gives one score for a whole answer; name one that gives a score a step")
    if verifier.reads_tokens:
        raise UsageError(f"--verifier: {name!r} reads what a policy generated, not texts; name one that reads texts")
    return asyncio.run(_score(verifier, [(s, _candidate(s, delimiter)) for s in solutions]))


async def _score(verifier: Verifier, solutions: Sequence[tuple[Solution, Candidate]]) -> Scored:
    scores: list[Score] = []
    try:
        for start in range(0, len(solutions), _AT_ONCE):
            batch = solutions[start : start + _AT_ONCE]
            asked = (verifier.score(solution.question, [candidate]) for solution, candidate in batch)
            for (solution, _), (score,) in zip(batch, await asyncio.gather(*asked), strict=True):
                if len(score.values) != len(solution.steps):
                    raise UsageError(
                        f"--verifier: {verifier.name!r} sees {len(score.values)} steps in solution "
                        f"{solution.question.id}, which has {len(solution.steps)}; give both the same delimiter, for "
                        "instance --set delimiter=..."
                    )
                scores.append(score)
    finally:
        await verifier.close()
    return Scored(
        scores=tuple(score.values for score in scores),
        too_long=tuple(score.too_long for score in scores),
        tokens=sum(score.tokens for score in scores),
    )


def _candidate(solution: Solution, delimiter: str) -> Candidate:
    text = delimiter.join(_one_piece(solution, i, delimiter) for i in range(len(solution.steps)))
    return Candidate.of(Completion(("solution",), text, np.empty(0, np.uint32), "stop"))


def _one_piece(solution: Solution, index: int, delimiter: str) -> str:
    """A step without the delimiter: another one than a blank line cannot be told from what it would become."""
    step = solution.steps[index].strip()
    if delimiter == "\n\n":
        return re.sub(r"\n(?:[^\S\n]*\n)+", "\n", step)
    if delimiter in step:
        raise UsageError(
            f"--set delimiter: step {index} of solution {solution.question.id} contains {delimiter!r} itself; choose "
            "what no step contains"
        )
    return step
