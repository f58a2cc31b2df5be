"""Diverse verifier tree search."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from tts.core import Candidate, Question, Tools
from tts.strategies.search import ROOT, GuidedSearch, best, divisible


class DVTS(GuidedSearch):
    """n / M independent subtrees, each searched greedily (Beeching et al. 2024, section "DVTS"; Liu et al. 2025, 2.2).

    A subtree starts with M of the n first steps, keeps the best of them, continues it M ways, and so on until the
    step that it keeps ends the answer. Subtrees never compete, so that one early favourite cannot crowd out the rest
    as it can in beam search. The candidates are one answer a subtree: n / M. (The public code returns all M children
    of each subtree's last step; they differ in that step alone and would count as votes for one another.)
    """

    beam_width: Annotated[int, Field(ge=1)] = 4
    """M, continuations of a subtree's best step."""

    def check(self, n: int) -> None:
        """``n`` must be a multiple of M."""
        divisible(n, self.beam_width, "the beam width")

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """One answer a subtree, in the order of the subtrees."""
        first, width = await self.extend(tools, ROOT, n), self.beam_width
        grown = await asyncio.gather(*(self.grow(tools, first[i : i + width]) for i in range(0, n, width)))
        for tree, (_, history) in enumerate(grown):  # subtrees grow at the same time: their history is put in order
            for entry in history:
                tools.record(tree=tree, **entry)
        return [answer for answer, _ in grown]

    async def grow(self, tools: Tools, children: Sequence[Candidate]) -> tuple[Candidate, list[dict[str, object]]]:
        """The answer of the subtree whose first steps are ``children``, and its history, an entry a step."""
        history: list[dict[str, object]] = []
        while True:
            values = await self.values(tools, children)
            (kept,) = best(values, 1)
            history.append({"children": [c.path for c in children], "values": values, "kept": kept})
            if not self.is_open(children[kept]):
                return children[kept], history
            children = await self.extend(tools, children[kept], self.beam_width)
