"""Between strategies and the engine: the journal answers what it can, the engine the rest, and flights are shared."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from tts.core import (
    Completion,
    Engine,
    Path,
    Request,
    SamplingParams,
    canonical_json,
    context_digest,
    fingerprint,
    sample_key,
)
from tts.running.journal import Journal


class Broker:
    """Every request of every cell goes through here, so that nothing is ever asked twice."""

    def __init__(self, engine: Engine, journal: Journal):
        """``journal`` is open; ``engine`` need not be started before the first draw that the journal cannot answer."""
        self.engine = engine
        self._fingerprint = fingerprint(engine.identity)
        self._starting: asyncio.Task[None] | None = None
        self._journal = journal
        self._version = 0
        self._flights: dict[tuple[int, Path], asyncio.Future[Completion]] = {}
        self.in_flight = 0
        """Samples that the engine has been asked for and has not yet answered."""
        self.drawn = 0
        """Samples that the engine has answered in this session."""
        self.tokens = 0
        """Tokens that the engine has generated in this session."""
        self.landed = asyncio.Event()
        """Set whenever ``in_flight`` falls."""

    @property
    def starting(self) -> bool:
        """Whether the engine is loading its model."""
        return self._starting is not None and not self._starting.done()

    async def draw(
        self,
        problem: tuple[int, str],
        prompt_ids: Sequence[int],
        prefix_ids: Sequence[int],
        params: SamplingParams,
        seed: int,
        paths: Sequence[Path],
        priority: int,
    ) -> tuple[int, list[Completion]]:
        """The context's row and one completion a path, in order: held, in flight for another cell, or drawn now.

        ``problem``: its row in the journal and its name; ``params.max_tokens`` is for the whole answer, prefix
        included. Raises EngineError when the engine dies.
        """
        ids = (*prompt_ids, *prefix_ids)
        digest = context_digest(self._fingerprint, ids, params, seed)
        context = self._journal.context(
            digest, problem[0], prefix_ids, canonical_json(params.model_dump(mode="json")), seed
        )
        held = self._journal.samples(context, paths)
        missing = [p for p in paths if p not in held and (context, p) not in self._flights]
        async with asyncio.TaskGroup() as group:
            for piece in _pieces(missing, self.engine.piece):
                keys = tuple(sample_key(digest, p) for p in piece)
                request = Request(ids, params, piece, keys, problem[1], priority)
                for path in piece:
                    self._flights[context, path] = asyncio.get_running_loop().create_future()
                self.in_flight += len(piece)
                group.create_task(self._ask(context, request, len(prefix_ids)))
            flights = {p: self._flights[context, p] for p in paths if p not in held}
        return context, [held[p] if p in held else await flights[p] for p in paths]

    async def _ask(self, context: int, request: Request, prefix: int) -> None:
        """Send one request, journal its answers and hand them to whoever waits for them."""
        flights = [self._flights[context, path] for path in request.paths]
        try:
            await self._started()
            number = self._journal.start(context, request.paths)
            answers = await self._answers(request, prefix)
            self._journal.finish(number, context, answers, self._version)
            self.drawn += len(answers)
            self.tokens += sum(a.output_tokens for a in answers)
            for flight, answer in zip(flights, answers, strict=True):
                flight.set_result(answer)
        finally:
            self.in_flight -= len(flights)
            self.landed.set()
            for path, flight in zip(request.paths, flights, strict=True):
                del self._flights[context, path]
                flight.cancel()  # without effect on those that have their answer

    async def _started(self) -> None:
        """Start the engine for the first sample that the journal lacks: a replay needs none."""
        if self._starting is None:
            self._version = self._journal.engine(self.engine.version)
            self._starting = asyncio.create_task(self.engine.start())
        await asyncio.shield(self._starting)

    async def _answers(self, request: Request, prefix: int) -> list[Completion]:
        """The engine's answers. It would refuse a prompt that leaves no room: that is a truncated sample, no error."""
        room = min(request.params.max_tokens - prefix, self.engine.context - len(request.prompt_ids))
        if room <= 0:
            return [Completion(path, "", np.zeros(0, np.uint32), "length") for path in request.paths]
        params = request.params.model_copy(update={"max_tokens": room})
        return await self.engine.sample(replace(request, params=params))


def _pieces(paths: Sequence[Path], size: int) -> Iterator[tuple[Path, ...]]:
    for i in range(0, len(paths), size):
        yield tuple(paths[i : i + size])
