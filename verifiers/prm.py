"""Process reward models with a step tag (Qwen2.5-Math-PRM's way), through vLLM.

The question is put by the model's own chat template; each step of the answer is followed by the step tag, and the
step's score is the probability of the second class at the tag, found by position, not by "score is not zero".
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from tts.core import Candidate, Question, Score, UsageError, Verifier, fingerprint
from tts.engines.pooling import PoolingEngine


class PrmConfig(BaseModel):
    """How a process reward model is put to work."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    step_tag: str = "<extra_0>"
    """The token after each step."""
    delimiter: str = "\n\n"
    """What separates the steps of an answer."""
    system: str | None = "Please reason step by step, and put your final answer within \\boxed{}."
    """System message before the question; null sends none."""


def create(model: str, options: Mapping[str, Any], engine: Mapping[str, Any], field: str) -> Prm:
    """The verifier for ``prm/MODEL``. Raises UsageError where the model is missing or is no reward model."""
    if not model:
        raise UsageError(f"{field}.name: found 'prm', expected prm/MODEL")
    return Prm(f"prm/{model}", PrmConfig.model_validate(options), PoolingEngine(model, engine, _tag(options), field))


class Prm(Verifier):
    """A process reward model; its engine starts with the first score asked for."""

    process = True

    def __init__(self, name: str, config: PrmConfig, engine: PoolingEngine):
        """``name``: as configured, for tables."""
        self.name = name
        self.config = config
        self.version = engine.version
        self.fingerprint = fingerprint({**engine.identity, "prm": config.model_dump_json()})
        self._engine = engine

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """One score a step; none for an answer without a step."""
        return list(await asyncio.gather(*(self._one(question, c.text) for c in candidates)))

    async def _one(self, question: Question, text: str) -> Score:
        steps = split_steps(text, self.config.delimiter)
        if not steps:
            return Score(())
        ids = self.input_ids(question, steps)
        values = await self._engine.score(ids, len(steps), f"question {question.id}")
        return Score(values, tokens=len(ids))

    def input_ids(self, question: Question, steps: Sequence[str]) -> list[int]:
        """The chat up to the answer, then each step and its tag."""
        tokenizer = self._engine.tokenizer
        messages = [{"role": "user", "content": question.text}]
        if self.config.system is not None:
            messages.insert(0, {"role": "system", "content": self.config.system})
        chat = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        ids: list[int] = tokenizer.encode(chat, add_special_tokens=False)
        for step in steps:
            # A tag that the answer itself spells out must not count as ours.
            plain = tokenizer.encode(step.replace(self.config.step_tag, ""), add_special_tokens=False)
            ids += [*plain, self._engine.step_id]
        return ids

    async def close(self) -> None:
        """Stop the engine."""
        await self._engine.close()


def split_steps(text: str, delimiter: str) -> list[str]:
    """The steps of an answer; pieces without content, such as one after a final delimiter, are none."""
    return [step.strip() for step in text.split(delimiter) if step.strip()]


def _tag(options: Mapping[str, Any]) -> str:
    return str(options.get("step_tag", PrmConfig().step_tag))
