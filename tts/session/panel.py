"""The run's verifiers: scores from the journal, else from the verifier, and shared where two cells ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from tts.core import (
    Candidate,
    CombinedVerifier,
    Engine,
    KnowsAnswers,
    Models,
    OracleVerifier,
    Score,
    UsageError,
    Verifier,
    score_key,
)
from tts.session.flights import Flights
from tts.store import Journal, StoredProblem
from tts.sweep.cells import Setting
from tts.sweep.config import SweepConfig
from tts.verifiers import aggregate, make_verifier


@dataclass(frozen=True)
class Member:
    """One verifier of a run."""

    verifier: Verifier
    aggregations: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """``name:aggregation``, as in tables."""
        return tuple(f"{self.verifier.name}:{how}" for how in self.aggregations)


Members = Mapping[str, Member]
"""Verifiers by name."""

Grade = Callable[[StoredProblem, Sequence[str]], Awaitable[Sequence[bool]]]
"""Whether each of some texts answers the problem correctly."""


def members_of(config: SweepConfig, source: str, models: Models) -> Members:
    """The sweep's verifiers, not yet started. Raises UsageError (unknown family, missing model, option)."""
    members: dict[str, Member] = {}
    for i, entry in enumerate(config.verifiers):
        verifier = make_verifier(
            entry.name, entry.model_extra or {}, models.bound(entry.engine), f"{source}: verifiers[{i}]"
        )
        members[entry.name] = Member(verifier, entry.aggregation or (verifier.aggregation,))
    return members


def labels_of(members: Members) -> list[str]:
    """``name:aggregation`` of every score that the sweep's candidates come with."""
    return [label for member in members.values() for label in member.labels]


def check_guides(settings: Sequence[Setting], members: Members, source: str) -> None:
    """Raises UsageError where a strategy is guided by a verifier that gives no step scores, and needs them."""
    for setting in settings:
        guide = str(getattr(setting.strategy, "verifier", None))
        if setting.strategy.needs == "process" and not members[guide].verifier.process:
            fit = [name for name, member in members.items() if member.verifier.process]
            raise UsageError(
                f"{source}: strategies ({setting.name}).verifier: {guide!r} gives one score for a whole answer, and "
                f"{setting.name} needs one for each step; name {' or '.join(fit) or 'a process reward model'}"
            )


def check_logprobs(settings: Sequence[Setting], members: Members, engine: Engine, source: str) -> None:
    """Raises UsageError where a verifier reads log-probabilities that the samples will not have."""
    for name, member in members.items():
        least = member.verifier.logprobs
        if least is None:
            continue
        if isinstance(engine, KnowsAnswers):
            raise UsageError(
                f"{source}: verifiers: {name!r} reads log-probabilities, and a simulated engine has none; leave it "
                "out, or name a vllm/... model"
            )
        for setting in settings:
            kept = setting.sampling.logprobs
            if kept is None or kept < least:
                raise UsageError(
                    f"{source}: sampling.logprobs: found {'null' if kept is None else kept}, but {name!r} reads the "
                    f"log-probabilities of {setting.name}; {20 if least else 0} would do"
                )


class Panel:
    """Every question to a verifier goes through here, so that nothing is scored twice."""

    def __init__(self, members: Members, journal: Journal, grade: Grade):
        """``members``: see ``members_of``; ``grade``: for verifiers that are told what is correct."""
        self._members = members
        self._journal = journal
        self.grade = grade
        """Whether each of some texts answers a problem correctly."""
        self._flights: Flights[bytes, Score] = Flights()

    async def score(self, name: str, problem: StoredProblem, candidates: Sequence[Candidate]) -> list[Score]:
        """One score a candidate, in order: held, being computed for another cell, or computed now.

        Raises UsageError where the run has no verifier of that name, EngineError when its engine dies.
        """
        if name not in self._members:
            raise UsageError(f"verifiers: a strategy asks for {name!r}, which the sweep does not name; add it")
        return await self._judged(self._members[name].verifier, problem, candidates)

    async def _judged(self, judge: Verifier, problem: StoredProblem, candidates: Sequence[Candidate]) -> list[Score]:
        """The same of a verifier, which may be another one's member."""
        texts = [c.text for c in candidates]
        told = await self.grade(problem, texts) if _is_told(judge) else [None] * len(texts)
        keys = [
            score_key(judge.fingerprint, judge.reads_tokens, problem.name, problem.question, c, right)
            for c, right in zip(candidates, told, strict=True)
        ]
        held = self._journal.scores(keys)
        missing = {k: c for k, c in zip(keys, candidates, strict=True) if k not in held and k not in self._flights}
        if missing:
            self._flights.launch(missing, partial(self._ask, judge, problem, missing))
        fresh = await self._flights.wait(k for k in keys if k not in held)
        return [held[k] if k in held else fresh[k] for k in keys]

    async def _ask(
        self, judge: Verifier, problem: StoredProblem, missing: Mapping[bytes, Candidate]
    ) -> Mapping[bytes, Score]:
        """Ask the verifier and journal its scores."""
        scores = dict(zip(missing, await self._scores(judge, problem, list(missing.values())), strict=True))
        self._journal.record_scores(judge.name, scores)
        return scores

    async def _scores(self, judge: Verifier, problem: StoredProblem, candidates: Sequence[Candidate]) -> list[Score]:
        if isinstance(judge, CombinedVerifier):
            asked = (self._judged(member, problem, candidates) for member in judge.members)
            return judge.combine(problem.question, await asyncio.gather(*asked))
        if isinstance(judge, OracleVerifier):
            correct = await self.grade(problem, [c.text for c in candidates])
            return await judge.score_graded(problem.question, candidates, correct)
        return await judge.score(problem.question, candidates)

    async def scored(
        self, problem: StoredProblem, candidates: Sequence[Candidate]
    ) -> tuple[list[Candidate], dict[str, tuple[int, ...]]]:
        """The candidates with every verifier's score, by ``name:aggregation``, and the tokens of each pass, by name."""
        found = [dict(c.scores) for c in candidates]
        tokens = {}
        for name, member in self._members.items():
            scores = await self.score(name, problem, candidates)
            tokens[name] = tuple(score.tokens for score in scores)
            for own, score in zip(found, scores, strict=True):
                own |= {f"{name}:{how}": aggregate(score.values, how) for how in member.aggregations}
        return [replace(c, scores=own) for c, own in zip(candidates, found, strict=True)], tokens

    async def close(self) -> None:
        """Stop the verifiers' engines."""
        for member in self._members.values():
            await member.verifier.close()


def _is_told(judge: Verifier) -> bool:
    """Whether a verifier's scores hang on what it, or a member, is told to be correct."""
    if isinstance(judge, CombinedVerifier):
        return any(map(_is_told, judge.members))
    return isinstance(judge, OracleVerifier)
