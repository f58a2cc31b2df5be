"""What a strategy holds while it solves one cell: sampling and scoring through the journal, and random streams."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tts.core import (
    POLICY,
    Candidate,
    Completion,
    Forced,
    Message,
    Path,
    SamplingParams,
    Score,
    TtsError,
    Usage,
    UsageError,
    did_you_mean,
    stream,
)
from tts.core.accounting import CriticalPath, ideal_prefill, positions
from tts.session.broker import Ask, Broker
from tts.session.panel import Panel
from tts.sweep.cells import Cell
from tts.verifiers import aggregate

OBJECT_BYTES = 1_000
"""What a completion takes beside its arrays and its text, about."""


class CellTools:
    """The ``Tools`` of one cell; remembers what was asked, to charge for it."""

    def __init__(self, cell: Cell, broker: Broker, panel: Panel):
        """One cell, its source of completions, and the run's verifiers."""
        self._cell = cell
        self._broker = broker
        self._panel = panel
        self._requests: list[tuple[tuple[int, ...], list[Completion]]] = []  # input, answers
        self._steps: list[Completion] = []
        self._scored: dict[tuple[str, str], int] = {}  # tokens of each pass
        self._contexts: dict[Path, int] = {}
        self._reach: dict[str, int] = {}  # by role
        self._path = CriticalPath()
        self.history: list[dict[str, object]] = []
        """What the strategy recorded, as JSON values."""
        self.held_bytes = 0
        """About what the cell's answers take in memory."""

    async def sample(
        self,
        n: int,
        *,
        path: Path = ("sample",),
        model: str = POLICY,
        prefix: Sequence[int] = (),
        turns: Sequence[Message] = (),
        messages: Sequence[Message] = (),
        **overrides: object,
    ) -> list[Completion]:
        """See ``tts.core.Sampler.sample``."""
        cell = self._cell
        if messages and turns:
            raise TtsError(f"strategy {cell.setting.name!r} gave messages and turns; turns follow the question only")
        self._check_role(model)
        paths, begin = self._taken(path, n), self._path.begin()
        params = self._params(overrides)
        chat = messages or ([*cell.problem.messages, *turns] if turns else ())
        ask = Ask(cell.problem, params, cell.seed, paths, model, chat, prefix, cell.index)
        batch = await self._broker.draw(ask)
        self._contexts |= dict.fromkeys(paths, batch.context)
        self._requests.append((batch.input_ids, batch.completions))
        self._path.end(begin, batch.input_ids, len(prefix), batch.completions)
        self._reach[model] = max(self._reach.get(model, 0), len(batch.input_ids) + ask.own_limit)
        self.held_bytes += sum(map(_size, batch.completions))
        if set(params.stop) - set(cell.setting.sampling.stop):
            self._steps += batch.completions
        return batch.completions

    async def probe(
        self, n: int, *, path: Path, model: str = POLICY, prefix: Sequence[int] = (), **overrides: object
    ) -> list[Completion]:
        """See ``tts.core.Tools.probe``."""
        return await self.sample(n, path=path, model=model, prefix=prefix, **overrides)  # type: ignore[arg-type]

    def _taken(self, path: Path, n: int) -> list[Path]:
        """The paths of ``n`` draws, which are taken from now on, before the first await."""
        paths: list[Path] = [(*path, i) for i in range(n)]
        if again := self._contexts.keys() & set(paths):
            raise TtsError(
                f"strategy {self._cell.setting.name!r} asked twice for the sample {min(again, key=str)}: a path names "
                "one fresh draw, so give each call a path of its own"
            )
        self._contexts |= dict.fromkeys(paths, 0)
        return paths

    def _params(self, overrides: dict[str, object]) -> SamplingParams:
        """The setting's parameters with a call's own; the sweep's stop strings end an answer inside a search, too."""
        params = self._cell.setting.sampling
        if "stop" in overrides:
            overrides["stop"] = tuple(dict.fromkeys((*_strings(overrides["stop"]), *params.stop)))
        return type(params).model_validate({**params.model_dump(), **overrides}) if overrides else params

    def _check_role(self, role: str) -> None:
        if role not in self._broker.models:
            raise UsageError(
                f"models: {self._cell.setting.name} asks a model named {role!r}, which the sweep does not name"
                f"{did_you_mean(role, self._broker.models)}; add models: {{{role}: ENGINE/MODEL}}"
            )

    def encode(self, text: str, model: str = POLICY) -> tuple[int, ...]:
        """See ``tts.core.Tools.encode``."""
        self._check_role(model)
        return self._broker.encode(text, model)

    def force(self, answer: Candidate, text: str, model: str = POLICY) -> Candidate:
        """See ``tts.core.Tools.force``."""
        ids = self.encode(text, model)
        context = self._broker.models[model].engine.context
        if 0 < context <= len(ids):
            raise UsageError(
                f"strategies ({self._cell.setting.name}): puts {len(ids)} tokens into an answer ({text[:40]!r}), which "
                f"fill the context of {context} tokens; make the text shorter, or max_model_len larger"
            )
        return answer.then(Forced(text, ids))

    async def grade(self, candidates: Sequence[Candidate]) -> list[bool]:
        """See ``tts.core.Tools.grade``."""
        setting = self._cell.setting
        if not setting.strategy.oracle:
            raise TtsError(
                f"strategy {setting.name!r} asks what is correct without being declared oracle = True, which it would "
                "be named as in every table"
            )
        return list(await self._panel.grade(self._cell.problem, [c.text for c in candidates]))

    async def score(self, verifier: str, candidates: Sequence[Candidate]) -> list[Score]:
        """See ``tts.core.Tools.score``."""
        self._path.begin()  # whose scores are asked has waited for their texts
        scores = await self._panel.score(verifier, self._cell.problem, candidates)
        # The same text is computed once a cell.
        self._scored |= {(verifier, c.text): s.tokens for c, s in zip(candidates, scores, strict=True)}
        return scores

    async def values(self, verifier: str, aggregation: str, candidates: Sequence[Candidate]) -> list[float]:
        """See ``tts.core.Tools.values``."""
        return [aggregate(s.values, aggregation) for s in await self.score(verifier, candidates)]

    def rng(self, *path: str | int) -> np.random.Generator:
        """A generator that is a function of the cell and ``path`` alone."""
        cell = self._cell
        _, _, strategy, label, seed, budget = cell.key
        return stream(cell.problem.name, strategy, label, seed, budget, *path)

    def record(self, **entry: object) -> None:
        """See ``tts.core.Tools.record``."""
        self.history.append({k: _json(v) for k, v in entry.items()})

    def origin(self, candidate: Candidate) -> list[object]:
        """What a candidate is made of: (context, path) of a completion in the journal, or a forced piece's text."""
        return [p.text if isinstance(p, Forced) else (self._contexts[p.path], p.path) for p in candidate.pieces]

    @property
    def contexts(self) -> dict[str, tuple[int, int]]:
        """By model (fingerprint): its context, and the least context that would bind none of the cell's requests."""
        models = self._broker.models
        reach: dict[str, tuple[int, int]] = {}
        for role, least in self._reach.items():
            model = models[role]
            before = reach.get(model.fingerprint, (0, 0))[1]
            reach[model.fingerprint] = (model.engine.context, max(before, least))
        return reach

    def charge(self, before: CellTools) -> None:
        """Charge this cell with what another's tools were asked for, too."""
        self._requests = [*before._requests, *self._requests]
        self._steps = [*before._steps, *self._steps]
        self._scored = {**before._scored, **self._scored}
        self._path.before += before._path.tokens
        self._path.enter()
        roles = {*self._reach, *before._reach}
        self._reach = {role: max(self._reach.get(role, 0), before._reach.get(role, 0)) for role in roles}

    def usage(self, candidates: Sequence[Candidate], passes: Mapping[str, Sequence[int]] | None = None) -> Usage:
        """What the cell spent. What the journal answered is charged as if it had been computed.

        ``passes``: by verifier, the tokens of its pass over each candidate for selection afterwards.
        """
        answers = [(len(ids), c) for ids, batch in self._requests for c in batch]
        generated = sum(c.output_tokens for _, c in answers)
        kept = {c.path: c.output_tokens for candidate in candidates for c in candidate.completions}
        ideal = ideal_prefill(self._requests).tolist()
        alone = set(self._reach) <= {POLICY}  # tokens of several models have no one size to be counted by
        by_verifier: dict[str, list[int]] = {}
        for (verifier, _), tokens in self._scored.items():
            by_verifier.setdefault(verifier, []).append(tokens)
        return Usage(
            output_tokens=generated,
            prompt_tokens_ideal=len(ideal),
            prompt_tokens_none=sum(start for start, _ in answers),
            discarded_tokens=generated - sum(kept.values()),
            verifier_tokens=sum(self._scored.values()),
            samples=len(answers),
            sequential_tokens=self._path.tokens,
            steps=len(self._steps),
            steps_cut=sum(c.finish_reason != "stop" for c in self._steps),
            output_positions=positions((start, start + c.output_tokens) for start, c in answers if alone),
            prompt_positions_ideal=positions((at, at + 1) for at in ideal if alone),
            prompt_positions_none=positions((0, start) for start, _ in answers if alone),
            verifier_positions={v: positions((0, t) for t in tokens) for v, tokens in by_verifier.items()},
            selection_tokens={
                v: tuple(0 if (v, c.text) in self._scored else t for c, t in zip(candidates, tokens, strict=True))
                for v, tokens in (passes or {}).items()
            },
        )


def _size(completion: Completion) -> int:
    arrays = (completion.token_ids, completion.logprobs, completion.top_ids, completion.top_logprobs)
    return OBJECT_BYTES + len(completion.text) + sum(a.nbytes for a in arrays if a is not None)


def _strings(stop: object) -> tuple[str, ...]:
    assert isinstance(stop, tuple | list)
    return tuple(stop)


def _json(value: object) -> object:
    """A value for the history: arrays as lists, what is not finite as null."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_json(v) for v in value]
    return value
