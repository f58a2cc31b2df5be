"""Implicit rewards: how much likelier a strong model finds an answer than a weak one (Yuan et al. 2024).

"Free Process Rewards without Process Labels": r(y) = beta * log(strong(y) / weak(y)) is an outcome reward, and its
running sum up to step t is the expected reward from there, q_t (their proposition 3.1), so that any pair of a tuned
model and the model it was tuned from scores steps. Contrastive decoding (Li et al. 2022) uses the same ratio, and so
does Xu et al. 2024 ("CDR", also "Dr. SoW", arXiv 2411.02481) between any better and any less aligned model; what that
paper adds, criteria and examples put before the strong model's question, is not here.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from tts.core import (
    Candidate,
    EngineError,
    GivesProbabilities,
    Models,
    Question,
    Score,
    UsageError,
    Verifier,
    fingerprint,
    sigmoid,
)
from tts.verifiers.options import VerifierOptions, read_options
from tts.verifiers.process import UNREAD, plain
from tts.verifiers.steps import split_steps


class ImplicitOptions(VerifierOptions):
    """Which two models, and what becomes of their ratio."""

    weak: str = Field(min_length=1)
    """The reference model: the one that the strong model was tuned from, or a smaller one."""
    weak_engine: dict[str, Any] | None = None
    """Options of the weak model's engine. Default: those of ``engine``."""
    values: Literal["q", "step"] = "q"
    """``q``: the log-ratio of all tokens up to a step's end, whose last is the whole answer's; ``step``: of the step's
    own tokens."""
    reduce: Literal["sum", "mean"] = "sum"
    """Log-ratios are summed over tokens as in the paper, or divided by the number of the strong model's tokens."""
    beta: float = Field(default=0.05, gt=0)
    """What the log-ratio is multiplied by."""
    map: Literal["sigmoid", "none"] = "sigmoid"
    """``sigmoid``: into [0, 1], as products and weighted votes need; ``none``: the log-ratio as it is."""
    delimiter: str = "\n\n"
    """What separates the steps of an answer."""
    system: str | None = None
    """System message before the question, for both models."""


def create(model: str, options: Mapping[str, Any], models: Models, field: str) -> Implicit:
    """How much likelier a strong model finds each step than a weak one: `implicit/STRONG` with `weak: MODEL`.

    Raises UsageError where a model is missing or is no language model.
    """
    if not model:
        raise UsageError(f"{field}.name: found 'implicit', expected implicit/STRONG, with the option weak: MODEL")
    config = read_options(ImplicitOptions, "implicit", "", options, field)
    strong = models.language("implicit", model, field)
    others = models if config.weak_engine is None else models.bound(config.weak_engine)
    return Implicit(f"implicit/{model}", config, strong, others.language("implicit", config.weak, f"{field}.weak"))


class Implicit(Verifier):
    """The log-ratio of two language models; their engines start, one after the other, with the first score."""

    process = True

    def __init__(self, name: str, config: ImplicitOptions, strong: GivesProbabilities, weak: GivesProbabilities):
        """``name``: as configured, for tables."""
        self.name = name
        self.config = config
        self.version = strong.version
        described = config.model_dump_json(exclude={"weak", "weak_engine"})
        parts = {f"{who} {key}": v for who, m in (("strong", strong), ("weak", weak)) for key, v in m.identity.items()}
        self.fingerprint = fingerprint({**parts, "implicit": described})
        self._strong = strong
        self._weak = weak

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """One value a step; none for an answer without a step, the least for one longer than a context."""
        return list(await asyncio.gather(*(self._one(question, c.text) for c in candidates)))

    async def _one(self, question: Question, text: str) -> Score:
        steps = split_steps(text, self.config.delimiter)
        if not steps:
            return Score(())
        about = f"question {question.id}"
        strong, weak = await asyncio.gather(
            *(self._sums(m, question, steps, about) for m in (self._strong, self._weak))
        )
        if strong is None or weak is None:
            return Score((UNREAD if self.config.map == "none" else 0.0,) * len(steps), too_long=True)
        (own, counts, read), (other, _, read_too) = strong, weak
        return Score(self._values([a - b for a, b in zip(own, other, strict=True)], counts), tokens=read + read_too)

    def _values(self, ratios: Sequence[float], counts: Sequence[int]) -> tuple[float, ...]:
        """From each step's summed log-ratio and number of tokens to its value."""
        if self.config.values == "q":
            ratios, counts = list(itertools.accumulate(ratios)), list(itertools.accumulate(counts))
        if self.config.reduce == "mean":
            ratios = [ratio / max(count, 1) for ratio, count in zip(ratios, counts, strict=True)]
        scaled = [self.config.beta * ratio for ratio in ratios]
        return tuple(map(sigmoid, scaled) if self.config.map == "sigmoid" else scaled)

    async def _sums(
        self, model: GivesProbabilities, question: Question, steps: Sequence[str], about: str
    ) -> tuple[list[float], list[int], int] | None:
        """Each step's summed log-probability and number of tokens by one model, and the tokens that it read."""
        ids, owner = self.place(model.tokenizer, question, steps)
        logprobs = await model.logprobs(ids, about)
        if logprobs is None:
            return None
        if len(logprobs) != len(ids) - 1:
            raise EngineError(f"{about}: {len(logprobs)} log-probabilities for {len(ids)} tokens")
        sums, counts = [0.0] * len(steps), [0] * len(steps)
        for step, value in zip(owner[1:], logprobs, strict=True):
            if step is not None:
                sums[step] += value
                counts[step] += 1
        return sums, counts, len(ids)

    def place(self, tokenizer: Any, question: Question, steps: Sequence[str]) -> tuple[list[int], list[int | None]]:
        """Token ids of the chat with the answer in it, and whose step each token is (None: the prompt's).

        The answer is encoded as one text; a token that reaches over a step's end belongs to the step it begins in.
        """
        config = self.config
        asked = plain(question.text, tokenizer)
        if getattr(tokenizer, "chat_template", None) is None:
            prompt = tokenizer.encode("".join(f"{part}\n\n" for part in (config.system, asked) if part))
        else:
            messages = [{"role": "user", "content": asked}]
            if config.system is not None:
                messages.insert(0, {"role": "system", "content": config.system})
            chat = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            prompt = tokenizer.encode(chat, add_special_tokens=False)
        clean = [plain(step, tokenizer) for step in steps]
        answer = config.delimiter.join(clean)
        ends = list(itertools.accumulate(len(step) + len(config.delimiter) for step in clean))
        encoded = tokenizer(answer, return_offsets_mapping=True, add_special_tokens=False)
        starts = [start for start, _ in encoded["offset_mapping"]]
        owner = [next(i for i, end in enumerate(ends) if start < end) for start in starts]
        return [*prompt, *encoded["input_ids"]], [*(None for _ in prompt), *owner]

    async def close(self) -> None:
        """Stop both engines."""
        await asyncio.gather(self._strong.close(), self._weak.close())
