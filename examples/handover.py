r"""A strategy with two models: a draft begins each answer, the policy goes on with it.

    tts run --model vllm/tiny-arith-large --set models.draft=vllm/tiny-arith --set engine.max_model_len=512 \
            --benchmark arith:levels=1-6,per_level=4 --set sampling.temperature=1.0 --set sampling.max_tokens=256 \
            --strategy examples/handover.py:Handover --strategy best_of_n --n 8 --out runs/handover
"""

from __future__ import annotations

import asyncio
from typing import Annotated, ClassVar

from pydantic import Field

from tts.core import Candidate, Question, Strategy, Tools


class Handover(Strategy):
    """n answers, each begun by the model in the role ``draft`` and continued by the policy."""

    roles: ClassVar[tuple[str, ...]] = ("draft",)

    draft_tokens: Annotated[int, Field(ge=1)] = 24
    """Tokens that the draft writes at most; an answer that it ends earlier is its own."""

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """``n`` answers."""
        begun = await tools.sample(n, model="draft", path=("draft",), step_tokens=self.draft_tokens)
        return list(await asyncio.gather(*(self._continued(Candidate.of(draft), tools) for draft in begun)))

    async def _continued(self, answer: Candidate, tools: Tools) -> Candidate:
        if answer.completions[-1].finish_reason != "step":
            return answer
        (rest,) = await tools.sample(1, path=(*answer.path, "policy"), prefix=answer.token_ids)
        return answer.then(rest)
