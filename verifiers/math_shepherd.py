"""Math-Shepherd (Wang et al. 2024, "Math-Shepherd: Verify and Reinforce LLMs Step-by-step without Human Annotations").

Plain text, one step a line, each ended by the tag "ки"; a step's score is P("+") of "+" and "-" as predicted at its
tag. The paper takes the minimum over an answer's steps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from tts.core import EngineError, Models
from tts.verifiers.labels import LabelReader
from tts.verifiers.process import StepFormat, plain
from tts.verifiers.steps import split_steps


class MathShepherdFormat(StepFormat):
    """How such a model is put to work."""

    aggregation: ClassVar[str] = "min"

    step_tag: str = "ки"
    """The token after each step, at which the model is read."""
    good: str = "+"
    """The token predicted at a good step's tag."""
    bad: str = "-"
    """The token predicted at a bad step's tag."""
    delimiter: str = "\n\n"
    """What separates the steps of an answer."""
    number_steps: bool = True
    """Whether a step that does not say so itself is begun with ``Step 1:``, as all of the model's training data are."""

    def steps(self, text: str) -> list[str]:
        """What the delimiter separates."""
        return split_steps(text, self.delimiter)

    def place(self, tokenizer: Any, question: str, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        """Question and steps as one text; the model is read at the tag that ends each step.

        The tags' places in the text are known from writing it. Raises EngineError where a tag is not one token there.
        """
        text = plain(question, tokenizer, self.step_tag)
        ends = []
        for number, step in enumerate(steps, 1):
            said = " ".join(plain(step, tokenizer, self.step_tag).split("\n"))
            if self.number_steps and not re.match(r"step \d+\s*:", said, re.IGNORECASE):
                said = f"Step {number}: {said}"
            text += f"{' ' if number == 1 else chr(10)}{said} {self.step_tag}"
            ends.append(len(text))
        encoded = tokenizer(text, return_offsets_mapping=True)
        ids: list[int] = encoded["input_ids"]
        at = {end: i for i, (start, end) in enumerate(encoded["offset_mapping"]) if end > start}
        tag = tokenizer.encode(self.step_tag, add_special_tokens=False)
        positions = [at[end] for end in ends if end in at and [ids[at[end]]] == tag]
        if len(positions) != len(steps):
            raise EngineError(f"the tokenizer joins the step tag {self.step_tag!r} with the text before it")
        return ids, positions

    def reader(self, model: str, models: Models, field: str) -> LabelReader:
        """vLLM, asked for the next token among the two, one request a step."""
        served = models.language("prm", model, field)
        served.token_id(self.step_tag, f"{field}.step_tag")
        return LabelReader(
            served, served.token_id(self.good, f"{field}.good"), served.token_id(self.bad, f"{field}.bad")
        )
