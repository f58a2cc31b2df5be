"""Two rounds: short first steps are looked at before any answer is finished."""

from __future__ import annotations

import asyncio
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tts.core import Bound, Candidate, Question, SamplingParams, Strategy, Tools


class BestOfTwoRounds(Strategy):
    """Begin n answers, keep the beginnings that a verifier likes best, and finish each of these once."""

    needs: ClassVar[Literal["process", "any"] | None] = "any"

    verifier: str | None = None
    """The verifier that judges the beginnings, by its name in the sweep. Default: the sweep's only one."""
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """How many of the beginnings are finished."""
    first_tokens: Annotated[int, Field(ge=1)] = 64
    """Tokens of a beginning, at most."""

    def check(self, n: int) -> None:
        """At least one beginning must be finished."""
        if int(n * self.share) < 1:
            raise ValueError(
                f"found {n}, of which a share of {self.share} leaves none; {round(1 / self.share)} would do"
            )

    def bound(self, n: int, sampling: SamplingParams) -> Bound:
        """n beginnings and the rest of those that are kept."""
        kept = int(n * self.share)
        return Bound(n + kept, n * min(self.first_tokens, sampling.max_tokens) + kept * sampling.max_tokens)

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """The finished answers."""
        drawn = await tools.sample(n, path=("begin",), step_tokens=self.first_tokens, stop=("\n\n",))
        begun = [Candidate.of(completion) for completion in drawn]
        assert self.verifier is not None, "the configuration names the verifier"
        values = await tools.values(self.verifier, "last", begun)
        kept = sorted(range(n), key=lambda i: (-values[i], i))[: int(n * self.share)]
        tools.record(values=values, kept=kept)
        return list(await asyncio.gather(*(self._finish(tools, begun[i]) for i in kept)))

    async def _finish(self, tools: Tools, candidate: Candidate) -> Candidate:
        """The rest of the answer, continued from its token ids."""
        if candidate.finished or candidate.completions[-1].truncated:
            return candidate
        (rest,) = await tools.sample(1, path=candidate.path, prefix=candidate.token_ids)
        return candidate.then(rest)
