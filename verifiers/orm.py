"""Outcome reward models: one score for a whole answer, from a sequence-classification head on vLLM.

The chat of question and answer by the model's own template; the head reads its last token. A reward model trained on
preferences (Bradley and Terry 1952) gives one logit; its sigmoid is the chance to beat an answer of logit 0.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from tts.core import (
    Candidate,
    Models,
    Question,
    Score,
    ScoresTexts,
    UsageError,
    Verifier,
    class_probability,
    fingerprint,
)
from tts.verifiers.options import VerifierOptions, read_options
from tts.verifiers.process import UNREAD, plain


class OrmOptions(VerifierOptions):
    """How an outcome reward model is put to work."""

    output: Literal["sigmoid", "raw"] = "sigmoid"
    """``sigmoid``: in [0, 1], as weighted votes need (for a head of several classes the good one's probability);
    ``raw``: the logit as it is, which ranks alike but may be negative, so that weighted votes refuse it."""
    good: int = Field(default=1, ge=0)
    """Index of the good class, for a head of several."""
    system: str | None = None
    """System message before the question."""


def create(model: str, options: Mapping[str, Any], models: Models, field: str) -> Orm:
    """An outcome reward model: a sequence-classification head's score of a whole answer.

    Raises UsageError where the model is missing or has no such head.
    """
    if not model:
        raise UsageError(f"{field}.name: found 'orm', expected orm/MODEL")
    config = read_options(OrmOptions, "orm", "", options, field)
    served = models.whole_texts(model, field)
    if getattr(served.tokenizer, "chat_template", None) is None:
        raise UsageError(f"{field}: the tokenizer of {model} has no chat template, which orm needs")
    return Orm(f"orm/{model}", config, served)


class Orm(Verifier):
    """An outcome reward model; its engine starts with the first score asked for."""

    def __init__(self, name: str, config: OrmOptions, engine: ScoresTexts):
        """``name``: as configured, for tables."""
        self.name = name
        self.config = config
        self.version = engine.version
        self.fingerprint = fingerprint({**engine.identity, "orm": config.model_dump_json()})
        self.architecture = getattr(engine, "architecture", None)
        self._engine = engine

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """One value a candidate; the least there is for an empty answer or one that is longer than the context."""
        return list(await asyncio.gather(*(self._one(question, c.text) for c in candidates)))

    async def _one(self, question: Question, text: str) -> Score:
        raw = self.config.output == "raw"
        least = (UNREAD if raw else 0.0,)
        if not text.strip():
            return Score(least)
        ids = self.input_ids(question, text)
        logits = await self._engine.logits(ids, f"question {question.id}")
        if logits is None:
            return Score(least, too_long=True)
        if raw and len(logits) > 1:
            raise UsageError(
                f"{self.name}: output: found 'raw', but the model has {len(logits)} classes; use 'sigmoid'"
            )
        return Score((logits[0] if raw else class_probability(logits, self.config.good),), tokens=len(ids))

    def input_ids(self, question: Question, text: str) -> list[int]:
        """The chat of question and answer."""
        tokenizer = self._engine.tokenizer
        messages = [
            {"role": "user", "content": plain(question.text, tokenizer)},
            {"role": "assistant", "content": plain(text, tokenizer)},
        ]
        if self.config.system is not None:
            messages.insert(0, {"role": "system", "content": self.config.system})
        chat = tokenizer.apply_chat_template(messages, tokenize=False)
        ids: list[int] = tokenizer.encode(chat, add_special_tokens=False)
        return ids

    async def close(self) -> None:
        """Stop the engine."""
        await self._engine.close()
