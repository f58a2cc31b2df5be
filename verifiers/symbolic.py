r"""Symbolic: every equation that a step states, checked. No model, and blind to what a step does not calculate.

Plain arithmetic is calculated exactly, decimals being allowed to be rounded at the last place they show. Other formulas
are compared by sympy in the grader's killable workers: without unknowns they must be equal; with the same unknowns on
both sides an equality that holds everywhere counts as right, and one that does not is a condition (``2x = x + 3``), not
a claim. What cannot be read, decided or finished in time is not counted.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from tts.core import Candidate, Models, Question, Score, Verifier, fingerprint
from tts.grading import Grader
from tts.verifiers.arithmetic import agree
from tts.verifiers.equations import Equation, equations, unknowns
from tts.verifiers.options import VerifierOptions, read_options
from tts.verifiers.steps import split_steps

_MAX_EQUATIONS = 50
"""Equations of one step that are checked: a policy caught in a loop states thousands."""
_PRODUCT = re.compile(r"(\\pi|[\d)}])\s*(?:\\left)?\(")
r"""A product without its sign, which parsers take for a call of a function: ``\pi (2)^2``."""


class SymbolicOptions(VerifierOptions):
    """How equations are checked."""

    delimiter: Annotated[str, Field(min_length=1)] = "\n\n"
    """What separates the steps of an answer."""
    neutral: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Score of a step that states nothing that can be checked: by default nothing speaks against it."""
    timeout_s: Annotated[float, Field(gt=0)] = 2.0
    """Seconds for one comparison before its worker is killed."""
    workers: Annotated[int, Field(ge=1)] = 1
    """Worker processes."""


def create(model: str, options: Mapping[str, Any], models: Models, field: str) -> Symbolic:
    """Every equation that a step states, checked exactly or by sympy; no model."""
    return Symbolic(read_options(SymbolicOptions, "symbolic", model, options, field))


class Symbolic(Verifier):
    """The share of each step's checkable equations that hold."""

    process = True
    aggregation = "min"

    def __init__(self, options: SymbolicOptions):
        """Workers start with the first formula that needs one."""
        self.name = "symbolic"
        self.options = options
        said = options.model_dump_json(exclude={"workers"})
        self.fingerprint = fingerprint({"verifier": "symbolic 1", "options": said})
        self._grader = Grader(options.workers, options.timeout_s)

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """One score a step; none for an answer without a step."""
        texts = [c.text for c in candidates]
        return await asyncio.to_thread(lambda: [Score(tuple(self.steps(text))) for text in texts])

    def steps(self, text: str) -> list[float]:
        """The score of each step of an answer."""
        return [self._step(step) for step in split_steps(text, self.options.delimiter)]

    def _step(self, step: str) -> float:
        verdicts = [self.verdict(equation) for equation in equations(step)[:_MAX_EQUATIONS]]
        checked = [v for v in verdicts if v is not None]
        return sum(checked) / len(checked) if checked else self.options.neutral

    def verdict(self, equation: Equation) -> bool | None:
        """Whether an equation holds; None where that cannot be told."""
        if equation.values is not None:
            return agree(*equation.values)
        left, right = unknowns(equation.left), unknowns(equation.right)
        if left != right:
            return None
        verdict = self._grader.equivalent(
            *(_PRODUCT.sub(r"\1 \\cdot (", side) for side in (equation.left, equation.right))
        )
        if verdict.outcome != "ok" or verdict.equal:
            return True if verdict.equal else None
        # A decimal may be a rounded one, to fewer digits than the grader takes for a proof.
        return None if left or "." in equation.left + equation.right else False

    async def close(self) -> None:
        """End the workers."""
        self._grader.close()
