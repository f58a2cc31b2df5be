"""Reward balanced search."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from tts.core import Candidate, Question, Tools
from tts.strategies.search import ROOT, GuidedSearch


class Rebase(GuidedSearch):
    """Reward balanced search, REBASE (Wu et al. 2024, "Inference Scaling Laws", section 3.1.2).

    n first steps are drawn. At each depth, the answers that ended take one each from the width that is left, and the
    rest is shared among the open nodes in proportion to the softmax of their values: good nodes get many children,
    poor ones few or none. The search ends with exactly n answers, which are the candidates. A node that got no child
    is discarded. Only open nodes are scored.
    """

    softmax_temperature: Annotated[float, Field(gt=0)] = 0.2
    """T of softmax(value / T): small values share like beam search, large ones evenly (the paper: 0.2)."""

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """The n answers, shorter ones first."""
        done: list[Candidate] = []
        nodes = await self.extend(tools, ROOT, n)
        while nodes:
            done += [node for node in nodes if not self.is_open(node)]
            frontier = [node for node in nodes if self.is_open(node)]
            values = await self.values(tools, frontier)
            widths = share(values, n - len(done), self.softmax_temperature)
            tools.record(nodes=[f.path for f in frontier], values=values, widths=widths, finished=len(done))
            families = await asyncio.gather(
                *(self.extend(tools, node, width) for node, width in zip(frontier, widths, strict=True) if width)
            )
            nodes = [child for family in families for child in family]
        return done


def share(values: Sequence[float], width: int, temperature: float) -> list[int]:
    """``width`` children shared among nodes in proportion to softmax(value / temperature), in the nodes' order.

    Largest value first, ties by lower index: a node gets the share that its softmax mass has in what is left, rounded
    up, and both the width and the mass left are reduced before the next one. The shares add up to ``width``.
    """
    if not values:
        return []
    top = max(values)
    # Exact arithmetic: a share of exactly 1 must not be rounded up to 2 for the last bit of a float.
    masses = [Fraction(math.exp((value - top) / temperature)) for value in values]
    widths, mass = [0] * len(values), sum(masses, Fraction(0))
    for i in sorted(range(len(values)), key=lambda i: (-values[i], i)):
        if not width:
            break
        widths[i] = math.ceil(width * masses[i] / mass)
        width -= widths[i]
        mass -= masses[i]
    return widths
