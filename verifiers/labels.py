"""A language model that says of each step "good" or "bad" with one token."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tts.core.models import GivesProbabilities


class LabelReader:
    """A language model that says of each step "good" or "bad" with one token: a process reward model."""

    def __init__(self, model: GivesProbabilities, good: int, bad: int):
        """``good`` and ``bad``: the two tokens."""
        self.tokenizer = model.tokenizer
        self.identity = model.identity
        self.architecture = model.architecture
        self.version = model.version
        self._model = model
        self._good = good
        self._bad = bad

    async def read(self, prompt_ids: Sequence[int], positions: Sequence[int], about: str) -> tuple[float, ...] | None:
        """P(good) of good or bad as the token after each of ``positions``; None where the text fills the context.

        One request a position, each beginning with the one before: the prefix cache leaves only the new tokens.
        """
        ask = self._model.pair
        found = await asyncio.gather(*(ask(prompt_ids[: p + 1], self._good, self._bad, about) for p in positions))
        values = tuple(v for v in found if v is not None)
        return values if len(values) == len(positions) else None

    async def close(self) -> None:
        """Stop the engine."""
        await self._model.close()
