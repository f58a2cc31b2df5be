"""Beam search against a process reward model."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tts.core import Candidate, Question, Tools
from tts.strategies.search import ROOT, GuidedSearch, best, divisible


class BeamSearch(GuidedSearch):
    """n beams, of which the best n / M survive each step (Snell et al. 2024, section 5.2, "Beam search").

    Each survivor is continued M ways. A finished beam competes with the unfinished ones by its score; once it
    survives, it leaves the frontier, which is then narrower by one. The candidates are the survivors: n / M answers.
    (The paper ends with n, since it does not prune the last round. Those are siblings that share all but their last
    step and would count as votes for one another, so the last round is pruned like any other.)
    """

    beam_width: Annotated[int, Field(ge=1)] = 4
    """M, continuations of a survivor (the paper: 4, or the root of n)."""

    def check(self, n: int) -> None:
        """``n`` must be a multiple of M."""
        divisible(n, self.beam_width, "the beam width")

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """The ``n / beam_width`` surviving answers, best first within a step, earlier finished ones first."""
        width, done = n // self.beam_width, list[Candidate]()
        beams = await self.extend(tools, ROOT, n)
        while width:
            values = await self.values(tools, beams)
            kept = best(values, width)
            tools.record(
                beams=[b.path for b in beams], values=values, kept=kept, finished=[not self.is_open(b) for b in beams]
            )
            survivors = [beams[i] for i in kept]
            done += [b for b in survivors if not self.is_open(b)]
            frontier = [b for b in survivors if self.is_open(b)]
            width = len(frontier)
            if frontier:
                beams = await self.extend_all(tools, frontier, self.beam_width)
        return done
