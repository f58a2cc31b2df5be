"""Failures have kinds: a refusal is an outcome, a dead engine is started again, a busy one asked again."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from helpers import outcomes, rows, sweep
from scripted import ScriptedEngine

from tts.core import (
    Candidate,
    Completion,
    EngineDied,
    EngineError,
    Question,
    Refused,
    Request,
    Retryable,
    Score,
    Verifier,
)
from tts.session import run
from tts.session.broker import Broker
from tts.session.runner import Runner
from tts.sweep import parse_config
from tts.verifiers import VERIFIERS

FAST = {"recovery": {"restarts": 2, "retries": 3, "wait": 0}}


class Moody(ScriptedEngine):
    """Raises what it is told to for some of its requests."""

    def __init__(self, *errors: Exception | None, refuse: str | None = None):
        super().__init__()
        self.errors = list(errors)
        self.refuse = refuse
        self.closed = 0

    async def sample(self, request: Request) -> list[Completion]:
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        if self.refuse and request.problem.endswith(self.refuse):
            raise Refused("too many log-probabilities")
        return await super().sample(request)

    async def close(self) -> None:
        self.closed += 1


def test_a_refused_request_is_an_outcome_and_the_run_goes_on(tmp_path: Path) -> None:
    (problem,) = rows_of_problems(tmp_path)[:1]
    summary = run(sweep("best_of_n", n=4), tmp_path / "run", engine=Moody(refuse=problem))
    assert summary.cells == 6
    refused = rows(tmp_path / "run", "SELECT p.problem, d.refused, d.answer IS NULL FROM candidates d "
                                     "JOIN cells c ON c.id = d.cell JOIN problems p ON p.id = c.problem")  # fmt: skip
    assert {p for p, was, _ in refused if was} == {problem}
    assert all(silent for _, was, silent in refused if was)
    assert rows(tmp_path / "run", "SELECT DISTINCT stop_reason FROM samples WHERE finish_reason = 'refused'") == [
        ('"too many log-probabilities"',)
    ]


def test_a_refusal_is_asked_again_when_the_cell_is_made_again(tmp_path: Path) -> None:
    (problem,) = rows_of_problems(tmp_path)[:1]
    place = tmp_path / "run"
    run(sweep("best_of_n", n=4), place, engine=Moody(refuse=problem))
    run(sweep("best_of_n", n=5), place, engine=Moody())
    assert rows(place, "SELECT count(*) FROM samples WHERE finish_reason = 'refused'") == [(0,)]
    assert rows(place, "SELECT max(refused) FROM candidates") == [(0,)]


def rows_of_problems(tmp_path: Path) -> list[str]:
    run(sweep("greedy"), tmp_path / "names", engine=ScriptedEngine())
    return [p for (p,) in rows(tmp_path / "names", "SELECT problem FROM problems ORDER BY id")]


def test_a_dead_engine_is_started_again_and_asked_again(tmp_path: Path) -> None:
    engine = Moody(None, EngineDied("gone"), EngineDied("gone"))
    run(sweep("best_of_n", n=4, **FAST), tmp_path / "a", engine=engine)
    run(sweep("best_of_n", n=4), tmp_path / "b", engine=ScriptedEngine())
    assert outcomes(tmp_path / "a") == outcomes(tmp_path / "b")
    assert engine.started == 2, "two requests died with one life: one new start"


def test_an_engine_that_keeps_dying_ends_the_run_after_as_many_starts_as_configured(tmp_path: Path) -> None:
    engine = Moody(*[EngineDied("gone")] * 100)
    with pytest.raises(EngineDied, match="gone"):
        run(sweep("best_of_n", n=4, **FAST), tmp_path, engine=engine)
    assert engine.started == 3


def test_a_busy_engine_is_asked_again_after_a_while(tmp_path: Path) -> None:
    run(sweep("best_of_n", n=4, **FAST), tmp_path / "a", engine=Moody(*[Retryable("busy", after=0)] * 3))
    run(sweep("best_of_n", n=4), tmp_path / "b", engine=ScriptedEngine())
    assert outcomes(tmp_path / "a") == outcomes(tmp_path / "b")


def test_an_engine_that_stays_busy_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"busy \(asked 4 times\)"):
        run(sweep("best_of_n", n=4, **FAST), tmp_path, engine=Moody(*[Retryable("busy", after=0)] * 1000))


class Stuck(Verifier):
    """Cannot be closed."""

    name, fingerprint = "stuck", "stuck"

    async def score(self, question: Question, candidates: list[Candidate]) -> list[Score]:
        return [Score((0.5,)) for _ in candidates]

    async def close(self) -> None:
        raise RuntimeError("the panel's engine hangs")


def stuck(*_: object) -> Stuck:
    return Stuck()


def test_the_engine_is_closed_where_a_verifier_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VERIFIERS.__dict__, "_known", {**VERIFIERS._known, "stuck": f"{__name__}:stuck"})
    engine = Moody()
    with pytest.raises(RuntimeError, match="hangs"):
        run(sweep("greedy", verifiers=["stuck"]), tmp_path, engine=engine)
    assert engine.closed == 1


class Idle:
    """Grades slowly: cells pile up before it."""

    def __init__(self) -> None:
        self.live = self.most = 0

    async def record(self, *_: object) -> None:
        self.live += 1
        self.most = max(self.most, self.live)
        await asyncio.sleep(0.2)  # longer than six cells take on a busy machine
        self.live -= 1


def test_replay_is_bounded_by_what_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay draws nothing, so that what is in flight bounds nothing."""
    run(sweep("best_of_n", n=8), tmp_path, engine=ScriptedEngine())
    most = {}
    for limit in (1, 1 << 30):
        idle = Idle()
        monkeypatch.setattr(sys.modules[run.__module__], "Runner", _bounded(idle, limit))
        run(parse_config({**_data(tmp_path), "grading": {"timeout_s": 3}}, "test"), tmp_path, engine=ScriptedEngine())
        most[limit] = idle.most
    assert most == {1: 1, 1 << 30: 6}


def _data(place: Path) -> dict[str, object]:
    import yaml

    return yaml.safe_load((place / "config.yaml").read_text())


def _bounded(idle: Idle, limit: int):
    def make(broker: Broker, journal, outcomes, panel):
        return Runner(broker, journal, idle, panel, held_bytes=limit)  # type: ignore[arg-type]

    return make
