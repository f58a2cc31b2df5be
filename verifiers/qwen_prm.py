"""Qwen2.5-Math-PRM (7B, 72B; Zhang et al. 2025, "The Lessons of Developing Process Reward Models").

The question is put by the model's own chat template; each step of the answer is followed by the step tag, and the
step's score is the probability of the second class at the tag. The paper multiplies the scores of an answer's steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from tts.core import Models, ReadsSteps
from tts.verifiers.process import StepFormat, plain
from tts.verifiers.steps import split_steps


class QwenFormat(StepFormat):
    """How a model with a step tag is put to work."""

    aggregation: ClassVar[str] = "prod"

    step_tag: str = "<extra_0>"
    """The token after each step."""
    delimiter: str = "\n\n"
    """What separates the steps of an answer."""
    system: str | None = "Please reason step by step, and put your final answer within \\boxed{}."
    """System message before the question; null sends none."""

    def steps(self, text: str) -> list[str]:
        """What the delimiter separates."""
        return split_steps(text, self.delimiter)

    def place(self, tokenizer: Any, question: str, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        """The chat up to the answer, then each step and its tag, where the model is read."""
        # A tag that question or answer spell out must not count as ours.
        messages = [{"role": "user", "content": plain(question, tokenizer, self.step_tag)}]
        if self.system is not None:
            messages.insert(0, {"role": "system", "content": self.system})
        chat = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        ids: list[int] = tokenizer.encode(chat, add_special_tokens=False)
        tag = tokenizer.get_vocab()[self.step_tag]
        positions = []
        for step in steps:
            ids += [*tokenizer.encode(plain(step, tokenizer, self.step_tag), add_special_tokens=False), tag]
            positions.append(len(ids) - 1)
        return ids, positions

    def reader(self, model: str, models: Models, field: str) -> ReadsSteps:
        """vLLM's pooling runner, which reads ``Qwen2ForProcessRewardModel`` at the tag."""
        return models.at_tags(model, self.step_tag, field)
