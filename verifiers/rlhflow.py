"""RLHFlow's process reward models (Llama-3.1-8B, Mistral and Deepseek data; Xiong et al. 2024).

A chat of many turns: each step is a user turn, the first with the question before it, and each is answered by an
assistant "+" (or "-"). A step's score is P("+") of the two where the model is about to answer it; the steps before are
shown as answered with "+". Their evaluation averages the scores of an answer's steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from tts.core import Models, UsageError
from tts.verifiers.labels import LabelReader
from tts.verifiers.process import StepFormat, plain
from tts.verifiers.steps import split_steps


class RlhflowFormat(StepFormat):
    """How such a model is put to work."""

    aggregation: ClassVar[str] = "mean"

    good: str = "+"
    """The token that answers a good step."""
    bad: str = "-"
    """The token that answers a bad step."""
    delimiter: str = "\n\n"
    """What separates the steps of an answer."""
    chat_template_kwargs: dict[str, object] = Field(default_factory=dict)
    """What the chat template is given besides, for instance ``date_string``."""

    def steps(self, text: str) -> list[str]:
        """What the delimiter separates."""
        return split_steps(text, self.delimiter)

    def place(self, tokenizer: Any, question: str, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        """The chat up to where the last step's answer is predicted; the model is read where each step's is.

        Each turn is encoded by itself, so that its last token is the position, whatever a step's text says. Raises
        UsageError where the chat template rewrites earlier turns.
        """
        turns: list[dict[str, str]] = []
        ids: list[int] = []
        positions: list[int] = []
        before = ""
        for step in steps:
            said = step if turns else f"{question} {step}"
            turns.append({"role": "user", "content": plain(said, tokenizer)})
            text = tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True, **self.chat_template_kwargs
            )
            if not text.startswith(before):
                raise UsageError(
                    "family rlhflow: the model's chat template rewrites earlier turns, so no step's place holds"
                )
            ids += tokenizer.encode(text[len(before) :], add_special_tokens=False)
            positions.append(len(ids) - 1)
            turns.append({"role": "assistant", "content": self.good})
            before = text
        return ids, positions

    def reader(self, model: str, models: Models, field: str) -> LabelReader:
        """vLLM, asked for the next token among the two, one request a step."""
        served = models.language("prm", model, field)
        if getattr(served.tokenizer, "chat_template", None) is None:
            raise UsageError(f"{field}: the tokenizer of {model} has no chat template, which family rlhflow needs")
        return LabelReader(
            served, served.token_id(self.good, f"{field}.good"), served.token_id(self.bad, f"{field}.bad")
        )
