"""A statistical policy: known success probability, wrong answers, steps and lengths, and no model at all.

It exists for scale and for statistics: any strategy or estimator can be studied at a million samples against a truth
that is known exactly. It says nothing of real models. Every answer is a pure function of the sample's key.

An answer is a chain of steps. The policy is on track until a step derails it, each with the same probability, so that
a whole answer is correct with exactly the problem's success probability; a derailed answer ends in one of the
problem's wrong answers. Whether a step is on track is written into its first token's id but not into the text, so a
simulated verifier can read it and a continuation knows its state.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import tts
from tts.core import (
    Completion,
    FinishReason,
    Message,
    Path,
    Prompt,
    Request,
    SamplingParams,
    UsageError,
    canonical_json,
    did_you_mean,
    digest,
)
from tts.core.marks import DELIMITER, DERAILED, END, NOTHING, ON_TRACK, RIGHT

WRONG = 16
"""Ids from here are the problem's wrong answers."""
WORDS = 1024
"""Ids from here are words without meaning."""
_PROMPT = 1 << 24
"""Ids from here are words of prompts."""
_VOCABULARY = ("so", "we", "add", "the", "terms", "and", "carry", "one", "then", "half", "of", "it", "is", "left")
_SPELLED: dict[int, str] = {}
"""What the words of prompts were, for those that a strategy puts into an answer."""
_FILLER = tuple(WORDS + (7 * i) % len(_VOCABULARY) for i in range(4096))


class SimulatedPolicy(BaseModel):
    """The options of the simulated engine: how its problems' truths are drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    seed: int = 0
    """Seed of the truth. (The run's seed draws the samples.)"""
    alpha: Annotated[float, Field(gt=0)] = 0.6
    """Success probabilities are drawn from Beta(alpha, beta), one a problem."""
    beta: Annotated[float, Field(gt=0)] = 1.4
    """See ``alpha``."""
    wrong: Annotated[int, Field(ge=1, le=WORDS - WRONG)] = 12
    """Distinct wrong answers a problem."""
    zipf: Annotated[float, Field(ge=0)] = 1.2
    """Wrong answers' probabilities fall as rank to the power of minus this: large values make one error typical."""
    no_answer: Annotated[float, Field(ge=0, lt=1)] = 0.02
    """Share of the derailed answers that state no answer at all."""
    steps: Annotated[int, Field(ge=1)] = 5
    """Steps an answer, on average over problems: each problem has between half and one and a half times as many."""
    step_tokens: Annotated[int, Field(ge=1)] = 16
    """Words a step, on average: each step has between half and one and a half times as many."""
    concurrency: Annotated[int, Field(ge=1)] = 4096
    """Samples in flight at the same time."""


@dataclass(frozen=True)
class Truth:
    """What is known of one problem, and written to the run directory."""

    success: float
    """Probability that a whole answer is correct, where ``max_tokens`` does not cut it."""
    steps: int
    wrong: tuple[str, ...]
    wrong_probabilities: tuple[float, ...]
    """Given that the answer is wrong and states an answer."""
    no_answer: float
    """Given that the answer is not correct."""


def create(argument: str, options: dict[str, Any], field: str) -> SimulatedEngine:
    """The engine for ``simulated`` or ``simulated:KEY=VALUE,...``."""
    given = dict(options)
    for part in filter(None, argument.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"{field}: found {part!r} in 'simulated:{argument}', expected KEY=VALUE")
        given[key.strip()] = value.strip()
    known = SimulatedPolicy.model_fields
    for key in given:
        if key not in known:
            raise UsageError(
                f"{field}: the simulated engine has no option {key!r}{did_you_mean(key, known)}; "
                f"expected one of {', '.join(known)}"
            )
    try:
        return SimulatedEngine(SimulatedPolicy.model_validate(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(f"{field}: simulated:{first['loc'][0]}: found {first['input']!r}, {first['msg']}") from None


class SimulatedEngine:
    """The engine of a ``SimulatedPolicy``."""

    piece = 64
    context = 1 << 20
    chats = True
    architecture: Mapping[str, object] | None = None
    version = f"simulated {tts.__version__}"

    def __init__(self, policy: SimulatedPolicy):
        """Needs ``learn`` for every problem before it is asked."""
        self.policy = policy
        self.capacity = policy.concurrency
        described = policy.model_dump(exclude={"concurrency"})
        self.identity: Mapping[str, str] = {"engine": "simulated 1", "policy": canonical_json(described)}
        self._truths: dict[str, tuple[Truth, str]] = {}

    def render(self, messages: Sequence[Message], chat_template_kwargs: Mapping[str, object]) -> Prompt:
        """Roles and contents, as plain text."""
        return self.encode("".join(f"<{m['role']}>\n{m['content']}\n" for m in messages) + "<assistant>\n")

    def encode(self, text: str) -> Prompt:
        """A token for each word."""
        ids = {word: _PROMPT + int.from_bytes(digest(word)[:3], "little") for word in text.split()}
        _SPELLED.update((token, word) for word, token in ids.items())
        return Prompt(text, tuple(ids[word] for word in text.split()))

    def continuation(self, text: str) -> tuple[int, ...]:
        """A token for each word, as in prompts."""
        return self.encode(text).token_ids

    def decode(self, token_ids: Sequence[int]) -> str:
        """The text of an answer's steps; what it would answer is its problem's to say."""
        return _text(token_ids, ())

    def learn(self, benchmark: str, problem: str, prompt: Prompt, answer: str) -> Mapping[str, object]:
        """Draw the problem's truth: a function of the engine's seed and the problem's name alone."""
        name = f"{benchmark}/{problem}"
        policy = self.policy
        rng = random.Random(f"{policy.seed} {name}")
        weights = [(rank + 1) ** -policy.zipf for rank in range(policy.wrong)]
        # Seven digits, which no benchmark's reference answers have, so that a wrong answer is wrong.
        numbers = rng.sample(range(1_000_000, 9_999_999), policy.wrong + 1)
        truth = Truth(
            success=rng.betavariate(policy.alpha, policy.beta),
            steps=_around(rng, policy.steps),
            wrong=tuple(str(x) for x in numbers if str(x) != answer)[: policy.wrong],
            wrong_probabilities=tuple(w / sum(weights) for w in weights),
            no_answer=policy.no_answer,
        )
        self._truths[name] = (truth, answer)
        return asdict(truth)

    async def start(self) -> None:
        """Nothing to load."""

    async def restart(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to stop."""

    async def sample(self, request: Request) -> list[Completion]:
        """One completion a key; see the module's text."""
        truth, answer = self._truths[request.problem]
        draw = _Draw(truth, answer, self.policy.step_tokens, request)
        return [draw.completion(path, key) for path, key in zip(request.paths, request.keys, strict=True)]


class _Draw:
    """Draws the completions of one request."""

    def __init__(self, truth: Truth, answer: str, step_tokens: int, request: Request):
        self.truth = truth
        self.params: SamplingParams = request.params
        self.step_tokens = step_tokens
        self.answers = (answer, *truth.wrong)
        self.survival: float = truth.success ** (1 / truth.steps)
        self.cumulative = list(accumulate(truth.wrong_probabilities))
        self.prefix = _own(request.prompt_ids)

    def completion(self, path: Path, key: bytes) -> Completion:
        rng = random.Random(int.from_bytes(key, "little"))
        ids: list[int] = []
        finish, stop_reason = self._steps(rng, ids)
        limit = self.params.max_tokens
        if len(ids) > limit:
            ids, finish, stop_reason = ids[:limit], "length", None
        text = _text([*self.prefix, *ids], self.answers)
        if stop_reason is not None:
            text = text.removesuffix(stop_reason)
        return Completion(path, text, np.array(ids, np.uint32), finish, stop_reason)

    def _steps(self, rng: random.Random, ids: list[int]) -> tuple[FinishReason, str | None]:
        """Append the rest of the answer, or its next step where the delimiter stops it."""
        stops = "\n\n" in self.params.stop
        derailed = DERAILED in self.prefix
        step = self.prefix.count(DELIMITER)
        inside = bool(self.prefix) and self.prefix[-1] != DELIMITER
        while step < self.truth.steps:
            if not inside:
                derailed = derailed or self._derails(rng)
                ids.append(DERAILED if derailed else ON_TRACK)
            words, offset = _around(rng, self.step_tokens), rng.randrange(2048)
            ids += _FILLER[offset : offset + words]
            ids.append(DELIMITER)
            step, inside = step + 1, False
            if stops:
                return "stop", "\n\n"
        ids += (self._wrong(rng) if derailed else RIGHT, END)
        return "stop", None

    def _derails(self, rng: random.Random) -> bool:
        if self.params.temperature == 0:  # the likeliest answer as a whole
            return bool(self.truth.success < (1 - self.truth.success) * self.truth.wrong_probabilities[0])
        return rng.random() >= self.survival

    def _wrong(self, rng: random.Random) -> int:
        if self.params.temperature == 0:
            return WRONG
        if rng.random() < self.truth.no_answer:
            return NOTHING
        return WRONG + rng.choices(range(len(self.cumulative)), cum_weights=self.cumulative)[0]


def _text(ids: Sequence[int], answers: Sequence[str]) -> str:
    """The text; no digits but the answer's, so that an answer that is not stated cannot be guessed from it."""
    return "".join(_word(token, answers) for token in ids)


def _word(token: int, answers: Sequence[str]) -> str:
    if token >= WORDS:
        return f" {_VOCABULARY[token - WORDS] if token < _PROMPT else _SPELLED.get(token, '')}"
    if token in (ON_TRACK, DERAILED):
        return "Next,"
    if token in (DELIMITER, END):
        return ".\n\n" if token == DELIMITER else ""
    if token == NOTHING:
        return "I am not sure."
    return f"The answer is $\\boxed{{{answers[0 if token == RIGHT else token - WRONG + 1]}}}$."


def _own(ids: Sequence[int]) -> list[int]:
    """The part of a prompt that this policy generated: from the first step's mark on (prompt ids are larger)."""
    for i, token in enumerate(ids):
        if token in (ON_TRACK, DERAILED):
            return list(ids[i:])
    return []


def _around(rng: random.Random, mean: int) -> int:
    """Uniform between half and one and a half times the mean, at least one."""
    return rng.randint(max(1, mean - mean // 2), mean + mean // 2)
