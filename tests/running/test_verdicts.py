"""Verdicts: kept with what made them, and made anew where that is another."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from helpers import rows, sweep
from scripted import ScriptedEngine

from tts.core import Completion, Problem, Question, Request, UsageError
from tts.grading import service
from tts.session import regrade_run, run


class Spells(ScriptedEngine):
    """Says ``1+x`` where the reference is ``x+1``: only a worker can tell that these are equal."""

    async def sample(self, request: Request) -> list[Completion]:
        answers = await super().sample(request)
        return [
            Completion(a.path, r"So \boxed{1+x}.", a.token_ids, a.finish_reason, a.stop_reason, a.logprobs)
            for a in answers
        ]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "p.jsonl").write_text(json.dumps({"id": "a", "problem": "x?", "answer": "x+1"}) + "\n")
    return tmp_path / "run"


def go(place: Path, **grading: object) -> int:
    config = sweep("best_of_n", n=2, benchmarks=[f"jsonl:{place.parent}/p.jsonl"], grading=grading)
    return run(config, place, engine=Spells()).drawn


def verdicts(place: Path) -> list[tuple[int, str | None]]:
    return rows(place, "SELECT correct, verdict FROM candidates ORDER BY idx")


TIMEOUT = '{"outcome":"timeout"}'


def test_a_timeout_is_no_verdict_and_more_time_grades_again(place: Path) -> None:
    assert go(place, timeout_s=1e-5) == 2
    assert verdicts(place) == [(0, TIMEOUT), (0, TIMEOUT)]
    assert rows(place, "SELECT * FROM verdicts") == []
    assert go(place, timeout_s=60) == 0
    assert verdicts(place) == [(1, None), (1, None)]
    assert rows(place, "SELECT reference, answer, correct FROM verdicts") == [("x+1", "1+x", 1)]


def test_a_resume_leaves_timeouts_alone_and_regrading_tries_them_again(place: Path) -> None:
    go(place, timeout_s=1e-5)
    assert run(None, place, engine=Spells()).done == 0
    assert regrade_run(place, {}).done == 1
    assert verdicts(place) == [(0, TIMEOUT), (0, TIMEOUT)]
    assert regrade_run(place, {"timeout_s": 60}).done == 1
    assert verdicts(place) == [(1, None), (1, None)]
    assert regrade_run(place, {}).done == 0


def test_a_newer_grader_grades_again_and_does_not_believe_what_was_kept(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(place)
    with sqlite3.connect(place / "journal.sqlite") as db:  # as if the grader had been wrong
        db.execute("UPDATE verdicts SET correct = 0")
        db.execute("UPDATE candidates SET correct = 0")
    assert run(None, place, engine=Spells()).done == 0
    monkeypatch.setattr(service, "EQUIVALENCE", "equivalence of tomorrow")
    summary = run(None, place, engine=Spells())
    assert (summary.done, summary.drawn) == (1, 0)
    assert [correct for correct, _ in verdicts(place)] == [1, 1]


def test_other_limits_believe_verdicts_that_were_settled(place: Path) -> None:
    go(place)
    with sqlite3.connect(place / "journal.sqlite") as db:
        db.execute("UPDATE verdicts SET correct = 0")
    go(place, timeout_s=30)
    assert [correct for correct, _ in verdicts(place)] == [0, 0], "it was asked again"


PUZZLE = """
from tts.benchmarks import Benchmark, Loaded
from tts.core import Problem, Question
from tts.grading import Checked, Checker
class Counts(Checker):
    version = "1"
    def extract(self, text):
        return text
    def check(self, problem, answer):
        shown = problem.question.public["shown"]
        return Checked(len(problem.payload["secret"]) == SIZE, {"size": SIZE, "shown": shown})
class Own(Benchmark):
    def load(self, *, data_dir=None, limit=None):
        question = Question("a", "How many?", public={"shown": 3})
        return Loaded((Problem(question, "?", payload={"secret": "1234"}),), "here", None)
OWN = Own(name="own", description="mine", checker=Counts())
"""


def test_a_checker_sees_the_payload_its_detail_is_kept_and_an_edited_one_grades_again(tmp_path: Path) -> None:
    file, place = tmp_path / "own.py", tmp_path / "run"
    config = sweep("greedy", benchmarks=[f"{file}:OWN"])
    for size, correct in ((3, 0), (4, 1)):
        file.write_text(PUZZLE.replace("SIZE", str(size)))
        summary = run(config, place, engine=ScriptedEngine())
        assert summary.drawn == (1 if size == 3 else 0)
        assert verdicts(place) == [(correct, f'{{"detail":{{"shown":3,"size":{size}}}}}')]
    assert rows(place, "SELECT public, payload FROM problems") == [('{"shown":3}', '{"secret":"1234"}')]
    kept = rows(place, "SELECT grader, correct FROM verdicts ORDER BY correct")
    assert [correct for _, correct in kept] == [0, 1] and len({grader for grader, _ in kept}) == 2


HANGS = PUZZLE.replace("return Checked(", "import time; time.sleep(60)\n        return Checked(")


def test_a_checker_that_hangs_harms_its_own_verdict_only(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(HANGS.replace("SIZE", "4"))
    run(
        sweep("greedy", benchmarks=[f"{tmp_path}/own.py:OWN"], grading={"timeout_s": 0.5}),
        tmp_path / "run",
        engine=ScriptedEngine(),
    )
    assert verdicts(tmp_path / "run") == [(0, TIMEOUT)]


def test_what_only_grading_sees_reaches_no_strategy_and_no_verifier(tmp_path: Path) -> None:
    """They are given the question, which has no payload; the problem has it."""
    assert "payload" not in Question.__dataclass_fields__
    assert {"payload", "answer"} <= set(Problem.__dataclass_fields__)


def test_a_run_of_imported_samples_says_how_it_is_graded_again(tmp_path: Path) -> None:
    from tts.cli import main

    samples = {"id": "a", "problem": "1+1?", "gold": "2", "text": ["\\boxed{2}"]}
    (tmp_path / "s.jsonl").write_text(json.dumps(samples) + "\n")
    main(["import", str(tmp_path / "s.jsonl"), "--out", str(tmp_path / "run")])
    with pytest.raises(UsageError, match="`tts import` its files again"):
        regrade_run(tmp_path / "run", {})
