"""A verifier without a model: the share of ones in the digits of each step, counting how often it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tts.core import Candidate, Models, Question, Score, Verifier, digest

ASKED: list[str] = []


def create(model: str, options: Mapping[str, Any], models: Models, field: str) -> Toy:
    return Toy(model)


def whole(model: str, options: Mapping[str, Any], models: Models, field: str) -> Toy:
    """One that scores whole answers only."""
    made = Toy(model)
    made.process = False
    return made


class Toy(Verifier):
    process = True

    def __init__(self, model: str):
        self.name = f"toy/{model}"
        self.fingerprint = model

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        before = len(ASKED)
        ASKED.extend(c.text for c in candidates)
        steps = [[step for step in c.text.split("\n\n") if step] for c in candidates]
        if self.name == "toy/noisy":  # like a batch's numerics: another value each time
            await asyncio.sleep(0.01)
            return [Score((before + i,)) for i in range(len(candidates))]
        return [Score(tuple(digest(self.fingerprint, s)[0] / 255 for s in each), len(each)) for each in steps]

    async def close(self) -> None:
        pass
