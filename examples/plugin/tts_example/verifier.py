"""A verifier that prefers short answers: no model, so that the example runs anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tts.core import Candidate, Models, Question, Score, UsageError, Verifier, fingerprint


def create(model: str, options: Mapping[str, Any], models: Models, field: str) -> Brevity:
    """Prefers short answers: `brevity` with `half`, the number of words that is worth 0.5."""
    unknown = set(options) - {"half"}
    if unknown:
        raise UsageError(f"{field}: brevity has no option {min(unknown)!r}; expected half")
    half = options.get("half", 50)
    if not isinstance(half, int | float) or half <= 0:
        raise UsageError(f"{field}.half: found {half!r}, expected a number of words above 0")
    return Brevity(float(half))


class Brevity(Verifier):
    """One score an answer, in (0, 1]: half / (half + words)."""

    def __init__(self, half: float):
        """``half``: the number of words that is worth 0.5."""
        self.name = "brevity"
        self.half = half
        # All that a score depends on beside question and text: scores are kept by it, and asked for once.
        self.fingerprint = fingerprint({"verifier": "brevity 1", "half": str(half)})

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """One score a candidate, in order."""
        return [Score((self.half / (self.half + len(c.text.split())),)) for c in candidates]
