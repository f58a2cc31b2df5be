"""How a benchmark grades its answers where mathematical equivalence with one reference does not say it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tts.core import Problem


@dataclass(frozen=True)
class Checked:
    """What a checker says of an answer."""

    correct: bool
    detail: Mapping[str, Any] | None = None
    """What else there is to say, as JSON values, for instance a puzzle's first bad move; kept with the verdict."""


class Checker(ABC):
    """Grading of a benchmark's own, for instance by a simulator.

    ``extract`` and ``canonical`` are asked in the run's own process, from several threads: no text that a model writes
    may make them raise, or keep them long. ``prepare`` and ``check`` are asked in a worker process, which is killed
    where it takes too long or too much memory; that is an outcome of the answer.
    """

    version: str | None = "1"
    """Of the rules: verdicts of another version do not count, and are made anew. None: the rules are not installed
    here, and what they said holds."""
    limit_s: float | None = None
    """Seconds that ``check`` may take; None: what the run's grading allows (``timeout_s``)."""
    prepare_limit_s: float | None = None
    """Seconds that ``prepare`` may take; None: there is nothing to prepare."""
    memory_bytes: int = 1 << 30
    """Memory that both may take."""

    @abstractmethod
    def extract(self, text: str) -> str | None:
        """The final answer of a completion, of which only what follows its thinking is given; None without one."""

    def canonical(self, answer: str) -> str:
        """Answers with the same canonical form are one class, and equally correct."""
        return answer.strip()

    def prepare(self, problem: Problem) -> None:  # noqa: B027 - most have nothing to prepare
        """What must be done once a worker for a problem, in its own time. Raises UsageError where it cannot be."""

    @abstractmethod
    def check(self, problem: Problem, answer: str) -> Checked:
        """Whether the answer solves the problem. The problem's ``solution`` is not there."""
