"""Skywork-o1-Open-PRM (1.5B, 7B; Skywork o1 team 2024).

The problem, a newline, then one step a line; a step's score is the sigmoid of the value head at the newline that ends
it. vLLM has no such architecture, so the model runs in batches on plain torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from tts.core import Models, ReadsSteps
from tts.verifiers.process import StepFormat, plain
from tts.verifiers.steps import split_steps


class SkyworkFormat(StepFormat):
    """How such a model is put to work."""

    aggregation: ClassVar[str] = "last"

    delimiter: str = "\n\n"
    """What separates the steps of an answer; newlines inside a step become spaces."""

    def steps(self, text: str) -> list[str]:
        """What the delimiter separates."""
        return split_steps(text, self.delimiter)

    def place(self, tokenizer: Any, question: str, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        """Problem and steps, a line each and encoded by itself; the model is read at each step's newline."""
        newline = tokenizer.encode("\n", add_special_tokens=False)
        ids: list[int] = tokenizer.encode(
            f"{tokenizer.bos_token or ''}{plain(question, tokenizer)}\n", add_special_tokens=False
        )
        positions = []
        for step in steps:
            line = " ".join(part.strip() for part in plain(step, tokenizer).split("\n"))
            ids += [*tokenizer.encode(line, add_special_tokens=False), newline[-1]]
            positions.append(len(ids) - 1)
        return ids, positions

    def reader(self, model: str, models: Models, field: str) -> ReadsSteps:
        """The torch backend, with a value head."""
        return models.at_hidden_states(model, field)
