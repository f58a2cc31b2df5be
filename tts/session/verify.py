"""Step scores for labelled solutions (ProcessBench's format): what `tts verify-steps` asks a verifier."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tts.core import Candidate, Completion, OracleVerifier, Question, UsageError, Verifier, did_you_mean

_AT_ONCE = 64
"""Solutions that a verifier is given at the same time."""
_LABELS = ("label", "first_error_step")
"""The benchmark's field, and the name that some copies give it."""


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
    tokens: int
    """Tokens that the verifier processed."""


def read_solutions(file: Path, limit: int | None = None) -> list[Solution]:
    """The solutions of a JSONL file with ``problem``, ``steps`` and ``label``. Raises UsageError naming the line."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"--data: {file} cannot be read ({error.strerror}); expected a JSONL file") from None
    except UnicodeDecodeError:
        raise UsageError(f"--data: {file} is not text in UTF-8; expected a JSONL file") from None
    numbered = [(i, line) for i, line in enumerate(lines, 1) if line.strip()][:limit]
    if not numbered:
        raise UsageError(f"--data: {file} holds no solutions; expected a JSON object a line")
    return [_solution(line, f"{file}:{i}", i) for i, line in numbered]


def _solution(line: str, place: str, number: int) -> Solution:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise UsageError(f"{place}: is not JSON ({error.msg}); mend the line") from None
    if not isinstance(row, dict):
        raise UsageError(f"{place}: expected an object with problem, steps and label")
    problem, steps = _field(row, place, "problem"), _field(row, place, "steps")
    label = _field(row, place, *_LABELS)
    if not isinstance(problem, str):
        raise UsageError(f"{place}: problem: found {problem!r}, expected text")
    if not isinstance(steps, list) or not all(isinstance(s, str) and s.strip() for s in steps) or not steps:
        raise UsageError(f"{place}: steps: expected a list of texts, at least one and none of them empty")
    if type(label) is not int or not -1 <= label < len(steps):
        raise UsageError(f"{place}: label: found {label!r}, expected the index of one of {len(steps)} steps, or -1")
    return Solution(Question(str(row.get("id", number)), problem), tuple(steps), label)


def _field(row: dict[str, Any], place: str, *names: str) -> Any:
    for name in names:
        if name in row:
            return row[name]
    raise UsageError(f"{place}: {names[0]}: missing{did_you_mean(names[0], row)}; add it")


def score_solutions(verifier: Verifier, solutions: Sequence[Solution], delimiter: str) -> Scored:
    """Step scores of all solutions; ends what the verifier runs.

    Steps are joined by ``delimiter``, where it stands within a step by a space in its place. Raises UsageError where
    the verifier gives no step scores, needs more than a text, or sees other steps than there are.
    """
    name = verifier.name
    if isinstance(verifier, OracleVerifier):
        raise UsageError(f"--verifier: {name!r} is told which answers are correct; name one that has to judge")
    if not verifier.process:
        raise UsageError(f"--verifier: {name!r} gives one score for a whole answer; name one that gives a score a step")
    if verifier.reads_tokens:
        raise UsageError(f"--verifier: {name!r} reads what a policy generated, not texts; name one that reads texts")
    return asyncio.run(_score(verifier, solutions, delimiter))


async def _score(verifier: Verifier, solutions: Sequence[Solution], delimiter: str) -> Scored:
    found: list[tuple[float, ...]] = []
    tokens = 0
    try:
        for start in range(0, len(solutions), _AT_ONCE):
            batch = solutions[start : start + _AT_ONCE]
            asked = (verifier.score(s.question, [_candidate(s, delimiter)]) for s in batch)
            for solution, (score,) in zip(batch, await asyncio.gather(*asked), strict=True):
                if len(score.values) != len(solution.steps):
                    raise UsageError(
                        f"--verifier: {verifier.name!r} sees {len(score.values)} steps in solution "
                        f"{solution.question.id}, which has {len(solution.steps)}; give both the same delimiter, for "
                        "instance --set delimiter=..."
                    )
                found.append(score.values)
                tokens += score.tokens
    finally:
        await verifier.close()
    return Scored(tuple(found), tokens)


def _candidate(solution: Solution, delimiter: str) -> Candidate:
    text = delimiter.join(" ".join(step.split(delimiter)).strip() for step in solution.steps)
    return Candidate.of(Completion(("solution",), text, np.empty(0, np.uint32), "stop"))
