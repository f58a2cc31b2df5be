"""Greedy decoding: the row that every table of this field has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tts.core import Candidate, Question, Strategy, Tools


class Greedy(Strategy):
    """One answer, the likeliest token at each position."""

    budgets: ClassVar[tuple[int, ...] | None] = (1,)
    sampling: ClassVar[Mapping[str, object]] = {"temperature": 0.0}

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """One candidate."""
        return [Candidate.of(completion) for completion in await tools.sample(n)]
