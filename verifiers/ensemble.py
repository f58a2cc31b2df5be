"""Ensembles: several verifiers' scores of one candidate combined into one.

    verifiers:
      - name: ensemble/both
        members: [prm/tiny-arith, {name: prm/tiny-arith-weak, weight: 0.5}]
        combine: mean

Scores are combined as they are, so members should speak on one scale (probabilities with probabilities); rules that
need a whole pool, such as ranks, are no score of a candidate and belong to a selector.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tts.core import (
    CombinedVerifier,
    Models,
    OracleVerifier,
    Question,
    Score,
    TtsError,
    UsageError,
    Verifier,
    did_you_mean,
    fingerprint,
)
from tts.verifiers import make_verifier
from tts.verifiers.aggregate import AGGREGATIONS, aggregate
from tts.verifiers.options import VerifierOptions, read_options

COMBINATIONS: Mapping[str, Callable[[Sequence[float], Sequence[float]], float]] = {
    "mean": lambda scores, weights: math.fsum(map(float.__mul__, scores, weights)) / math.fsum(weights),
    "min": lambda scores, weights: min(scores),
    "prod": lambda scores, weights: math.prod(scores),
}
"""From the members' scores and weights to one."""


class MemberEntry(BaseModel):
    """One member: as an entry of ``verifiers``; further keys are its own options."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    name: str
    """``family/MODEL`` or ``family``."""
    weight: Annotated[float, Field(gt=0)] | None = None
    """Its weight in the mean. Default: 1."""
    aggregation: str | None = None
    """From its step scores to one number, where the ensemble gives one score in all. Default: its own."""
    engine: dict[str, Any] = {}
    """Options of its engine."""


def _entries(value: object) -> object:
    """``[{name: a}]`` for ``[a]``."""
    return [{"name": v} if isinstance(v, str) else v for v in value] if isinstance(value, list | tuple) else value


class EnsembleOptions(VerifierOptions):
    """Who is asked, and how what they say becomes one score."""

    members: Annotated[tuple[MemberEntry, ...], BeforeValidator(_entries), Field(min_length=2)]
    """Two verifiers or more: names, or entries with a weight and options."""
    combine: Literal["mean", "min", "prod"] = "mean"
    """``mean`` is weighted; ``min`` and ``prod`` want scores of at least 0."""


def create(model: str, options: Mapping[str, Any], models: Models, field: str) -> Ensemble:
    """Several verifiers combined: `ensemble/LABEL` with `members: [NAME, NAME, ...]` and `combine: mean|min|prod`."""
    read = read_options(EnsembleOptions, "ensemble", "", options, field)
    if models.engine:
        raise UsageError(f"{field}.engine: an ensemble has no engine of its own; give engine to its members")
    members = []
    for i, entry in enumerate(read.members):
        place = f"{field} (ensemble).members[{i}]"
        if entry.weight is not None and read.combine != "mean":
            raise UsageError(f"{place}.weight: {read.combine} takes no weights; leave it out or combine by mean")
        if entry.aggregation not in (None, *AGGREGATIONS):
            near = did_you_mean(str(entry.aggregation), AGGREGATIONS)
            raise UsageError(
                f"{place}.aggregation: unknown aggregation {entry.aggregation!r}{near}; "
                f"expected {', '.join(AGGREGATIONS)}"
            )
        member = make_verifier(entry.name, entry.model_extra or {}, models.bound(entry.engine), place)
        if isinstance(member, OracleVerifier):
            raise UsageError(
                f"{place}.name: {entry.name!r} is told which answers are correct, and would make the ensemble an "
                "oracle; name it beside the ensemble instead"
            )
        members.append(member)
    if all(m.process for m in members) and any(e.aggregation for e in read.members):
        raise UsageError(
            f"{field} (ensemble).members: all give a score a step, so that the ensemble does; give aggregation to the "
            "ensemble itself instead of a member"
        )
    return Ensemble(read, members, field)


class Ensemble(CombinedVerifier):
    """Asks all members at once. It gives a score a step where all members do, else one in all."""

    def __init__(self, options: EnsembleOptions, members: Sequence[Verifier], field: str = "verifiers"):
        """``members``: one for each of ``options.members``, not yet started."""
        self.name = "ensemble"
        self.members = tuple(members)
        self.process = all(m.process for m in members)
        self.reads_tokens = any(m.reads_tokens for m in members)
        self.logprobs = max((m.logprobs for m in members if m.logprobs is not None), default=None)
        own = {m.aggregation for m in members}
        self.aggregation = own.pop() if len(own) == 1 else "last"
        self._weights = [1.0 if e.weight is None else e.weight for e in options.members]
        self._rules = [e.aggregation or m.aggregation for e, m in zip(options.members, members, strict=True)]
        self._combine = COMBINATIONS[options.combine]
        parts = {f"{i} {rule}": m.fingerprint for i, (rule, m) in enumerate(zip(self._rules, members, strict=True))}
        self.fingerprint = fingerprint(
            {"verifier": "ensemble 1", "combine": options.combine, "weights": str(self._weights), **parts}
        )

    def combine(self, question: Question, scores: Sequence[Sequence[Score]]) -> list[Score]:
        """The members' scores combined, step by step or one in all; tokens are those of all members.

        Raises TtsError where members disagree on how many steps an answer has.
        """
        return [self._one(question, of_one) for of_one in zip(*scores, strict=True)]

    def _one(self, question: Question, scores: Sequence[Score]) -> Score:
        tokens, too_long = sum(s.tokens for s in scores), any(s.too_long for s in scores)
        if not self.process:
            single = [
                aggregate(s.values, rule) if m.process else s.values[0]
                for m, s, rule in zip(self.members, scores, self._rules, strict=True)
            ]
            return Score((self._combine(single, self._weights),), tokens, too_long)
        counts = [len(s.values) for s in scores]
        if len(set(counts)) > 1:
            found = ", ".join(f"{m.name}: {n}" for m, n in zip(self.members, counts, strict=True))
            raise TtsError(
                f"verifiers ({self.name}): members see different numbers of steps in an answer to question "
                f"{question.id} ({found}); give them the same delimiter"
            )
        steps = zip(*(s.values for s in scores), strict=True)
        return Score(tuple(self._combine(step, self._weights) for step in steps), tokens, too_long)

    async def close(self) -> None:
        """Close the members."""
        await asyncio.gather(*(m.close() for m in self.members))
