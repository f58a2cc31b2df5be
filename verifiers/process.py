"""What all process reward models share: steps in, one probability a step out.

A family is a ``StepFormat``: how question and steps become token ids, at which positions the model is read, and which
engine reads it there. Positions come from building the ids, never from searching them for a token.
"""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from tts.core import Candidate, EngineError, Models, Question, Score, Verifier, fingerprint
from tts.verifiers.options import VerifierOptions

UNREAD = -1e4
"""Stands for an answer that a model cannot read, where scores are logits and may be negative."""


class StepReader(Protocol):
    """An engine that reads a model at given positions."""

    identity: Mapping[str, str]
    version: str
    tokenizer: Any

    async def read(self, prompt_ids: Sequence[int], positions: Sequence[int], about: str) -> tuple[float, ...] | None:
        """P(good) at each position; None where the text is longer than the context. Raises EngineError."""
        ...

    async def close(self) -> None:
        """Stop."""
        ...


class StepFormat(VerifierOptions, ABC):
    """One family of process reward models; its fields are the family's options."""

    aggregation: ClassVar[str] = "last"
    """From step scores to one number as the family's authors do."""

    @abstractmethod
    def steps(self, text: str) -> list[str]:
        """The steps of an answer, none of them empty."""

    @abstractmethod
    def place(self, tokenizer: Any, question: str, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        """Token ids of question and steps, and for each step the position in them that the model is read at."""

    @abstractmethod
    def reader(self, model: str, models: Models, field: str) -> StepReader:
        """The engine, not yet started. Raises UsageError where the model cannot be this family's."""


class Prm(Verifier):
    """A process reward model; its engine starts with the first score asked for."""

    process = True

    def __init__(self, name: str, config: StepFormat, engine: StepReader, family: str | None = None):
        """``name``: as configured, for tables; ``family``: a part of the fingerprint, None for Qwen's."""
        self.name = name
        self.config = config
        self.aggregation = config.aggregation
        self.version = engine.version
        parts = {**engine.identity, "prm": config.model_dump_json()}
        self.fingerprint = fingerprint(parts if family is None else {**parts, "family": family})
        self.architecture = getattr(engine, "architecture", None)
        self._engine = engine

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """One score a step; none for an answer without a step, zeros for one that is longer than the context.

        Raises EngineError where the engine dies or gives another number of scores.
        """
        return list(await asyncio.gather(*(self._one(question, c.text) for c in candidates)))

    async def _one(self, question: Question, text: str) -> Score:
        steps = self.config.steps(text)
        if not steps:
            return Score(())
        about = f"question {question.id}"
        ids, positions = self.config.place(self._engine.tokenizer, question.text, steps)
        if len(positions) != len(steps):
            raise EngineError(f"{about}: {self.name} has {len(positions)} positions to read for {len(steps)} steps")
        values = await self._engine.read(ids, positions, about)
        if values is None:
            return Score((0.0,) * len(steps), too_long=True)
        if len(values) != len(steps):
            raise EngineError(f"{about}: {self.name} gave {len(values)} scores for {len(steps)} steps")
        return Score(values, tokens=len(ids))

    def input_ids(self, question: Question, steps: Sequence[str]) -> list[int]:
        """What the model reads."""
        return self.config.place(self._engine.tokenizer, question.text, steps)[0]

    async def close(self) -> None:
        """Stop the engine."""
        await self._engine.close()


def plain(text: str, tokenizer: Any, tag: str | None = None) -> str:
    """Text without what would count as control: the tokenizer's special tokens, and the step tag spelled out.

    A tag that is a word is removed as a word only ("ки" is a syllable of many others).
    """
    marks = {str(t) for t in tokenizer.added_tokens_decoder.values() if t.special}
    pattern = "|".join(re.escape(mark) for mark in sorted(marks | ({tag} if tag else set()), key=len, reverse=True))
    if tag is not None and tag.isalpha():
        pattern = "|".join([*(re.escape(m) for m in sorted(marks - {tag}, key=len, reverse=True)), rf"\b{tag}\b"])
    while pattern and (cleaned := re.sub(pattern, "", text)) != text:  # what is left may spell one again
        text = cleaned
    return text
