"""The seams of the house: what a strategy may ask for, and what an engine, a verifier and a selector must do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from tts.core.sampling import SamplingParams
from tts.core.types import Candidate, Completion, Message, Path, Prompt, Question, Score


@dataclass(frozen=True, slots=True)
class Request:
    """Some samples of one prompt: what an engine is asked for at once."""

    prompt_ids: tuple[int, ...]
    """Prompt and, in a search, the answer so far: never text, since text does not tokenise back to the same ids."""
    params: SamplingParams
    paths: tuple[Path, ...]
    """One a sample."""
    keys: tuple[bytes, ...]
    """One a sample: its identity, of 16 bytes. An engine that simulates answers by key; others may ignore it."""
    problem: str
    """``benchmark/id`` of the problem. Only the simulated engine reads it."""
    priority: int = 0
    """Lower goes first: the index of the cell that asks."""


class Engine(Protocol):
    """Serves one model. Many requests are in flight at once; batching them is the engine's work."""

    identity: Mapping[str, str]
    """What the model is, by part (revision, template hash, dtype ...); its hash is in every sample's key."""
    version: str
    """Name and version of the software, stored beside each answer but not in its key."""
    capacity: int
    """Samples that it can work on at the same time."""
    piece: int
    """Most samples of one prompt to send in one request: a crash loses what is in flight, so few."""
    context: int
    """Most tokens of prompt and answer together. Known after ``start``."""

    @property
    def chats(self) -> bool:
        """Whether the model's tokenizer has a chat template. Works before ``start``, like the two below."""
        ...

    def render(self, messages: Sequence[Message], chat_template_kwargs: Mapping[str, object]) -> Prompt:
        """The prompt for a chat, by the model's template."""
        ...

    def encode(self, text: str) -> Prompt:
        """The prompt for plain text."""
        ...

    async def start(self) -> None:
        """Load the model. Raises UsageError where it cannot be served, EngineError where the engine fails."""
        ...

    async def sample(self, request: Request) -> list[Completion]:
        """One completion a path, in the order of ``request.paths``. Raises EngineError when the engine dies."""
        ...

    async def close(self) -> None:
        """Stop, leaving no process behind."""
        ...


@runtime_checkable
class KnowsAnswers(Protocol):
    """An engine that only pretends to solve problems, and so must be told their answers."""

    def learn(self, benchmark: str, problem: str, prompt: Prompt, answer: str) -> Mapping[str, object]:
        """Take up a problem; returns the truth that its samples follow, for the run directory."""
        ...


class Sampler(Protocol):
    """Draws completions for one cell, through the journal."""

    async def sample(
        self, n: int, *, path: Path = ("sample",), prefix: Sequence[int] = (), **overrides: object
    ) -> list[Completion]:
        """Draw ``n`` fresh completions with paths ``path + (0,) ... path + (n - 1,)``.

        ``prefix``: token ids of the answer so far, to be continued. ``overrides``: fields of SamplingParams.
        Asking twice for the same path in one cell is an error: a path names one fresh draw.
        """
        ...


class Tools(Sampler, Protocol):
    """All that a strategy may touch. There is no reference answer, no clock and no shared random generator in here."""

    async def score(self, verifier: str, candidates: Sequence[Candidate]) -> list[Score]:
        """Score candidates with a verifier of the run, through the journal."""
        ...

    def rng(self, *path: str | int) -> np.random.Generator:
        """A generator of its own for each path, the same on every replay."""
        ...


class Strategy(BaseModel, ABC):
    """A way to spend a budget of ``n`` on one problem; its fields are its options, recorded with the run.

    Plain ``async`` code for one problem: many cells run at once, so there is no batching in it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    independent: ClassVar[bool] = False
    """Whether the candidates are independent samples, so that one cell of n serves every smaller budget exactly."""
    budgets: ClassVar[tuple[int, ...] | None] = None
    """The only budgets that make sense, or None where the user chooses."""
    sampling: ClassVar[Mapping[str, object]] = {}
    """Sampling parameters that the strategy fixes."""

    @abstractmethod
    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """Candidates for one question under a budget of ``n`` (the literature's meaning of n for this strategy)."""


class Verifier(Protocol):
    """Gives scores to candidates; never sees the reference answer."""

    name: str
    fingerprint: str
    """Identity of the model and its formatting, a part of every score's key."""

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """One score a candidate, in order."""
        ...

    async def close(self) -> None:
        """Stop what it runs."""
        ...


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidates of one cell as arrays, for selectors. ``n`` candidates, in order of their samples."""

    classes: npt.NDArray[np.int64]
    """Shape (n,): equivalence class of each answer, -1 where there is no answer."""
    scores: Mapping[str, npt.NDArray[np.float64]]
    """Shape (n,) each, by ``verifier:aggregation``."""
    correct: npt.NDArray[np.bool_] | None = None
    """Shape (n,): given to selectors declared ``oracle`` only."""


class Selector(Protocol):
    """Picks one candidate of a cell."""

    name: str
    oracle: bool
    """Whether it looks at the reference answer: a bound, not a method."""
    needs_scores: bool
    """Whether it picks by a verifier's scores; the same selector then gives one answer a verifier."""

    def select(self, pool: Pool, verifier: str | None = None) -> int:
        """Index of the chosen candidate; a candidate without an answer is chosen only where none has one.

        ``verifier``: the label in ``pool.scores`` to pick by; None for a selector that needs no scores. Raises
        ValueError naming the verifier where the pool lacks its scores or they are no use to this rule.
        """
        ...
