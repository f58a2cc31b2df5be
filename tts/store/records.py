"""What a run directory holds, as Python values: problems, finished cells, candidates, contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tts.core import REFERENCES, Message, Pool, Problem, Prompt, Question, Usage

CellKey = tuple[str, str, str, str, int, int]
"""benchmark, problem id, strategy, setting, seed, budget (0 where independent)."""

Origin = Sequence[Any]
"""What a candidate is made of, in order: [context, path] of a completion, or the text of a forced piece."""


@dataclass(frozen=True)
class StoredProblem:
    """A problem with its prompt, rendered once in a run's life."""

    row: int
    benchmark: str
    question: Question
    answer: str
    """The reference answer as the benchmark writes it."""
    messages: tuple[Message, ...]
    """The chat that the prompt was rendered from."""
    prompt: Prompt
    payload: Mapping[str, Any] = field(default_factory=dict)
    """What else grading needs."""

    @property
    def references(self) -> tuple[str, ...]:
        """The right answers: the reference, and what else grading takes for one."""
        return self.answer, *map(str, self.payload.get(REFERENCES, ()))

    @property
    def name(self) -> str:
        """``benchmark/id``."""
        return f"{self.benchmark}/{self.question.id}"


@dataclass(frozen=True, slots=True)
class ProblemInfo:
    """A problem as the analysis sees it."""

    benchmark: str
    id: str
    """Unique within its benchmark."""
    level: str | None
    prompt_tokens: int


@dataclass(frozen=True, slots=True, eq=False)
class CellData:
    """What one finished cell holds; arrays have shape (candidates,), in the order of the samples."""

    n: int
    """The budget that was asked for."""
    usage: Usage
    grader: Mapping[str, int]
    """``capped`` (0 or 1), ``mixed`` (classes), ``timeouts`` and ``errors`` (pairs)."""
    classes: npt.NDArray[np.int64]
    """Equivalence class of each answer, -1 where there is none."""
    correct: npt.NDArray[np.bool_]
    finished: npt.NDArray[np.bool_]
    """False where a length limit cut the answer."""
    output_tokens: npt.NDArray[np.int64]
    scores: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    """Shape (candidates,) each, by ``verifier:aggregation``; those that every candidate has."""

    def __len__(self) -> int:
        return len(self.classes)

    def pool(self, order: npt.NDArray[np.int64] | None = None, *, graded: bool) -> Pool:
        """The candidates (those at ``order``, in that order) for a selector; with their verdicts where ``graded``."""
        at = np.arange(len(self)) if order is None else order
        scores = {name: values[at] for name, values in self.scores.items()}
        return Pool(self.classes[at], scores, self.correct[at] if graded else None)


class CandidateRecord(NamedTuple):
    """A graded candidate as it is recorded."""

    origin: Sequence[object]
    """Its ``Origin``."""
    answer: str | None
    """As extracted; None where there is none."""
    answer_class: int
    """Equivalence class within the cell, -1 where there is no answer."""
    correct: bool
    finished: bool
    output_tokens: int
    scores: Mapping[str, float | None]
    """By label; None where a verifier had nothing to say."""
    refused: bool = False
    """Whether the engine would not go on with it."""
    verdict: str | None = None
    """JSON: ``outcome`` where it was not settled, ``detail`` of the rules that graded it; None: nothing to add."""


@dataclass(frozen=True, slots=True)
class CellRecord:
    """A finished cell as it is recorded."""

    problem: int
    """The problem's row."""
    strategy: str
    setting: str
    seed: int
    budget: int
    """0 for an independent strategy, else n."""
    n: int
    """What was asked for."""
    usage: Usage
    candidates: Sequence[CandidateRecord]
    grading: str = "{}"
    """What the outcome holds for, as JSON: the grading's configuration, the scores and the reference answer."""
    grader: Mapping[str, int] = field(default_factory=lambda: {"capped": 0, "mixed": 0, "timeouts": 0, "errors": 0})
    """See ``CellData``."""
    history: Sequence[object] = ()
    """What the strategy recorded of its steps."""
    contexts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By model (fingerprint): the engine's context then, and the least that would bind none of the requests."""


class RecordedCell(NamedTuple):
    """What tells whether a recorded cell can stay as it is."""

    key: CellKey
    row: int
    """The problem's."""
    n: int
    grading: str
    contexts: Mapping[str, tuple[int, int]]
    settled: bool
    """Whether every verdict of it is one: nothing ran out of time, no worker died."""


@dataclass(frozen=True, slots=True)
class NewProblem:
    """A problem that a run takes up, with its prompt."""

    benchmark: str
    problem: Problem
    messages: Sequence[Message]
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class CellTexts:
    """What is read of a finished cell where its texts are looked at."""

    n: int
    history: str
    """JSON list: what the strategy recorded of its steps."""
    origins: tuple[str, ...]
    """One a candidate: its ``Origin`` as JSON."""
    answers: tuple[str | None, ...]
    scores: tuple[str, ...]
    """One a candidate: numbers by label, as JSON."""
    verdicts: tuple[str | None, ...]
    """One a candidate: see ``CandidateRecord``."""


class CandidateRow(NamedTuple):
    """One graded candidate of a run."""

    benchmark: str
    problem: str
    question: str
    reference: str
    """All right answers, joined by "or"."""
    level: str | None
    subject: str | None
    strategy: str
    setting: str
    seed: int
    n: int
    idx: int
    """Place within its cell, from 0."""
    answer: str | None
    answer_class: int
    """Equivalence class within the cell, -1 where there is no answer."""
    correct: bool
    finished: bool
    output_tokens: int
    scores: str
    """Numbers by label, as JSON."""
    origin: str
    """Its ``Origin``, as JSON."""
    verdict: str | None
    """See ``CandidateRecord``."""


@dataclass(frozen=True, slots=True)
class StoredContext:
    """All of a sample's identity but its path."""

    id: int
    params: str
    """Sampling parameters, as JSON."""
    prefix_ids: bytes
    """Of the answer so far that was continued, little-endian uint32."""
    seed: int
    chat: int | None
    """None: the problem's own prompt."""
