"""Process reward models with a token-classification head, as TRL's PRMTrainer makes them.

Question, then each step and the separator, all encoded by themselves; a step's score is the good class's probability
at the last token of its separator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from tts.core import Models, ReadsSteps, UsageError
from tts.verifiers.process import StepFormat, plain
from tts.verifiers.steps import split_steps


class TokenHeadFormat(StepFormat):
    """How such a model is put to work."""

    aggregation: ClassVar[str] = "last"

    separator: str = "\n"
    """What follows each step; the model is read at its last token. Empty: at the step's own last token."""
    question: Literal["plain", "chat"] = "plain"
    """Whether the question stands as it is, after the tokenizer's first token, or in the model's chat template."""
    good: int = Field(default=1, ge=0)
    """Index of the class that means "this step is good"; a head with one class is read by a sigmoid."""
    delimiter: str = "\n\n"
    """What separates the steps of an answer."""

    def steps(self, text: str) -> list[str]:
        """What the delimiter separates."""
        return split_steps(text, self.delimiter)

    def place(self, tokenizer: Any, question: str, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        """The question, then each step and its separator, whose last token the model is read at."""
        asked = plain(question, tokenizer)
        ids: list[int]
        if self.question == "chat":
            turn = [{"role": "user", "content": asked}]
            asked = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
            ids = tokenizer.encode(asked, add_special_tokens=False)
        else:
            first = [] if tokenizer.bos_token_id is None else [int(tokenizer.bos_token_id)]
            ids = [*first, *tokenizer.encode(asked, add_special_tokens=False)]
        end = tokenizer.encode(self.separator, add_special_tokens=False)
        positions = []
        for step in steps:
            said = plain(step, tokenizer)
            if self.separator:  # one inside a step must not look like a step's end
                said = said.replace(self.separator, " ")
            ids += [*tokenizer.encode(said, add_special_tokens=False), *end]
            positions.append(len(ids) - 1)
        return ids, positions

    def reader(self, model: str, models: Models, field: str) -> ReadsSteps:
        """vLLM's pooling runner, every token's classes."""
        served = models.at_tokens(model, self.good, field)
        end = served.tokenizer.encode(self.separator, add_special_tokens=False)
        if self.separator and (not end or served.tokenizer.unk_token_id in end):
            raise UsageError(
                f"{field}.separator: the tokenizer of {model} does not know {self.separator!r}, which follows each "
                "step; name what the model was trained with"
            )
        if self.question == "chat" and getattr(served.tokenizer, "chat_template", None) is None:
            raise UsageError(f"{field}.question: found 'chat', but {model} has no chat template; expected 'plain'")
        return served
