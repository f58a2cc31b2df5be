"""Extending a run: what may be added to a directory, and what would make its samples incomparable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from tts.benchmarks import NEXT_QUESTION
from tts.core import UsageError, canonical_json
from tts.engines import ModelPool
from tts.sweep.config import BenchmarkEntry, StrategyEntry, SweepConfig, VerifierEntry
from tts.verifiers import make_verifier


def merge(before: SweepConfig, now: SweepConfig, place: str) -> SweepConfig:
    """The union of two sweeps of one directory.

    More n, problems, benchmarks, strategies, seeds and selectors are an extension. Another model, prompt or sampling is
    a conflict: UsageError, saying what differs. Engine options and grading are the later sweep's.
    """
    if "stop" not in now.sampling.model_fields_set and before.sampling.stop in ((), (NEXT_QUESTION,)):
        # What the run took where nothing was said, it takes again: model and prompt are the same.
        now = now.model_copy(update={"sampling": now.sampling.model_copy(update={"stop": before.sampling.stop})})
    for part in ("model", "sampling", "prompt"):
        for field, old, new in _differences(part, getattr(before, part), getattr(now, part)):
            raise UsageError(
                f"{place}: {field} was {old!r} when the run was made, is {new!r} now; name another directory with --out"
                + (", or set it in a strategy's entry" if part == "sampling" else "")
            )
    for role in before.models.keys() & now.models.keys():
        old, new = before.models[role].name, now.models[role].name
        if old != new:
            raise UsageError(
                f"{place}: models.{role} was {old!r} when the run was made, is {new!r} now; name another directory "
                "with --out"
            )
    return now.model_copy(
        update={
            "models": {**before.models, **now.models},
            "benchmarks": _benchmarks(before, now),
            "limit": None,
            "seeds": tuple(dict.fromkeys((*before.seeds, *now.seeds))),
            "strategies": _strategies(before.strategies, now.strategies),
            "verifiers": _verifiers(before, now),
            "selectors": tuple(dict.fromkeys((*(before.selectors or ()), *(now.selectors or ())))) or None,
        }
    )


def _differences(name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Field, old and new value of whatever differs."""
    if isinstance(old, BaseModel):
        for field in type(old).model_fields:
            yield from _differences(f"{name}.{field}", getattr(old, field), getattr(new, field))
    elif old != new:
        yield name, old, new


def with_limits(config: SweepConfig) -> tuple[BenchmarkEntry, ...]:
    """The sweep's benchmarks, each with its own limit."""
    return tuple(b.model_copy(update={"limit": b.limit or config.limit}) for b in config.benchmarks)


def _benchmarks(before: SweepConfig, now: SweepConfig) -> tuple[BenchmarkEntry, ...]:
    """The wider limit of each, and the answer forms of the later sweep that names some."""
    entries: dict[str, BenchmarkEntry] = {}
    for entry in (*with_limits(before), *with_limits(now)):
        old = entries.get(entry.name, entry)
        limit = None if old.limit is None or entry.limit is None else max(old.limit, entry.limit)
        forms = entry.answer_forms or old.answer_forms
        entries[entry.name] = entry.model_copy(update={"limit": limit, "answer_forms": forms})
    return tuple(entries.values())


def _verifiers(before: SweepConfig, now: SweepConfig) -> tuple[VerifierEntry, ...]:
    """Aggregations of the same verifier are joined; its engine's options are the later sweep's."""
    found: dict[str, VerifierEntry] = {}
    for entry in (*before.verifiers, *now.verifiers):
        key = canonical_json(entry.model_dump(mode="json", exclude={"aggregation", "engine"}))
        same = found.get(key)
        if same is not None and same.aggregation != entry.aggregation:
            mine = make_verifier(entry.name, entry.model_extra or {}, ModelPool(entry.engine), "verifiers").aggregation
            both = tuple(dict.fromkeys((*(same.aggregation or (mine,)), *(entry.aggregation or (mine,)))))
            entry = entry.model_copy(update={"aggregation": both})
        found[key] = entry
    return tuple(found.values())


def _strategies(before: tuple[StrategyEntry, ...], now: tuple[StrategyEntry, ...]) -> tuple[StrategyEntry, ...]:
    found: dict[str, StrategyEntry] = {}
    for entry in (*before, *now):
        key = canonical_json(entry.model_dump(mode="json", exclude={"n"}))
        same = found.get(key)
        if same is not None and same.n is not None:
            entry = entry.model_copy(update={"n": tuple(sorted({*same.n, *(entry.n or ())}))})
        found[key] = entry
    return tuple(found.values())
