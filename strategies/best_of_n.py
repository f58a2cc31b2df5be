"""Independent sampling: repeated sampling, self-consistency and best-of-N differ only in the selector."""

from __future__ import annotations

from typing import ClassVar

from tts.core import Candidate, Question, Strategy, Tools


class BestOfN(Strategy):
    """n independent samples (Brown et al. 2024, Large Language Monkeys; Wang et al. 2022, self-consistency)."""

    independent: ClassVar[bool] = True

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """One candidate a sample."""
        return [Candidate.of(completion) for completion in await tools.sample(n)]
