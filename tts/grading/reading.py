"""Where the answers to a problem stand in completions: after the thinking, in the form that its prompt asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tts.core import Message, Prompt, Question, ThinkTags
from tts.grading.checker import Checker
from tts.grading.extraction import extract_answer
from tts.grading.forms import forms_for
from tts.grading.thinking import after_thinking, opened_thinking


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
        cls,
        question: Question,
        messages: Sequence[Message],
        prompt: Prompt,
        think_tags: ThinkTags,
        checker: Checker | None,
        forms: Sequence[str] | None,
    ) -> Reader:
        """The reader of a problem with that prompt, rendered from ``messages``.

        ``forms``: those that the sweep names; None for those that the prompt asks for.
        """
        said = messages[-1]["content"] if messages else question.text
        opened = opened_thinking(prompt.text, said, think_tags)
        tags = (*think_tags, opened) if opened else think_tags
        return cls(checker, tags, opened is not None, forms or forms_for(prompt.text))

    def answer(self, text: str) -> str | None:
        """What a completion answers; None where it answers nothing."""
        if self.checker is None:
            return extract_answer(
                text, think_tags=self.think_tags, starts_in_thinking=self.starts_in_thinking, forms=self.forms
            )
        body = after_thinking(text, self.think_tags, starts_in_thinking=self.starts_in_thinking)
        return None if body is None else self.checker.extract(body)
