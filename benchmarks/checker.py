"""How a benchmark grades its answers where mathematical equivalence with one reference does not say it."""

from __future__ import annotations

from typing import Protocol

from tts.core import Question


class Checker(Protocol):
    """Grading of a benchmark's own, for instance by a simulator.

    It is asked from several threads. A run keeps a problem's question and reference answer and nothing else, so these
    must be enough to decide. Answers are whatever a model writes: no text may make a method raise, or keep it long.
    The reference answer itself is correct.
    """

    def extract(self, text: str) -> str | None:
        """The final answer of a completion, of which only what follows its thinking is given; None without one."""
        ...

    def canonical(self, answer: str) -> str:
        """Answers with the same canonical form are one class, and equally correct."""
        ...

    def correct(self, question: Question, gold: str, answer: str) -> bool:
        """Whether the answer solves the problem; ``gold``: its reference answer."""
        ...
