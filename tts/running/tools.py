"""What a strategy holds while it solves one cell: sampling and scoring through the journal, and random streams."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tts.core import Candidate, Completion, Message, Path, Score, TtsError, Usage, stream
from tts.running.broker import Broker
from tts.running.cells import Cell
from tts.running.panel import Panel
from tts.running.prefill import ideal_prefill, positions
from tts.verifiers import aggregate


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
        self.history: list[dict[str, object]] = []
        """What the strategy recorded, as JSON values."""

    async def sample(
        self,
        n: int,
        *,
        path: Path = ("sample",),
        prefix: Sequence[int] = (),
        turns: Sequence[Message] = (),
        **overrides: object,
    ) -> list[Completion]:
        """See ``tts.core.Sampler.sample``."""
        cell = self._cell
        paths = [(*path, i) for i in range(n)]
        if again := self._contexts.keys() & set(paths):
            raise TtsError(
                f"strategy {cell.setting.name!r} asked twice for the sample {min(again, key=str)}: a path names one "
                "fresh draw, so give each call a path of its own"
            )
        self._contexts |= dict.fromkeys(paths, 0)  # taken, before the first await
        params = cell.setting.sampling
        if "stop" in overrides:  # the sweep's own stop strings end an answer inside a search, too
            overrides["stop"] = tuple(dict.fromkeys((*_strings(overrides["stop"]), *params.stop)))
        if overrides:
            params = type(params).model_validate({**params.model_dump(), **overrides})
        context, ids, answers = await self._broker.draw(
            cell.problem, turns, prefix, params, cell.seed, paths, cell.index
        )
        self._contexts |= dict.fromkeys(paths, context)
        self._requests.append((ids, answers))
        if set(params.stop) - set(cell.setting.sampling.stop):
            self._steps += answers
        return answers

    async def score(self, verifier: str, candidates: Sequence[Candidate]) -> list[Score]:
        """See ``tts.core.Tools.score``."""
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
        _, strategy, label, seed, budget = cell.key
        return stream(cell.problem.name, strategy, label, seed, budget, *path)

    def record(self, **entry: object) -> None:
        """See ``tts.core.Tools.record``."""
        self.history.append({k: _json(v) for k, v in entry.items()})

    def origin(self, candidate: Candidate) -> list[tuple[int, Path]]:
        """Where the journal holds a candidate's completions: (context, path) each."""
        return [(self._contexts[c.path], c.path) for c in candidate.completions]

    def charge(self, before: CellTools) -> None:
        """Charge this cell with what another's tools were asked for, too."""
        self._requests = [*before._requests, *self._requests]
        self._steps = [*before._steps, *self._steps]
        self._scored = {**before._scored, **self._scored}

    def usage(self, candidates: Sequence[Candidate], passes: Mapping[str, Sequence[int]] | None = None) -> Usage:
        """What the cell spent. What the journal answered is charged as if it had been computed.

        ``passes``: by verifier, the tokens of its pass over each candidate for selection afterwards.
        """
        answers = [(len(ids), c) for ids, batch in self._requests for c in batch]
        generated = sum(c.output_tokens for _, c in answers)
        kept = {c.path: c.output_tokens for candidate in candidates for c in candidate.completions}
        ideal = ideal_prefill(self._requests).tolist()
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
            steps=len(self._steps),
            steps_cut=sum(c.finish_reason != "stop" for c in self._steps),
            output_positions=positions((start, start + c.output_tokens) for start, c in answers),
            prompt_positions_ideal=positions((at, at + 1) for at in ideal),
            prompt_positions_none=positions((0, start) for start, _ in answers),
            verifier_positions={v: positions((0, t) for t in tokens) for v, tokens in by_verifier.items()},
            selection_tokens={
                v: tuple(0 if (v, c.text) in self._scored else t for c, t in zip(candidates, tokens, strict=True))
                for v, tokens in (passes or {}).items()
            },
        )


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
