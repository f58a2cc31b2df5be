"""Between strategies and the models: the journal answers what it can, the models the rest, and flights are shared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tts.core import (
    POLICY,
    Completion,
    Engine,
    FinishReason,
    Message,
    Path,
    Prompt,
    Refused,
    Request,
    SamplingParams,
    canonical_json,
    context_digest,
    digest,
    sample_key,
)
from tts.session.flights import Flights
from tts.session.served import Recovery, Served, within
from tts.store import Journal, StoredProblem


@dataclass(frozen=True, slots=True)
class Ask:
    """What one call of ``Tools.sample`` wants."""

    problem: StoredProblem
    params: SamplingParams
    seed: int
    paths: Sequence[Path]
    role: str = POLICY
    """Of the model."""
    messages: Sequence[Message] = ()
    """The chat; empty: the problem's own, as its prompt has it."""
    prefix_ids: Sequence[int] = ()
    """The answer so far."""
    priority: int = 0

    @property
    def own_limit(self) -> int:
        """Most tokens to generate, by the sampling parameters alone."""
        left = self.params.max_tokens - len(self.prefix_ids)
        return min(left, self.params.step_tokens or left)


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of it."""

    context: int
    """The context's row in the journal."""
    input_ids: tuple[int, ...]
    """Prompt and answer so far."""
    completions: list[Completion]
    """One a path."""


class Broker:
    """Every request of every cell goes through here, so that nothing is ever asked twice."""

    def __init__(
        self,
        engines: Mapping[str, Engine],
        journal: Journal,
        render: Callable[[list[Message], Engine], Prompt],
        recovery: Recovery | None = None,
    ):
        """``engines``: by role; none need be started before the first draw that the journal cannot answer.

        ``journal`` is open; ``render``: the prompt for a chat, as the run renders prompts for a model.
        """
        self.landed = asyncio.Event()
        """Set whenever ``in_flight`` falls."""
        by_engine = {id(e): Served(e, recovery, self.landed.set) for e in engines.values()}
        self.models: Mapping[str, Served] = {role: by_engine[id(engine)] for role, engine in engines.items()}
        """By role; roles that name one engine share it."""
        self._distinct = tuple(by_engine.values())
        self._render = render
        self._journal = journal
        self._versions: dict[str, int] = {}
        self._flights: Flights[tuple[int, Path], Completion] = Flights()

    @property
    def drawn(self) -> int:
        """Samples that the models have answered in this session."""
        return sum(m.drawn for m in self._distinct)

    @property
    def tokens(self) -> int:
        """Tokens that the models have generated in this session."""
        return sum(m.tokens for m in self._distinct)

    @property
    def in_flight(self) -> int:
        """Samples that the models have been asked for and have not yet answered."""
        return sum(m.in_flight for m in self._distinct)

    @property
    def engines(self) -> list[Engine]:
        """Each engine once."""
        return [m.engine for m in self._distinct]

    @property
    def seconds(self) -> float:
        """How long the policy has had something to do in this session; loading the model is not in it."""
        return self.models[POLICY].seconds

    @property
    def restarts(self) -> int:
        """Times that an engine died and was started again."""
        return sum(m.restarts for m in self._distinct)

    @property
    def starting(self) -> bool:
        """Whether a model is loading."""
        return any(m.starting for m in self._distinct)

    def has_room(self, ahead: int) -> bool:
        """Whether every model has fewer than ``ahead`` times its capacity in flight."""
        return all(m.in_flight < ahead * m.engine.capacity for m in self._distinct)

    async def draw(self, ask: Ask) -> Batch:
        """One completion a path: held, in flight for another cell, or drawn. Raises EngineError."""
        model = self.models[ask.role]
        chat, prompt_ids = self._prompt(ask, model)
        ids = (*prompt_ids, *ask.prefix_ids)
        left = await model.context() - len(ids)
        bound = left if left < ask.own_limit else None
        identity = context_digest(model.fingerprint, ask.problem.name, ids, ask.params, ask.seed, bound)
        context = self._journal.context(
            identity,
            problem=ask.problem.row,
            model=model.fingerprint,
            chat=chat,
            prefix_ids=ask.prefix_ids,
            params=canonical_json(ask.params.described()),
            seed=ask.seed,
            bound=bound,
        )
        held = self._journal.samples(context, ask.paths, refused=model.absent)
        missing = [p for p in ask.paths if p not in held and (context, p) not in self._flights]
        for piece in _pieces(missing, model.engine.piece):
            keys = tuple(sample_key(identity, p) for p in piece)
            request = Request(ids, ask.params, piece, keys, ask.problem.name, ask.priority, len(ask.prefix_ids))
            limit = ask.own_limit if bound is None else bound
            if limit > 0:
                model.expect(len(piece))
            self._flights.launch(((context, p) for p in piece), partial(self._ask, model, context, request, limit))
        drawn = await self._flights.wait((context, p) for p in ask.paths if p not in held)
        return Batch(context, ids, [held[p] if p in held else drawn[context, p] for p in ask.paths])

    def encode(self, text: str, role: str) -> tuple[int, ...]:
        """A text's ids by a model's tokenizer, asked once in a run's life."""
        model = self.models[role]
        key = digest("text", model.fingerprint, text)
        held = self._journal.chat(key)
        if held is None:
            held = self._journal.add_text(key, Prompt(text, model.engine.continuation(text)))
        return held[1]

    def _prompt(self, ask: Ask, model: Served) -> tuple[int | None, tuple[int, ...]]:
        """The ids of a chat, rendered once in a run's life for each model, and its row (None: the problem's own)."""
        if not ask.messages and model is self.models[POLICY]:
            return None, ask.problem.prompt.token_ids
        chat = [*(ask.messages or ask.problem.messages)]
        key = digest(model.fingerprint, ask.problem.name, canonical_json(chat))
        held = self._journal.chat(key)
        if held is None:
            held = self._journal.add_chat(key, ask.problem.row, chat, self._render(chat, model.engine))
        return held

    async def _ask(
        self, model: Served, context: int, request: Request, limit: int
    ) -> dict[tuple[int, Path], Completion]:
        """Send one request for at most ``limit`` tokens an answer, and journal its answers."""
        number = self._journal.start(context, request.paths)
        answers = await self._answers(model, request, limit)
        self._journal.finish(number, context, answers, self._version(model.engine.version))
        return {(context, a.path): a for a in answers}

    async def _answers(self, model: Served, request: Request, limit: int) -> list[Completion]:
        """The model's answers. An answer that has its length already is whole, and a refusal is an answer, too.

        A piece that the step's limit cut is no truncated answer: the smaller of the two limits is the one that bound.
        """
        left = request.params.max_tokens - request.prefix
        if left <= 0:
            return _empty(model, request, "length", None)
        if limit <= 0:
            size, context = len(request.prompt_ids), model.engine.context
            return _empty(model, request, "refused", f"the context of {context} tokens has no room after {size}")
        try:
            answers = await model.sample(within(request, limit))
        except Refused as reason:
            return _empty(model, request, "refused", str(reason))
        step = limit < left and limit == request.params.step_tokens
        return [replace(a, finish_reason="step") if step and a.truncated else a for a in answers]

    def _version(self, version: str) -> int:
        if version not in self._versions:
            self._versions[version] = self._journal.engine(version)
        return self._versions[version]


def _empty(model: Served, request: Request, finish: FinishReason, reason: str | None) -> list[Completion]:
    """Answers to which nothing is added."""
    before = request.prompt_ids[len(request.prompt_ids) - request.prefix :]
    text = model.engine.decode(before) if before else ""
    return [Completion(path, text, np.zeros(0, np.uint32), finish, reason) for path in request.paths]


def _pieces(paths: Sequence[Path], size: int) -> Iterator[tuple[Path, ...]]:
    for i in range(0, len(paths), size):
        yield tuple(paths[i : i + size])
