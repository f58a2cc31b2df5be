"""The nouns of the house: what passes between strategies, engines, verifiers, grading and the analysis.

Everything here is immutable. Token counts are integers; log-probabilities are natural logarithms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

import numpy as np
import numpy.typing as npt

Path = tuple[str | int, ...]
"""Names one fresh draw inside a cell: ``("sample", 3)`` is the fourth independent sample; a child's path is its
parent's plus an index."""

Positions = tuple[tuple[int, int], ...]
"""How many tokens were computed at each position of their sequences, counted from 0: (position, change) pairs, rising.
``((3, 2), (5, -2))``: two tokens at position 3 and two at position 4."""

FinishReason = Literal["stop", "length", "step", "refused"]
"""``step``: the limit of one step cut it and the answer goes on; ``length``: the limit of the whole answer did;
``refused``: the engine would not answer, and the stop reason says why."""


class Message(TypedDict):
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Question:
    """A problem without its reference answer: all that a strategy ever sees."""

    id: str
    """Unique within its benchmark."""
    text: str
    subject: str | None = None
    level: str | None = None
    """Difficulty as the benchmark states it, for instance ``"3"``."""
    public: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What else of the problem strategies and verifiers may see, as JSON values: a puzzle's start, public tests."""


REFERENCES = "references"
"""The key of a payload's further right answers, beside the problem's own."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A question with its reference answer. Only grading and selectors declared ``oracle`` may hold one."""

    question: Question
    answer: str
    """The reference answer as the benchmark writes it."""
    solution: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What else grading needs and nobody but grading sees, as JSON values: hidden tests, further right answers
    (``references``)."""

    @property
    def id(self) -> str:
        """The question's id."""
        return self.question.id


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt: what the engine is sent. The ids are the truth, the text is for people."""

    text: str
    token_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Completion:
    """One generation: a whole answer, or one step of it."""

    path: Path
    text: str
    """The answer up to here: decoded from all of its ids, those before this completion included (joined texts of
    pieces would not be it), and cut before a stop string."""
    token_ids: npt.NDArray[np.uint32]
    """Shape (output_tokens,): every generated token, with the one that ended the answer or completed a stop string."""
    finish_reason: FinishReason
    stop_reason: int | str | None = None
    """None for the model's end token, its id for a further end token, the string for a stop string; the reason of a
    refusal."""
    logprobs: npt.NDArray[np.float16] | None = None
    """Shape (output_tokens,): each sampled token's log-probability before temperature, or None where not kept."""
    top_ids: npt.NDArray[np.uint32] | None = None
    """Shape (output_tokens, K): the K most likely tokens at each position, likeliest first; None unless asked for."""
    top_logprobs: npt.NDArray[np.float16] | None = None
    """Shape (output_tokens, K): their log-probabilities."""

    @property
    def output_tokens(self) -> int:
        """Number of generated tokens."""
        return len(self.token_ids)

    @property
    def finished(self) -> bool:
        """Whether the answer ended by itself: neither cut by a length limit nor paused at a stop string."""
        return self.finish_reason == "stop" and not isinstance(self.stop_reason, str)

    @property
    def truncated(self) -> bool:
        """Whether the limit of the whole answer cut it."""
        return self.finish_reason == "length"

    @property
    def refused(self) -> bool:
        """Whether the engine would not answer."""
        return self.finish_reason == "refused"

    def paused_at(self, delimiter: str) -> bool:
        """Whether it is a step that another may follow: ended by ``delimiter`` or by the limit of one step."""
        return self.finish_reason == "step" or (self.finish_reason == "stop" and self.stop_reason == delimiter)


@dataclass(frozen=True, slots=True)
class Forced:
    """Text that a strategy put into an answer ("Wait", an end-of-thinking tag): input to the model, no sample of it."""

    text: str
    token_ids: tuple[int, ...]


Piece = Completion | Forced
"""What an answer is made of: drawn or forced."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """An answer, whole or in the making, with the pieces it is made of."""

    pieces: tuple[Piece, ...]
    """In order; a one-shot answer has one completion, a searched answer one a step."""
    text: str
    """The whole answer's text."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """One number a verifier, by ``name:aggregation``."""

    @classmethod
    def of(cls, completion: Completion) -> Candidate:
        """A candidate made of one completion."""
        return cls((completion,), completion.text)

    def then(self, piece: Piece) -> Candidate:
        """This answer with one more piece; a completion was drawn with ``prefix=self.token_ids``."""
        return Candidate((*self.pieces, piece), self.text + piece.text if isinstance(piece, Forced) else piece.text)

    @property
    def completions(self) -> tuple[Completion, ...]:
        """The pieces that were drawn."""
        return tuple(p for p in self.pieces if isinstance(p, Completion))

    @property
    def path(self) -> Path:
        """The path of its last completion, which no other answer of the cell ends with."""
        return self.completions[-1].path

    @property
    def token_ids(self) -> tuple[int, ...]:
        """Ids of the whole answer: what a search continues from."""
        return tuple(int(t) for p in self.pieces for t in p.token_ids)

    @property
    def finished(self) -> bool:
        """Whether its last piece is a completion that ended by itself."""
        last = self.pieces[-1]
        return isinstance(last, Completion) and last.finished

    @property
    def refused(self) -> bool:
        """Whether the engine would not go on with it."""
        return any(c.refused for c in self.completions)

    @property
    def output_tokens(self) -> int:
        """Tokens drawn on its own path (not those of discarded branches, nor forced ones)."""
        return sum(c.output_tokens for c in self.completions)


@dataclass(frozen=True, slots=True)
class Score:
    """What a verifier says of one candidate."""

    values: tuple[float, ...]
    """One value a step for a process verifier, one in all for an outcome verifier."""
    tokens: int = 0
    """Tokens the verifier processed for it."""
    too_long: bool = False
    """Whether the answer was longer than the verifier's context: the values are then the least there are."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one cell spent, in tokens, computed from its own requests and so the same on every replay."""

    output_tokens: int = 0
    """Generated, whether or not the branch was kept."""
    prompt_tokens_ideal: int = 0
    """Prefill with a perfect prefix cache: each distinct prefix token that the cell did not itself generate, once."""
    prompt_tokens_none: int = 0
    """Prefill without any cache: every prompt and prefix token of every sample."""
    discarded_tokens: int = 0
    """Those of ``output_tokens`` that are on no candidate's path."""
    verifier_tokens: int = 0
    """Tokens that verifiers processed."""
    samples: int = 0
    """Completions drawn."""
    steps: int = 0
    """Those of ``samples`` that were to end at a step delimiter."""
    sequential_tokens: int = 0
    """The critical path: generated tokens that had to come one after the other. 0 where unknown."""
    steps_cut: int = 0
    """Those of ``steps`` that a limit ended instead."""
    output_positions: Positions = ()
    """Where the ``output_tokens`` lie: what attention costs depends on it. Empty where unknown, like those below."""
    prompt_positions_ideal: Positions = ()
    """Where the ``prompt_tokens_ideal`` lie."""
    prompt_positions_none: Positions = ()
    """Where the ``prompt_tokens_none`` lie."""
    verifier_positions: Mapping[str, Positions] = field(default_factory=dict)
    """Where the ``verifier_tokens`` lie, by verifier: each pass is one prefill from position 0."""
    selection_tokens: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """What selecting by a verifier would cost beyond ``verifier_tokens``: by verifier, the tokens of its pass over each
    candidate, in order; 0 where the strategy had that text scored already."""
