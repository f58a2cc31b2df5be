"""Grading as a service: answers, classes and verdicts, of which only settled ones are kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tts.core import Message, Problem, Prompt, Question, UsageError
from tts.grading import EQUIVALENCE, Call, Checked, Checker, Graded, Grading, Settled, Verdict

BOMB = "9^{9^{9^{9}}}"


@dataclass
class Stored:
    """A problem as a run holds it."""

    answer: str
    payload: dict[str, Any] = field(default_factory=dict)
    benchmark: str = "plain"
    question: Question = field(default_factory=lambda: Question("q", "What?"))
    messages: Sequence[Message] = ()
    prompt: Prompt = field(default_factory=lambda: Prompt("What?", ()))


class Says(Checker):
    """The answer is what the text says."""

    def extract(self, text: str) -> str | None:
        return text or None

    def check(self, problem: Problem, answer: str) -> Checked:
        raise AssertionError("asked in the run's own process")


@dataclass
class Rules:
    """The checker of the benchmark ``own``."""

    version: str = "1"

    def checker_of(self, benchmark: str) -> Checker | None:
        return Says() if benchmark == "own" else None

    def version_of(self, benchmark: str, checker: Checker) -> str:
        return f"{benchmark} {self.version}"

    def check_call(self, benchmark: str, checker: Checker, problem: Problem, answer: str, timeout_s: float) -> Call:
        return Call("service_checks:check", {"answer": answer, "secret": problem.payload["secret"]}, timeout_s)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def grade(problem: Stored, texts: Sequence[str], **more: Any) -> Graded:
    with Grading(Rules(), **more) as grading:
        return asyncio.run(grading.grade(problem, texts))


OWN = Stored("a", {"secret": "yes"}, "own")


def test_a_verdict_has_an_outcome_and_what_else_the_checker_says() -> None:
    graded = grade(OWN, ["yes", "no", "", "hang", "die", "raise"], timeout_s=0.5)
    assert graded.answers == ("yes", "no", None, "hang", "die", "raise")
    assert graded.classes == (0, 1, -1, 2, 3, 4)
    assert graded.correct == (True, False, False, False, False, False)
    yes, no, nothing, hung, died, raised = graded.verdicts
    assert yes == Verdict(True, "ok", '{"first_bad":3}')
    assert no == Verdict(False, "ok", '{"first_bad":2}')
    assert nothing is None
    assert hung == Verdict(False, "timeout") and died == Verdict(False, "error")
    assert raised == Verdict(False, "error", '{"raised":"ValueError: no such move"}')
    assert graded.grader["timeouts"] == 1


def test_what_was_not_settled_is_no_verdict_to_keep() -> None:
    """A timeout that was kept would stay wrong under any later limit."""
    with Grading(Rules(), timeout_s=0.5) as grading:
        asyncio.run(grading.grade(OWN, ["yes", "hang", "die", "raise"]))
        asyncio.run(grading.grade(Stored("x+1"), [r"\boxed{1+x}", rf"\boxed{{{BOMB}}}"]))
        kept = grading.fresh()
        assert {(v.grader, v.answer) for v in kept} == {("own 1", "yes"), (EQUIVALENCE, "1+x")}
        assert grading.fresh() == []


def test_kept_verdicts_are_believed_by_the_same_grader_and_by_no_other() -> None:
    with Grading(Rules()) as grading:
        asyncio.run(grading.grade(OWN, ["no"]))
        (kept,) = grading.fresh()
    turned = kept._replace(correct=True)
    for rules, believed in ((Rules(), True), (Rules("2"), False)):
        with Grading(rules) as grading:
            grading.remember([turned, Settled("equivalence 0", "7", "8", True)])
            assert asyncio.run(grading.grade(OWN, ["no"])).correct == (believed,)
            assert asyncio.run(grading.grade(Stored("7"), [r"\boxed{8}"])).correct == (False,)


def test_a_verdict_is_of_the_whole_problem() -> None:
    with Grading(Rules()) as grading:
        asyncio.run(grading.grade(OWN, ["no"]))
        other = Stored("a", {"secret": "no"}, "own")
        assert asyncio.run(grading.grade(other, ["no"])).correct == (True,)


def test_any_of_several_references_is_right() -> None:
    problem = Stored("7", {"references": ["x+1", "0.5"]})
    texts = [rf"\boxed{{{a}}}" for a in ("7", "1+x", "1/2", "8")]
    assert grade(problem, texts).correct == (True, True, True, False)


def test_a_problem_that_cannot_be_graded_ends_with_one_line() -> None:
    with pytest.raises(UsageError, match="this problem is made anew by another version"):
        grade(OWN, ["refuse"])


def test_many_problems_are_graded_at_once_without_blocking_the_loop() -> None:
    async def both(grading: Grading) -> int:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        await asyncio.gather(grading.grade(OWN, ["hang"]), grading.grade(OWN, ["yes"]))
        ticking.cancel()
        return ticks

    with Grading(Rules(), workers=2, timeout_s=0.5) as grading:
        assert asyncio.run(both(grading)) > 10


def test_details_are_json() -> None:
    verdict = grade(OWN, ["yes"]).verdicts[0]
    assert verdict is not None and json.loads(verdict.detail or "") == {"first_bad": 3}
