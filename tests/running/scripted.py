"""A scripted engine: the simulated policy, answering in any order a test wants, and counting what it is asked."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

from tts.core import Completion, EngineError, Request
from tts.engines.simulated import SimulatedEngine, SimulatedPolicy


class ScriptedEngine(SimulatedEngine):
    """Lets other requests overtake each one a random number of times; may die after some samples."""

    def __init__(self, order: int | None = None, die_after: int | None = None, capacity: int = 64, **policy: object):
        super().__init__(SimulatedPolicy.model_validate(policy))
        self.capacity = capacity
        self.piece = 4
        self.asked: Counter[bytes] = Counter()
        self.most_at_once = 0
        self.priorities: list[int] = []
        self.started = 0
        self._now = 0
        self._rng = None if order is None else random.Random(order)
        self._die_after = die_after

    async def start(self) -> None:
        self.started += 1

    async def restart(self) -> None:
        self.started += 1

    async def sample(self, request: Request) -> list[Completion]:
        self._now += len(request.paths)
        self.most_at_once = max(self.most_at_once, self._now)
        self.priorities.append(request.priority)
        for _ in range(self._rng.randrange(40) if self._rng else 1):
            await asyncio.sleep(0)
        if self._die_after is not None and sum(self.asked.values()) >= self._die_after:
            raise EngineError("the scripted engine died")
        self.asked.update(request.keys)
        self._now -= len(request.paths)
        return await super().sample(request)
