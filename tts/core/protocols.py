"""The seams of the house: what a strategy may ask for, and what an engine, a verifier and a selector must do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from tts.core.sampling import SamplingParams
from tts.core.types import Candidate, Completion, Message, Path, Prompt, Question, Score

POLICY = "policy"
"""The role of the model that answers where a strategy names no other."""


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
    prefix: int = 0
    """How many of ``prompt_ids``, from the end, are the answer so far: its text is a part of the completion's."""


class Engine(Protocol):
    """Serves one model. Many requests are in flight at once; batching them is the engine's work."""

    identity: Mapping[str, str]
    """What the model is, by part (revision, template hash, dtype ...); its hash is in every sample's key."""
    version: str
    """Name and version of the software, stored beside each answer but not in its key."""
    architecture: Mapping[str, object] | None
    """The numbers of the model's config.json, from which its compute is counted; None where there is none."""
    capacity: int
    """Samples that it can work on at the same time."""
    piece: int
    """Most samples of one prompt to send in one request: a crash loses what is in flight, so few."""
    context: int
    """Most tokens of prompt and answer together. Known after ``start``, 0 where not before."""

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

    def continuation(self, text: str) -> tuple[int, ...]:
        """The ids of a text that goes on after another: nothing is put before or after it."""
        ...

    def decode(self, token_ids: Sequence[int]) -> str:
        """The text of an answer's ids, without special tokens."""
        ...

    async def start(self) -> None:
        """Load the model. Raises UsageError where it cannot be served, EngineError where the engine fails."""
        ...

    async def restart(self) -> None:
        """Load the model again after the engine died."""
        ...

    async def sample(self, request: Request) -> list[Completion]:
        """One completion a path, in the order of ``request.paths``.

        Raises Refused where it will not answer, EngineDied when it is gone, Retryable where waiting helps.
        """
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
        self,
        n: int,
        *,
        path: Path = ("sample",),
        model: str = POLICY,
        prefix: Sequence[int] = (),
        turns: Sequence[Message] = (),
        messages: Sequence[Message] = (),
        **overrides: object,
    ) -> list[Completion]:
        """Draw ``n`` fresh completions with paths ``path + (0,) ... path + (n - 1,)``.

        ``model``: the role of the model to ask. ``prefix``: token ids of the answer so far, to be continued.
        ``turns``: what follows the question in the chat, for instance an earlier attempt and what is said to it;
        ``messages``: a chat of the strategy's own, in place of the problem's. ``overrides``: fields of SamplingParams;
        its ``max_tokens`` is for the whole answer, ``prefix`` included, ``step_tokens`` for this completion; ``stop``
        is added to the sweep's own stop strings.
        Asking twice for the same path in one cell is an error: a path names one fresh draw.
        """
        ...


class Tools(Sampler, Protocol):
    """All that a strategy may touch. There is no reference answer, no clock and no shared random generator in here."""

    async def probe(
        self, n: int, *, path: Path, model: str = POLICY, prefix: Sequence[int] = (), **overrides: object
    ) -> list[Completion]:
        """Completions that are read and thrown away, such as a trial answer in the midst of thinking.

        As ``sample``; they are charged as discarded whatever becomes of them.
        """
        ...

    def encode(self, text: str, model: str = POLICY) -> tuple[int, ...]:
        """A text's token ids, without any that a tokenizer puts before or after a whole text; through the journal."""
        ...

    def force(self, answer: Candidate, text: str, model: str = POLICY) -> Candidate:
        """The answer with ``text`` put in at its end: input to the model, not output.

        Raises UsageError where the text alone fills the model's context.
        """
        ...

    async def score(self, verifier: str, candidates: Sequence[Candidate]) -> list[Score]:
        """Score candidates, whole or in the making, with a verifier of the run, through the journal."""
        ...

    async def values(self, verifier: str, aggregation: str, candidates: Sequence[Candidate]) -> list[float]:
        """The same as one number a candidate, by an aggregation's name; 0 for a candidate without a step."""
        ...

    async def grade(self, candidates: Sequence[Candidate]) -> list[bool]:
        """Whether each is correct: for strategies that declare themselves ``oracle``, and an error for others."""
        ...

    def record(self, **entry: object) -> None:
        """Keep an entry of the search's history with the cell, for inspection: JSON values, paths, numpy arrays."""
        ...

    def rng(self, *path: str | int) -> np.random.Generator:
        """A generator of its own for each path, the same on every replay."""
        ...


@dataclass(frozen=True, slots=True)
class Bound:
    """At most this much is asked of the model for one cell."""

    samples: int
    """Completions, whole or a step each."""
    tokens: int
    """Generated tokens."""


class Strategy(BaseModel, ABC):
    """A way to spend a budget of ``n`` on one problem; its fields are its options, recorded with the run.

    Plain ``async`` code for one problem: many cells run at once, so there is no batching in it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    independent: ClassVar[bool] = False
    """Whether the candidates are independent samples, so that one cell of n serves every smaller budget exactly."""
    oracle: ClassVar[bool] = False
    """Whether it looks at the reference answer, by ``tools.grade``: a bound, not a method."""
    roles: ClassVar[tuple[str, ...]] = ()
    """Further models that it asks, by role, beside the policy: a sweep names them under ``models``."""
    budgets: ClassVar[tuple[int, ...] | None] = None
    """The only budgets that make sense, or None where the user chooses."""
    sampling: ClassVar[Mapping[str, object]] = {}
    """Sampling parameters that the strategy fixes."""
    needs: ClassVar[Literal["process", "any"] | None] = None
    """The kind of verifier that it is guided by, named in its field ``verifier``: ``process`` gives a score a step."""

    def check(self, n: int) -> None:
        """Raises ValueError for a budget that makes no sense with these options, saying which ones would do."""

    def bound(self, n: int, sampling: SamplingParams) -> Bound:
        """An upper bound of what ``solve`` asks for. Default: ``n`` whole answers."""
        return Bound(n, n * sampling.max_tokens)

    @abstractmethod
    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """Candidates for one question under a budget of ``n`` (the literature's meaning of n for this strategy)."""


class Verifier(ABC):
    """Gives scores to candidates; never sees the reference answer."""

    name: str
    """``family/MODEL``, as the sweep writes it."""
    fingerprint: str
    """Identity of the model and its formatting, a part of every score's key."""
    process: bool = False
    """Whether it gives one score a step; else one score a whole answer."""
    aggregation: str = "last"
    """From step scores to one number as its authors do, where the sweep does not say."""
    architecture: Mapping[str, object] | None = None
    """The numbers of its model's config.json, from which its compute is counted; None where it has no single model."""
    reads_tokens: bool = False
    """Whether a score depends on token ids or log-probabilities, and not on the text alone."""
    logprobs: int | None = None
    """The least ``sampling.logprobs`` that its scores are computed from; None where they need none."""

    @abstractmethod
    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """One score a candidate, in order; a candidate without a step or an answer gets a score all the same."""

    async def close(self) -> None:  # noqa: B027 - most have nothing to stop
        """Stop what it runs."""


class CombinedVerifier(Verifier):
    """Makes its score of other verifiers' scores. Who asks it asks these, so that none is asked twice."""

    members: tuple[Verifier, ...]

    @abstractmethod
    def combine(self, question: Question, scores: Sequence[Sequence[Score]]) -> list[Score]:
        """One score a candidate, in order. ``scores``: for each member, one a candidate."""

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """The same, where nobody asks the members first."""
        return self.combine(question, [await member.score(question, candidates) for member in self.members])


class OracleVerifier(Verifier):
    """A verifier that is told which candidates are correct: an instrument to study noise with, never a method."""

    @abstractmethod
    async def score_graded(
        self, question: Question, candidates: Sequence[Candidate], correct: Sequence[bool]
    ) -> list[Score]:
        """One score a candidate, in order."""

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """The run wing asks ``score_graded``."""
        raise TypeError(f"{self.name} needs to be told which candidates are correct")


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
    by_group: bool
    """Whether it picks within groups first (the candidates' own score ``group``: chains, temperatures). A sweep uses
    such a selector only where it names it: without groups it is the plain rule."""

    def select(self, pool: Pool, verifier: str | None = None) -> int:
        """Index of the chosen candidate; a candidate without an answer is chosen only where none has one.

        ``verifier``: the label in ``pool.scores`` to pick by; None for a selector that needs no scores. Raises
        ValueError naming the verifier where the pool lacks its scores or they are no use to this rule.
        """
        ...
