"""Independent samples spread over temperatures."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import Field, field_validator

from tts.core import Candidate, Question, Strategy, Tools


class MultiTemperature(Strategy):
    """n samples over several temperatures (Wu et al. 2025, "On the role of temperature sampling in test-time scaling").

    Different temperatures solve different problems. n is divided as evenly as it goes; where it is no multiple of their
    number, those that get one sample more are spread over the range. All samples are candidates, in the order of the
    temperatures, so that a majority over them is the vote over temperatures; each one's score ``group`` is its
    temperature's index, for selectors that first vote within a temperature and then across, as the paper does. The
    entry's own ``temperature`` is not used.
    """

    temperatures: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (
        0.2,
        0.4,
        0.6,
        0.8,
        1.0,
        1.2,
    )
    """Distinct. (The paper has 13 of them, from 0 to 1.2 in steps of 0.1, with 1,024 samples at each.)"""

    @field_validator("temperatures")
    @classmethod
    def _distinct(cls, temperatures: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(temperatures)) < len(temperatures):
            raise ValueError(f"expected each temperature once, for instance {list(dict.fromkeys(temperatures))}")
        return temperatures

    def shares(self, n: int) -> list[int]:
        """How many of ``n`` samples each temperature gets."""
        kinds = len(self.temperatures)
        at = [(2 * i + 1) * kinds // (2 * n) for i in range(n)]  # the middles of n equal parts of the range
        return [at.count(k) for k in range(kinds)]

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """One candidate a sample."""
        used = [(k, t, m) for k, (t, m) in enumerate(zip(self.temperatures, self.shares(n), strict=True)) if m]
        drawn = await asyncio.gather(
            *(tools.sample(m, path=("temperature", f"{t:g}"), temperature=t) for _, t, m in used)
        )
        for (_, t, _), completions in zip(used, drawn, strict=True):
            tools.record(temperature=t, samples=[c.path for c in completions])
        return [
            Candidate((completion,), completion.text, {"group": float(k), "temperature": t})
            for (k, t, _), completions in zip(used, drawn, strict=True)
            for completion in completions
        ]
