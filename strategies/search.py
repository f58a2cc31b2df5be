"""What the searches share: answers that grow step by step, and a process verifier that looks at each step.

A search holds candidates in the making. Each is continued from its token ids, never from its text; a step ends at the
delimiter, at the limit of one step, or with the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tts.core import Bound, Candidate, Path, SamplingParams, Strategy, Tools

ROOT = Candidate((), "")
"""The empty answer, from which every search starts."""


class StepByStep(Strategy):
    """A strategy whose answers grow step by step."""

    delimiter: str = "\n\n"
    """What ends a step; empty: only ``step_tokens`` does."""
    step_tokens: Annotated[int, Field(ge=1)] = 512
    """Most tokens of one step: what a policy that never writes the delimiter falls back to."""
    max_steps: Annotated[int, Field(ge=1)] = 40
    """Steps an answer at most (Snell et al. 2024: 40 rounds); the last one is the rest of the answer."""

    def is_open(self, candidate: Candidate) -> bool:
        """Whether another step may follow."""
        return not candidate.completions or candidate.completions[-1].paused_at(self.delimiter)

    async def extend(
        self, tools: Tools, parent: Candidate, children: int, path: Path | None = None, **overrides: Any
    ) -> list[Candidate]:
        """``children`` fresh continuations of ``parent`` by one step.

        ``path``: of the draw; default ``("sample",)`` for the root's children, else the parent's own path, so that a
        child's path is its parent's and an index. ``overrides``: fields of SamplingParams.
        """
        last = len(parent.completions) + 1 >= self.max_steps
        limits: dict[str, Any] = {} if last else {"step_tokens": self.step_tokens}
        if self.delimiter and not last:
            limits["stop"] = (self.delimiter,)
        at = path or (parent.path if parent.completions else ("sample",))
        drawn = await tools.sample(children, path=at, prefix=parent.token_ids, **limits, **overrides)
        return [parent.then(completion) for completion in drawn]

    async def extend_all(self, tools: Tools, parents: Sequence[Candidate], children: int) -> list[Candidate]:
        """``children`` continuations of each of ``parents``, drawn at once, in the order of the parents."""
        families = await asyncio.gather(*(self.extend(tools, parent, children) for parent in parents))
        return [child for family in families for child in family]


class GuidedSearch(StepByStep):
    """A search guided by a process verifier's step scores."""

    needs: ClassVar[Literal["process", "any"] | None] = "process"

    verifier: str | None = None
    """The process verifier that guides it, by its name in the sweep. Default: the sweep's only one."""
    aggregation: Literal["last", "min", "prod", "mean", "max"] = "last"
    """From the step scores of an answer in the making to its value (Snell et al. 2024 take the last)."""

    async def values(self, tools: Tools, candidates: Sequence[Candidate]) -> list[float]:
        """The value of each candidate, whole or in the making."""
        assert self.verifier is not None, "the configuration names the verifier"
        return await tools.values(self.verifier, self.aggregation, candidates)

    def bound(self, n: int, sampling: SamplingParams) -> Bound:
        """``n`` steps a round."""
        longest = min(self.step_tokens, sampling.max_tokens)
        return Bound(n * self.max_steps, n * ((self.max_steps - 1) * longest + sampling.max_tokens))


def best(values: Sequence[float], keep: int) -> list[int]:
    """Indices of the ``keep`` largest values, largest first, ties by lower index."""
    return sorted(range(len(values)), key=lambda i: (-values[i], i))[:keep]


def divisible(n: int, by: int, what: str) -> None:
    """Raises ValueError, naming budgets that would do, where ``n`` is not a multiple of ``by``."""
    if n % by:
        below = [str(n - n % by)] if n > by else []
        raise ValueError(
            f"found {n}, which is not divisible by {what} {by}; {' or '.join([*below, str(n - n % by + by)])} would do"
        )
