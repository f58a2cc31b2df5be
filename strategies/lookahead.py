"""Lookahead search."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from tts.core import Bound, Candidate, SamplingParams, Tools
from tts.strategies.beam_search import BeamSearch


class Lookahead(BeamSearch):
    """Beam search that judges a step by where it leads (Snell et al. 2024, section 5.2, "Lookahead search").

    Each beam is rolled forward by up to k further steps at temperature 0, and the score at the end of the roll-out is
    the beam's value. The roll-out itself is thrown away: the search continues from the beam's own step, and pays for
    the roll-out's tokens. k = 0 is beam search. ``n`` is the number of beams, as there; the paper, which compares
    methods by generations, counts n * (k + 1) of them.
    """

    lookahead: Annotated[int, Field(ge=0)] = 1
    """k, steps to look ahead (the paper: 1 and 3)."""

    async def values(self, tools: Tools, candidates: Sequence[Candidate]) -> list[float]:
        """The value of each candidate at the end of its roll-out."""
        ahead = await asyncio.gather(*(self.roll_out(tools, candidate) for candidate in candidates))
        return await super().values(tools, ahead)

    async def roll_out(self, tools: Tools, candidate: Candidate) -> Candidate:
        """The candidate, up to k steps later; stops where the answer ends."""
        for step in range(self.lookahead):
            if not self.is_open(candidate):
                break
            # Children of a beam are drawn at its own path, so its roll-out needs another one.
            path = candidate.path if step else (*candidate.path, "ahead")
            (candidate,) = await self.extend(tools, candidate, 1, path, temperature=0.0)
        return candidate

    def bound(self, n: int, sampling: SamplingParams) -> Bound:
        """Beam search's, and k steps for each beam of each round but the last, which ends the answers."""
        search, rounds = super().bound(n, sampling), self.max_steps - 1
        whole = min(self.lookahead, rounds)  # rounds from which a roll-out can reach the last step, which has no limit
        short = min(self.lookahead * self.step_tokens, sampling.max_tokens)
        tokens = n * ((rounds - whole) * short + whole * sampling.max_tokens)
        return Bound(search.samples + n * rounds * self.lookahead, search.tokens + tokens)
