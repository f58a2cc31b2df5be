r"""From a question to the chat that is sent: system message, worked examples, question and instruction.

Nothing here knows a tokenizer: an engine renders the messages with the model's chat template, or, for a base model,
with ``plain_text``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tts.benchmarks.benchmark import Benchmark
from tts.benchmarks.exemplars import Exemplar
from tts.benchmarks.rows import read_jsonl, required
from tts.core import Message, Question, UsageError

QUESTION, ANSWER = "Question:", "Answer:"
"""What begins a question and its answer in the plain text for a model without a chat template."""
NEXT_QUESTION = f"\n{QUESTION}"
"""What such a model writes where it goes on after its answer: the next question of what looks like a list of them."""

PLACEHOLDER = re.compile(r"\{(question|instruction)\}")


class PromptConfig(BaseModel):
    r"""How a question is put to the model.

    The default says ``question``, a blank line and the benchmark's instruction in one user message. Qwen2.5-Math's own
    prompt is ``system: "{instruction}"`` with ``template: "{question}"``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    system: str | None = None
    """System message; ``{instruction}`` stands for the instruction. None sends none (a chat template may then put in
    one of its own)."""
    template: str = "{question}\n\n{instruction}"
    """User message: ``{question}`` stands for the problem's text and must occur, ``{instruction}`` for the instruction.
    All other braces mean themselves."""
    instruction: str | None = None
    """What is asked for besides the answer itself. None takes the benchmark's, an empty string says nothing."""
    few_shot: Annotated[int, Field(ge=0)] = 0
    """Number of worked examples, each a user and an assistant message before the question."""
    few_shot_path: str | None = None
    """JSONL file of your own examples, ``{"problem": ..., "solution": ...}`` a line. None takes the benchmark's."""
    chat: bool | None = None
    """Whether to use the model's chat template. None does where the tokenizer has one."""
    chat_template_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Passed on to the chat template, for instance ``{"enable_thinking": false}``."""

    @field_validator("template")
    @classmethod
    def _has_question(cls, template: str) -> str:
        if "{question}" not in template:
            raise UsageError(
                f"prompt.template: {template!r} has no {{question}}; put {{question}} where the problem's text belongs"
            )
        return template

    @field_validator("system")
    @classmethod
    def _no_question(cls, system: str | None) -> str | None:
        if system is not None and "{question}" in system:
            raise UsageError(
                "prompt.system: {question} belongs into prompt.template; take it out of the system message"
            )
        return system

    @model_validator(mode="after")
    def _few_shot_is_said(self) -> PromptConfig:
        if self.few_shot_path is not None and self.few_shot == 0:
            raise UsageError(
                f"prompt.few_shot: found 0 beside few_shot_path {self.few_shot_path!r}; say how many examples to use"
            )
        return self


def build_messages(question: Question, benchmark: Benchmark, config: PromptConfig) -> list[Message]:
    """The chat for one question."""
    instruction = benchmark.instruction if config.instruction is None else config.instruction
    messages: list[Message] = []
    if config.system is not None:
        messages.append({"role": "system", "content": _fill(config.system, "", instruction)})
    for exemplar in _exemplars(benchmark, config):
        messages.append({"role": "user", "content": _fill(config.template, exemplar.question, instruction)})
        messages.append({"role": "assistant", "content": exemplar.solution})
    messages.append({"role": "user", "content": _fill(config.template, question.text, instruction)})
    return messages


def plain_text(messages: Sequence[Message]) -> str:
    """The same chat as plain text, for a model without a chat template: ``Question:`` and ``Answer:`` in turn.

    An answer to it ends where the model begins the next question: see ``NEXT_QUESTION``.
    """
    blocks: list[str] = []
    for message in messages:
        if message["role"] == "system":
            blocks.append(message["content"])
        elif message["role"] == "user":
            blocks.append(f"{QUESTION} {message['content']}\n{ANSWER}")
        else:
            blocks[-1] += f" {message['content']}"
    return "\n\n".join(blocks)


def _fill(template: str, question: str, instruction: str) -> str:
    """One pass, so that braces in the question, and even ``{instruction}`` itself there, stay as they are."""
    values = {"question": question, "instruction": instruction}
    return PLACEHOLDER.sub(lambda found: values[found[1]], template).strip()


def _exemplars(benchmark: Benchmark, config: PromptConfig) -> tuple[Exemplar, ...]:
    path = config.few_shot_path
    known = benchmark.exemplars if path is None else _read_exemplars(path)
    if config.few_shot > len(known):
        where = f"benchmark {benchmark.name}" if path is None else path
        fix = "or name a file of your own with prompt.few_shot_path" if path is None else "or add some"
        raise UsageError(
            f"prompt.few_shot: found {config.few_shot}, but {where} has {len(known)} examples; ask for fewer {fix}"
        )
    return known[: config.few_shot]


@lru_cache(maxsize=8)
def _read_exemplars(path: str) -> tuple[Exemplar, ...]:
    rows, _ = read_jsonl(Path(path), "prompt.few_shot_path")
    exemplars = []
    for where, row in rows:
        question = "problem" if "problem" in row or "question" not in row else "question"
        solution = "solution" if "solution" in row or "answer" not in row else "answer"
        exemplars.append(Exemplar(required(row, question, where), required(row, solution, where)))
    return tuple(exemplars)
