"""Variable granularity search: between beam search and best-of-N."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from tts.core import Candidate, Question, Tools
from tts.strategies.beam_search import BeamSearch
from tts.strategies.search import ROOT, best


class VGSearch(BeamSearch):
    """Beam search whose verifier is asked every g steps (Chen et al. 2025, "Rethinking Optimal Verification
    Granularity", the algorithm of figure 2: verify and select, extend, branch).

    n answers run on for g steps. The verifier then keeps the best one in M, each survivor is extended by g - 1 steps
    alone, branches into M single steps, and so on. An answer that ends between two verifications is never pruned: it
    is a candidate as it stands (as in the authors' code). One that ends at a verification competes there, as in beam
    search. So g = 1 is beam search exactly, and with g beyond the length of the answers the verifier is never asked
    and all n answers are returned: best-of-N. (The paper's first cycle is one step long, which would prune before
    best-of-N could be reached; here it has g steps like every other.)

    The paper's adaptive search is not an option of this class: it looks up a fixed g, by budget or by difficulty, in a
    table measured on validation problems. That is a choice between settings, which a sweep over g and a plan from it
    make.

    ``follow_scores`` is a rule of this package and of no paper: it changes g within an answer, by the verifier's scores
    alone. Where the mean absolute change of the value since the last verification is below ``tolerance``, g doubles;
    elsewhere it halves, down to 1. (The paper's observation that most consecutive step scores differ by less than 1% is
    why asking less often may cost nothing; it does not have the rule.)
    """

    granularity: Annotated[int, Field(ge=1)] = 2
    """g, steps from one verification to the next; with ``follow_scores``, the one to start with."""
    follow_scores: bool = False
    """Whether g follows how much the verifier's scores move: our own rule, not the paper's adaptive search."""
    tolerance: Annotated[float, Field(ge=0)] = 0.01
    """Mean change of the value below which the verifier is asked half as often (``follow_scores`` only)."""

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """Answers that ended before the first verification by sample, then the others as they ended."""
        g = self.granularity
        beams = await self.run_on(tools, await self.extend(tools, ROOT, n), g - 1)
        done = [b for b in beams if not self.is_open(b) and len(b.completions) < g]
        beams = [b for b in beams if self.is_open(b) or len(b.completions) == g]
        before: list[float] = []
        while beams:
            values = await self.values(tools, beams)
            kept = best(values, math.ceil(len(beams) / self.beam_width))
            moved = _change(values, before, self.beam_width)
            if self.follow_scores and moved is not None:
                g = 2 * g if moved < self.tolerance else max(1, g // 2)
            tools.record(
                beams=[b.path for b in beams],
                values=values,
                kept=kept,
                finished=[not self.is_open(b) for b in beams],
                moved=moved,
                granularity=g,
            )
            done += [beams[i] for i in kept if not self.is_open(beams[i])]
            survivors = [i for i in kept if self.is_open(beams[i])]
            frontier = await self.run_on(tools, [beams[i] for i in survivors], g - 1)
            done += [b for b in frontier if not self.is_open(b)]
            before = [values[i] for i, b in zip(survivors, frontier, strict=True) if self.is_open(b)]
            beams = await self.extend_all(tools, [b for b in frontier if self.is_open(b)], self.beam_width)
        return done

    async def run_on(self, tools: Tools, beams: Sequence[Candidate], steps: int) -> list[Candidate]:
        """Each beam by itself, ``steps`` steps later or at its end; no beam waits for another."""

        async def alone(beam: Candidate) -> Candidate:
            for _ in range(steps):
                if not self.is_open(beam):
                    break
                (beam,) = await self.extend(tools, beam, 1)
            return beam

        return list(await asyncio.gather(*(alone(beam) for beam in beams)))


def _change(values: Sequence[float], before: Sequence[float], width: int) -> float | None:
    """Mean absolute change of the value since the last verification, ``width`` children a parent; None at the first."""
    if not before:
        return None
    return math.fsum(abs(value - before[i // width]) for i, value in enumerate(values)) / len(values)
