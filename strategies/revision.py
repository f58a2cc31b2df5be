"""Sequential revision: each attempt sees the ones before it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from tts.core import Candidate, Completion, Message, Question, Strategy, Tools
from tts.strategies.search import divisible


class Revision(Strategy):
    """n attempts in chains, each conditioned on the last ones of its chain (Snell et al. 2024, section 6).

    A chain starts with an independent sample; every further attempt answers the same question after the chain's latest
    attempts and, after each of these, the instruction to try again. All attempts of all chains are candidates, chain by
    chain, for the best one need not be the last. Each one's score ``group`` is its chain, for selectors that choose
    within a chain before they choose across chains. The paper fine-tunes the policy to revise; here it is asked to.
    """

    chains: Annotated[int, Field(ge=1)] = 1
    """Parallel chains of n / chains attempts each: the sequential to parallel ratio is n / chains : chains. 1 is one
    long chain, n is best-of-n, with the very same samples."""
    window: Annotated[int, Field(ge=1)] = 4
    """Most earlier attempts that an attempt sees (the paper: 4). Attempts without any text are left out."""
    instruction: Annotated[str, Field(min_length=1)] = (
        "There may be a mistake in the answer above. Check it, then solve the problem again, with the complete "
        "reasoning and the final answer in the same form as before."
    )
    """The user's turn after each earlier attempt."""

    def check(self, n: int) -> None:
        """``n`` must be a multiple of the chains."""
        divisible(n, self.chains, "the number of chains")

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """All ``n`` attempts, chain by chain."""
        firsts = await tools.sample(self.chains)
        chains = await asyncio.gather(*(self._revise(tools, first, n // self.chains) for first in firsts))
        for c, chain in enumerate(chains):
            seen = [[a.path for a in self._window(chain[:k])] for k in range(len(chain))]
            tools.record(chain=c, attempts=[attempt.path for attempt in chain], seen=seen)
        return [
            Candidate((attempt,), attempt.text, {"group": float(c)})
            for c, chain in enumerate(chains)
            for attempt in chain
        ]

    async def _revise(self, tools: Tools, first: Completion, attempts: int) -> list[Completion]:
        """A chain that begins with ``first``."""
        chain = [first]
        while len(chain) < attempts:
            turns = [turn for earlier in self._window(chain) for turn in self._turns(earlier)]
            chain += await tools.sample(1, path=(*first.path, "revision", len(chain)), turns=turns)
        return chain

    def _window(self, chain: Sequence[Completion]) -> Sequence[Completion]:
        """The attempts that the next one sees: chat templates and services balk at an empty turn."""
        return [attempt for attempt in chain if attempt.text.strip()][-self.window :]

    def _turns(self, earlier: Completion) -> tuple[Message, Message]:
        return {"role": "assistant", "content": earlier.text}, {"role": "user", "content": self.instruction}
