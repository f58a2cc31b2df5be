"""Verifiers that know the truth and err at chosen rates: instruments to study how verifier noise bends a curve.

Never a method. The outcome verifier is told by grading which candidates are correct; the process verifier reads the
marks that the simulated engine hides in its answers. Noise is a pure function of the seed and of what is judged, so
that a second look says the same again, as a model would: it can be selected for, and does not average out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from tts.core import Candidate, Models, OracleVerifier, Question, Score, UsageError, Verifier, fingerprint, stream
from tts.core.marks import DELIMITER, DERAILED, END, ON_TRACK, RIGHT
from tts.grading import extract_answer
from tts.verifiers.options import VerifierOptions, read_options

Rate = Annotated[float, Field(ge=0, le=1)]


class SimulatedOptions(VerifierOptions):
    """How the verifier errs."""

    false_positive: Rate = 0.1
    """Probability that what is wrong is accepted."""
    false_negative: Rate = 0.1
    """Probability that what is right is rejected."""
    seed: int = 0
    """Seed of the noise."""
    noise: Literal["text", "answer"] = "text"
    """What shares one draw: equal texts, or all texts with the same final answer, as where a verifier is taken in by
    the answer itself. (The process verifier draws for each beginning of an answer.)"""
    soft: bool = False
    """Scores spread evenly over (0.5, 1) for what is accepted and (0, 0.5) for the rest, instead of 1 and 0: the same
    rates at a threshold of 0.5, without ties."""
    process: bool = False
    """A score a step, from the simulated engine's hidden marks, instead of one an answer, from grading."""


def create(model: str, options: Mapping[str, Any], models: Models, field: str) -> Verifier:
    """Knows what is correct and errs at chosen rates, to study noise: `simulated/false_positive=0.2`."""
    read = read_options(SimulatedOptions, "simulated", model, options, field)
    if read.process and read.noise == "answer":
        raise UsageError(f"{field} (simulated).noise: found 'answer' with process; steps have no answer, leave it out")
    return SimulatedProcess(read) if read.process else SimulatedOutcome(read)


def judge(options: SimulatedOptions, right: bool, *what: str | int) -> float:
    """The score of something right or wrong; ``what`` names it, and so its noise."""
    error, spread = stream("simulated verifier", options.seed, *what).random(2)
    accepted = error >= options.false_negative if right else error < options.false_positive
    if not options.soft:
        return float(accepted)
    return float(0.5 * spread + 0.5 * accepted)


class SimulatedOutcome(OracleVerifier):
    """Told which answers are correct; one score an answer."""

    def __init__(self, options: SimulatedOptions):
        """Keeps no state."""
        self.name = "simulated"
        self.options = options
        self.fingerprint = fingerprint({"verifier": "simulated 1", "options": options.model_dump_json()})

    async def score_graded(
        self, question: Question, candidates: Sequence[Candidate], correct: Sequence[bool]
    ) -> list[Score]:
        """One score a candidate, in order."""
        pairs = zip(candidates, correct, strict=True)
        return [Score((judge(self.options, right, question.id, *self._named(c.text)),)) for c, right in pairs]

    def _named(self, text: str) -> tuple[str, ...]:
        if self.options.noise == "text":
            return "text", text
        answer = extract_answer(text)
        return ("no answer",) if answer is None else ("answer", answer)


class SimulatedProcess(Verifier):
    """Reads whether each step of the simulated engine is on track; a step's noise hangs on the answer up to its end."""

    process = True
    reads_tokens = True

    def __init__(self, options: SimulatedOptions):
        """Keeps no state."""
        self.name = "simulated"
        self.options = options
        self.fingerprint = fingerprint({"verifier": "simulated process 1", "options": options.model_dump_json()})

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """One score a step, the final statement of the answer being one; none for an answer without a step.

        Raises UsageError for answers of another engine.
        """
        return [Score(tuple(self._steps(question, c.token_ids))) for c in candidates]

    def _steps(self, question: Question, ids: Sequence[int]) -> Iterator[float]:
        if ids and ids[0] not in (ON_TRACK, DERAILED):
            raise UsageError(
                f"verifiers ({self.name}): process reads the marks of the simulated engine, and an answer to question "
                f"{question.id} has none; use it with model: simulated"
            )
        start = 0
        for end in _ends(ids):
            right = ids[start] in (ON_TRACK, RIGHT)
            seen = np.asarray(ids[:end], "<u4").tobytes().hex()
            yield judge(self.options, right, question.id, "step", seen)
            start = end


def _ends(ids: Sequence[int]) -> Iterator[int]:
    """Where each step ends: behind its delimiter, or with the answer."""
    last = 0
    for i, token in enumerate(ids, 1):
        if token in (DELIMITER, END) or i == len(ids):
            if token != END or i > last + 1:
                yield i
            last = i
