"""A draw and a score that two cells want are asked for once, and neither cell can take them from the other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from scripted import ScriptedEngine

from tts.core import (
    POLICY,
    Candidate,
    Completion,
    EngineError,
    Prompt,
    Question,
    Request,
    SamplingParams,
    Score,
    Verifier,
)
from tts.session.broker import Ask, Broker
from tts.session.flights import Flights
from tts.session.panel import Member, Panel
from tts.store import Journal, StoredProblem

PROBLEM = StoredProblem(1, "b", Question("p", "q"), "1", (), Prompt("q", (1, 2)))


class SlowEngine(ScriptedEngine):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.learn("b", "p", PROBLEM.prompt, "1")
        self.go = asyncio.Event()
        self.aborted = 0

    async def sample(self, request: Request) -> list[Completion]:
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.aborted += 1
            raise
        return await super().sample(request)


class SlowVerifier(Verifier):
    name, fingerprint = "slow", "slow"

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0

    async def score(self, question: Question, candidates: object) -> list[Score]:
        self.asked += 1
        await self.go.wait()
        return [Score((0.5,))]


@pytest.fixture
def journal(tmp_path: Path):
    opened = Journal(tmp_path / "journal.sqlite")
    opened.db.execute(
        "INSERT INTO problems (id, benchmark, problem, question, answer, messages, prompt, prompt_ids) "
        "VALUES (1, 'b', 'p', 'q', '1', '[]', 'q', x'0100000002000000')"
    )
    yield opened
    opened.close()


async def _asked(ask, times: int) -> list[asyncio.Task]:
    tasks = [asyncio.create_task(ask()) for _ in range(times)]
    for _ in range(20):
        await asyncio.sleep(0)
    return tasks


async def test_who_asked_first_for_a_draw_may_leave_without_taking_it_from_the_second(journal: Journal) -> None:
    engine = SlowEngine()
    broker = Broker({POLICY: engine}, journal, lambda chat, model: PROBLEM.prompt)

    async def ask():
        return await broker.draw(Ask(PROBLEM, SamplingParams(), 0, [("sample", 0)]))

    first, second = await _asked(ask, 2)
    first.cancel()
    await asyncio.sleep(0)
    engine.go.set()
    (drawn,) = (await second).completions
    assert drawn.path == ("sample", 0)
    assert first.cancelled()
    assert broker.drawn == 1


async def test_a_draw_that_nobody_waits_for_any_more_is_called_off(journal: Journal) -> None:
    engine = SlowEngine()
    broker = Broker({POLICY: engine}, journal, lambda chat, model: PROBLEM.prompt)
    asked = await _asked(lambda: broker.draw(Ask(PROBLEM, SamplingParams(), 0, [("sample", 0)])), 2)
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    for _ in range(5):
        await asyncio.sleep(0)
    assert engine.aborted == 1
    assert broker.in_flight == 0


async def test_who_asked_first_for_a_score_may_leave_without_taking_it_from_the_second(journal: Journal) -> None:
    judge = SlowVerifier()
    panel = Panel({"slow": Member(judge, ("last",))}, journal, None)  # type: ignore[arg-type]
    answer = Candidate((), "an answer")
    first, second = await _asked(lambda: panel.score("slow", PROBLEM, [answer]), 2)
    first.cancel()
    await asyncio.sleep(0)
    judge.go.set()
    assert await second == [Score((0.5,))]
    assert judge.asked == 1


async def test_every_asker_of_a_failed_request_is_told(journal: Journal) -> None:
    async def fail():
        await asyncio.sleep(0)
        raise EngineError("it died")

    flights: Flights[str, int] = Flights()
    flights.launch(["a", "b"], fail)
    waits = [asyncio.create_task(flights.wait(["a"])), asyncio.create_task(flights.wait(["b"]))]
    for told in await asyncio.gather(*waits, return_exceptions=True):
        assert isinstance(told, EngineError)
    assert "a" not in flights
