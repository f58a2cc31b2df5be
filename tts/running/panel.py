"""The run's verifiers: scores from the journal, else from the verifier, and shared where two cells ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tts.core import Candidate, Score, UsageError, Verifier, digest
from tts.running.cells import HeldProblem
from tts.running.config import SweepConfig
from tts.running.journal import Journal
from tts.verifiers import VERIFIERS, aggregate

Members = Mapping[str, tuple[Verifier, Sequence[str]]]
"""Verifiers with their aggregations, by name."""


def members_of(config: SweepConfig) -> Members:
    """The sweep's verifiers, not yet started. Raises UsageError (unknown family, missing model, option)."""
    members: dict[str, tuple[Verifier, Sequence[str]]] = {}
    for i, entry in enumerate(config.verifiers):
        field = f"verifiers[{i}].name"
        family, _, model = entry.name.partition("/")
        create = VERIFIERS.load(family, field)
        if not model:
            raise UsageError(f"{field}: found {entry.name!r}, expected {family}/MODEL")
        members[entry.name] = (create(model, entry.model_extra or {}, entry.engine, field), entry.aggregation)
    return members


def labels_of(config: SweepConfig) -> list[str]:
    """``name:aggregation`` of every score that the sweep's candidates come with."""
    return [label for entry in config.verifiers for label in entry.labels]


class Panel:
    """Every question to a verifier goes through here, so that nothing is scored twice."""

    def __init__(self, members: Members, journal: Journal):
        """``members``: see ``members_of``."""
        self._members = members
        self._journal = journal
        self._flights: dict[bytes, asyncio.Future[Score]] = {}

    async def score(self, name: str, problem: HeldProblem, candidates: Sequence[Candidate]) -> list[Score]:
        """One score a candidate, in order: held, being computed for another cell, or computed now.

        Raises UsageError where the run has no verifier of that name, EngineError when its engine dies.
        """
        if name not in self._members:
            raise UsageError(f"verifiers: a strategy asks for {name!r}, which the sweep does not name; add it")
        judge, _ = self._members[name]
        keys = [digest(judge.fingerprint, problem.name, problem.question.text, c.text) for c in candidates]
        held = self._journal.scores(keys)
        missing = {k: c for k, c in zip(keys, candidates, strict=True) if k not in held and k not in self._flights}
        for key in missing:
            self._flights[key] = asyncio.get_running_loop().create_future()
        shared = {k: self._flights[k] for k in keys if k not in held}
        if missing:
            await self._ask(name, judge, problem, missing)
        return [held[k] if k in held else await shared[k] for k in keys]

    async def _ask(self, name: str, judge: Verifier, problem: HeldProblem, missing: Mapping[bytes, Candidate]) -> None:
        """Ask the verifier, journal its scores and hand them to whoever waits for them."""
        try:
            scores = await judge.score(problem.question, list(missing.values()))
            fresh = dict(zip(missing, scores, strict=True))
            self._journal.record_scores(name, fresh)
            for key, score in fresh.items():
                self._flights[key].set_result(score)
        finally:
            for key in missing:
                self._flights.pop(key).cancel()  # without effect on those that have their score

    async def scored(self, problem: HeldProblem, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates with every verifier's score, by ``name:aggregation``."""
        found = [dict(c.scores) for c in candidates]
        for name, (_, aggregations) in self._members.items():
            for own, score in zip(found, await self.score(name, problem, candidates), strict=True):
                own |= {f"{name}:{how}": aggregate(score.values, how) for how in aggregations}
        return [replace(c, scores=own) for c, own in zip(candidates, found, strict=True)]

    async def close(self) -> None:
        """Stop the verifiers' engines."""
        for verifier, _ in self._members.values():
            await verifier.close()
