"""Where the answers to a problem stand in completions: after the thinking, in the form that its prompt asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tts.benchmarks import Checker
from tts.core import THINK_TAGS, ThinkTags
from tts.grading import after_thinking, extract_answer, forms_for, opened_thinking
from tts.sweep.cells import HeldProblem
from tts.sweep.config import GradingConfig


@dataclass(frozen=True)
class Reader:
    """Finds the answers of one problem's completions."""

    checker: Checker | None
    """The benchmark's own rules; None where it has none."""
    think_tags: ThinkTags
    starts_in_thinking: bool
    """Whether the prompt opens the thinking."""
    forms: Sequence[str]
    """Names of answer forms, in the order in which to look."""

    @classmethod
    def of(
        cls, problem: HeldProblem, config: GradingConfig, checker: Checker | None, forms: Sequence[str] | None
    ) -> Reader:
        """The problem's reader. ``forms``: those that the sweep names; None for those that the prompt asks for."""
        tags = THINK_TAGS if config.think_tags is None else config.think_tags
        said = problem.messages[-1]["content"] if problem.messages else problem.question.text
        prompt = problem.prompt.text
        opened = opened_thinking(prompt, said, tags)
        return cls(checker, (*tags, opened) if opened else tags, opened is not None, forms or forms_for(prompt))

    def answer(self, text: str) -> str | None:
        """What a completion answers; None where it answers nothing."""
        if self.checker is None:
            return extract_answer(
                text, think_tags=self.think_tags, starts_in_thinking=self.starts_in_thinking, forms=self.forms
            )
        body = after_thinking(text, self.think_tags, starts_in_thinking=self.starts_in_thinking)
        return None if body is None else self.checker.extract(body)
