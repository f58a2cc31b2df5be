"""One model in this session: started for the first request that needs it, started again where it dies, timed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tts.core import Completion, Engine, EngineDied, EngineError, Request, Retryable, fingerprint

LONGEST_WAIT = 60.0
"""Seconds; waits double up to this."""


@dataclass(frozen=True)
class Recovery:
    """How often a session tries again before an engine's failure ends it."""

    restarts: int = 3
    """Of a dead engine, in a session."""
    retries: int = 8
    """Of one request that a busy engine turned away."""
    wait: float = 1.0
    """Seconds before the first of them; each further wait is twice as long."""


class Served:
    """Asks a model for completions, whatever becomes of its engine meanwhile."""

    def __init__(self, engine: Engine, recovery: Recovery | None = None, landed: Callable[[], object] = lambda: None):
        """``engine``: not started; ``landed``: called whenever ``in_flight`` falls."""
        self.engine = engine
        self.fingerprint = fingerprint(engine.identity)
        self._recovery = recovery or Recovery()
        self._landed = landed
        self._starting: asyncio.Task[None] | None = None
        self.restarts = 0
        """Times that the engine died and was started again."""
        self.in_flight = 0
        """Samples that the engine has been asked for and has not yet answered."""
        self.drawn = 0
        """Samples that the engine has answered in this session."""
        self.tokens = 0
        """Tokens that the engine has generated in this session."""
        self.seconds = 0.0
        """How long the engine has had something to do in this session; loading the model is not in it."""
        self._busy = 0

    @property
    def absent(self) -> bool:
        """Whether the model is not here, so that the journal alone can answer."""
        return bool(getattr(self.engine, "absent", False))

    @property
    def starting(self) -> bool:
        """Whether the engine is loading its model."""
        return self._starting is not None and not self._starting.done()

    async def context(self) -> int:
        """Most tokens of prompt and answer together; starts an engine that does not know it before."""
        if not self.engine.context:
            await self._alive()
        return self.engine.context

    def expect(self, samples: int) -> None:
        """Count samples as in flight that ``sample`` is about to be asked for."""
        self.in_flight += samples

    async def sample(self, request: Request) -> list[Completion]:
        """One completion a path, in order. ``expect`` was told of them.

        Raises Refused where the engine will not answer, EngineError where it fails more often than it may.
        """
        try:
            answers = await self._asked(request)
            self.drawn += len(answers)
            self.tokens += sum(a.output_tokens for a in answers)
            return answers
        finally:
            self.in_flight -= len(request.paths)
            self._landed()

    async def _asked(self, request: Request) -> list[Completion]:
        retries = 0
        while True:
            life = await self._alive()
            try:
                with self._clock():
                    return await self.engine.sample(request)
            except EngineDied as error:
                self._revive(life, error)
            except Retryable as error:
                if retries == self._recovery.retries:
                    raise EngineError(f"{error} (asked {retries + 1} times)") from error
                await asyncio.sleep(max(error.after, self._wait(retries)))
                retries += 1

    async def _alive(self) -> int:
        """Wait for the engine's start; returns which of its lives this is."""
        if self._starting is None:
            self._starting = asyncio.create_task(self.engine.start())
        life = self.restarts
        await asyncio.shield(self._starting)
        return life

    def _revive(self, life: int, error: EngineDied) -> None:
        """Start the engine again, once for all requests that its ``life`` took with it; else raises ``error``."""
        if life < self.restarts:
            return
        if self.restarts == self._recovery.restarts:
            raise error
        self._starting = asyncio.create_task(self._restart(self._wait(self.restarts)))
        self.restarts += 1

    async def _restart(self, wait: float) -> None:
        await asyncio.sleep(wait)
        await self.engine.restart()

    def _wait(self, times: int) -> float:
        return min(self._recovery.wait * 2.0**times, LONGEST_WAIT)

    @contextmanager
    def _clock(self) -> Iterator[None]:
        """Count the time until the end, once however many requests are under way."""
        if self._busy == 0:
            self._since = time.monotonic()
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            if self._busy == 0:
                self.seconds += time.monotonic() - self._since


def within(request: Request, limit: int) -> Request:
    """The request, bounded to ``limit`` generated tokens."""
    return replace(request, params=request.params.model_copy(update={"max_tokens": limit}))
