"""Benchmarks' own checkers as grading asks them: found by the benchmark's name, also in a worker process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tts.benchmarks.catalog import BENCHMARKS, get_benchmark
from tts.core import Problem, Question
from tts.grading import Call, Checker

MODULE = __name__


def checker_of(benchmark: str) -> Checker | None:
    """The checker of a benchmark; None: its answers are graded by mathematical equivalence."""
    return get_benchmark(benchmark).checker


def version_of(benchmark: str, checker: Checker) -> str | None:
    """Which rules those are; None where they are not installed here.

    A benchmark of a file of the user's own is known by the file's contents, too.
    """
    if checker.version is None:
        return None
    source = BENCHMARKS.source(benchmark)
    name = benchmark if source is not None else benchmark.partition(":")[0]
    return " ".join(filter(None, (name, checker.version, source)))


def check_call(benchmark: str, checker: Checker, problem: Problem, answer: str, timeout_s: float) -> Call:
    """What to ask a worker for the verdict on an answer."""
    described = {"benchmark": benchmark, "problem": _described(problem)}
    prepare = None
    if checker.prepare_limit_s is not None:
        prepare = Call(f"{MODULE}:prepare", described, checker.prepare_limit_s, memory_bytes=checker.memory_bytes)
    limit = timeout_s if checker.limit_s is None else checker.limit_s
    return Call(f"{MODULE}:check", {**described, "answer": answer}, limit, prepare, checker.memory_bytes)


def prepare(benchmark: str, problem: Mapping[str, Any]) -> None:
    """In a worker: prepare for a problem."""
    _checker(benchmark).prepare(_problem(problem))


def check(benchmark: str, problem: Mapping[str, Any], answer: str) -> dict[str, Any]:
    """In a worker: the verdict on an answer."""
    checked = _checker(benchmark).check(_problem(problem), answer)
    return {"correct": bool(checked.correct), "detail": None if checked.detail is None else dict(checked.detail)}


def _checker(benchmark: str) -> Checker:
    checker = checker_of(benchmark)
    assert checker is not None, benchmark
    return checker


def _described(problem: Problem) -> dict[str, Any]:
    """A problem as JSON values."""
    q = problem.question
    question = {"id": q.id, "text": q.text, "subject": q.subject, "level": q.level, "public": dict(q.public)}
    return {"question": question, "answer": problem.answer, "payload": dict(problem.payload)}


def _problem(described: Mapping[str, Any]) -> Problem:
    return Problem(Question(**described["question"]), described["answer"], payload=described["payload"])
