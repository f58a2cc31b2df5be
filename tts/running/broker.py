"""Between strategies and the engine: the journal answers what it can, the engine the rest, and flights are shared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np

from tts.core import (
    Completion,
    Engine,
    Message,
    Path,
    Prompt,
    Request,
    SamplingParams,
    canonical_json,
    context_digest,
    digest,
    fingerprint,
    sample_key,
)
from tts.running.cells import HeldProblem
from tts.running.flights import Flights
from tts.running.journal import Journal


class Broker:
    """Every request of every cell goes through here, so that nothing is ever asked twice."""

    def __init__(self, engine: Engine, journal: Journal, render: Callable[[list[Message]], Prompt]):
        """``journal`` is open; ``engine`` need not be started before the first draw that the journal cannot answer.

        ``render``: the prompt for a chat, as the run renders prompts.
        """
        self.engine = engine
        self._render = render
        self._fingerprint = fingerprint(engine.identity)
        self._starting: asyncio.Task[None] | None = None
        self._journal = journal
        self._version = 0
        self._flights: Flights[tuple[int, Path], Completion] = Flights()
        self.in_flight = 0
        """Samples that the engine has been asked for and has not yet answered."""
        self.drawn = 0
        """Samples that the engine has answered in this session."""
        self.tokens = 0
        """Tokens that the engine has generated in this session."""
        self.seconds = 0.0
        """How long the engine has had something to do in this session; loading the model is not in it."""
        self._busy = 0
        self.landed = asyncio.Event()
        """Set whenever ``in_flight`` falls."""

    @property
    def starting(self) -> bool:
        """Whether the engine is loading its model."""
        return self._starting is not None and not self._starting.done()

    async def draw(
        self,
        problem: HeldProblem,
        turns: Sequence[Message],
        prefix_ids: Sequence[int],
        params: SamplingParams,
        seed: int,
        paths: Sequence[Path],
        priority: int,
    ) -> tuple[int, tuple[int, ...], list[Completion]]:
        """The context's row, the input's ids, and one completion a path: held, in flight for another cell, or drawn.

        ``turns`` and ``prefix_ids``: see ``Sampler.sample``. Raises EngineError when the engine dies.
        """
        chat, prompt_ids = self._prompt(problem, turns)
        ids = (*prompt_ids, *prefix_ids)
        identity = context_digest(self._fingerprint, ids, params, seed)
        context = self._journal.context(
            identity, problem.row, chat, prefix_ids, canonical_json(params.model_dump(mode="json")), seed
        )
        held = self._journal.samples(context, paths)
        missing = [p for p in paths if p not in held and (context, p) not in self._flights]
        for piece in _pieces(missing, self.engine.piece):
            keys = tuple(sample_key(identity, p) for p in piece)
            request = Request(ids, params, piece, keys, problem.name, priority, len(prefix_ids))
            self.in_flight += len(piece)
            self._flights.launch(((context, p) for p in piece), partial(self._ask, context, request))
        drawn = await self._flights.wait((context, p) for p in paths if p not in held)
        return context, ids, [held[p] if p in held else drawn[context, p] for p in paths]

    def _prompt(self, problem: HeldProblem, turns: Sequence[Message]) -> tuple[int | None, tuple[int, ...]]:
        """The ids of a problem's chat with further ``turns``, rendered once in a run's life, and its row."""
        if not turns:
            return None, problem.prompt.token_ids
        key = digest(problem.name, canonical_json(list(turns)))
        held = self._journal.chat(key)
        if held is None:
            held = self._journal.add_chat(key, problem.row, turns, self._render([*problem.messages, *turns]))
        return held

    async def _ask(self, context: int, request: Request) -> dict[tuple[int, Path], Completion]:
        """Send one request and journal its answers."""
        try:
            await self._started()
            number = self._journal.start(context, request.paths)
            with self._clock():
                answers = await self._answers(request)
            self._journal.finish(number, context, answers, self._version)
            self.drawn += len(answers)
            self.tokens += sum(a.output_tokens for a in answers)
            return {(context, a.path): a for a in answers}
        finally:
            self.in_flight -= len(request.paths)
            self.landed.set()

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

    async def _started(self) -> None:
        """Start the engine for the first sample that the journal lacks: a replay needs none."""
        if self._starting is None:
            self._version = self._journal.engine(self.engine.version)
            self._starting = asyncio.create_task(self.engine.start())
        await asyncio.shield(self._starting)

    async def _answers(self, request: Request) -> list[Completion]:
        """The engine's answers. It would refuse a prompt that leaves no room: that is a truncated sample, no error.

        A piece that the step's limit cut is no truncated answer: the smaller of the two limits is the one that bound.
        """
        room = min(request.params.max_tokens - request.prefix, self.engine.context - len(request.prompt_ids))
        if room <= 0:
            text = self.engine.decode(request.prompt_ids[len(request.prompt_ids) - request.prefix :])
            return [Completion(path, text, np.zeros(0, np.uint32), "length") for path in request.paths]
        step = min(room, request.params.step_tokens or room)
        params = request.params.model_copy(update={"max_tokens": step})
        answers = await self.engine.sample(replace(request, params=params))
        return [replace(a, finish_reason="step") if step < room and a.truncated else a for a in answers]


def _pieces(paths: Sequence[Path], size: int) -> Iterator[tuple[Path, ...]]:
    for i in range(0, len(paths), size):
        yield tuple(paths[i : i + size])
