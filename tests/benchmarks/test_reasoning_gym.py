"""Tasks of the package reasoning-gym; all but the first few tests need it installed."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import time

import pytest

from tts.benchmarks import checks, get_benchmark
from tts.benchmarks.reasoning_gym import GymChecker, Task
from tts.core import Problem, UsageError
from tts.grading import CallFailedError, shared_pool
from tts.grading.workers import WorkerTimeoutError

INSTALLED = importlib.util.find_spec("reasoning_gym") is not None
needs_package = pytest.mark.skipif(not INSTALLED, reason="the package reasoning-gym is not installed")
LEGS = "reasoning_gym:leg_counting,size=3,seed=5,min_animals=2,max_animals=4"


def load(spec: str) -> tuple[Problem, ...]:
    return get_benchmark(spec).load().problems


def correct(spec: str, problem: Problem, answer: str) -> bool:
    """The verdict as grading asks for it: in a worker that can be killed."""
    checker = checks.checker_of(spec)
    assert checker is not None
    try:
        return bool(shared_pool().ask(checks.check_call(spec, checker, problem, answer, 2.0))["correct"])
    except WorkerTimeoutError:
        return False


def test_naming_a_task_needs_no_package_and_keeps_its_settings() -> None:
    benchmark = get_benchmark("reasoning_gym:sudoku,seed=3,min_empty=30,ranges=[1, 2],quick=true")
    assert isinstance(benchmark.checker, GymChecker)
    assert benchmark.checker.task == Task("sudoku", 50, 3, {"min_empty": 30, "ranges": [1, 2], "quick": True})


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ("reasoning_gym", "reasoning_gym needs TASK after a colon"),
        ("reasoning_gym:", "names no task; write reasoning_gym:TASK"),
        ("reasoning_gym:size=3", "names no task"),
        ("reasoning_gym:gcd,size=0", "size=0, expected a whole number from 1 to 10000; write for instance"),
        ("reasoning_gym:gcd,seed=x", "reasoning_gym:gcd: seed=x, expected a whole number"),
        ("reasoning_gym:gcd,size", "reasoning_gym:gcd: found 'size', expected KEY=VALUE at most once"),
        ("reasoning_gym:gcd,a={1: 2}", "a={1: 2}, expected a number"),
    ],
)
def test_bad_arguments(spec: str, named: str) -> None:
    with pytest.raises(UsageError, match=re.escape(named)):
        get_benchmark(spec)


def test_where_the_answer_is_looked_for() -> None:
    checker = GymChecker(Task("gcd"))
    assert checker.extract("<answer>1</answer> no, <answer>\n2 3\n4 5\n</answer>") == "2 3\n4 5"
    assert checker.extract(r"as <answer> says: \boxed{7}") == "7"
    assert checker.extract("<answer></answer>") is None
    assert checker.extract("seven") is None
    assert checker.extract("<answer>" * 20_000) is None


@pytest.mark.skipif(INSTALLED, reason="the package reasoning-gym is installed")
def test_without_the_package_the_extra_is_named() -> None:
    with pytest.raises(UsageError, match=re.escape("pip install 'tts-scaling[reasoning-gym]'")):
        load(LEGS)


@needs_package
def test_its_problems_and_its_scorer() -> None:
    problems = load(LEGS)
    assert [p.id for p in problems] == ["leg_counting/0", "leg_counting/1", "leg_counting/2"]
    assert "how many legs" in problems[0].question.text
    for problem in problems:
        assert correct(LEGS, problem, problem.answer)
        assert not correct(LEGS, problem, str(int(problem.answer) + 1))
        assert not correct(LEGS, problem, "")


@needs_package
@pytest.mark.parametrize("task", ["list_functions", "isomorphic_strings", "rearc", "graph_color"])
def test_a_new_process_makes_the_same_problems(task: str) -> None:
    spec = f"reasoning_gym:{task},size=3"
    first = load(spec)
    for pid in shared_pool().pids:
        os.kill(pid, signal.SIGKILL)
    assert load(spec) == first
    assert all(correct(spec, p, p.answer) for p in first)


@needs_package
def test_a_scorer_that_evaluates_is_stopped() -> None:
    spec = "reasoning_gym:countdown,size=1"
    (problem,) = load(spec)
    start = time.monotonic()
    assert not correct(spec, problem, "9**9**9**9**9")
    assert time.monotonic() - start < 30
    assert correct(spec, problem, f"({problem.answer})")


@needs_package
def test_a_problem_that_is_no_longer_made_is_told() -> None:
    _, problem, _ = load(LEGS)
    with pytest.raises(CallFailedError, match="makes other problems than the run was made with"):
        correct(LEGS.replace("seed=5", "seed=6"), problem, "4")


@needs_package
@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ("reasoning_gym:leg_countin", "no task 'leg_countin' (did you mean 'leg_counting'?)"),
        ("reasoning_gym:zzzz", "it has ab, "),
        (
            "reasoning_gym:gcd,min_number=3",
            "no parameter 'min_number' (did you mean 'min_numbers'?); it has size, seed,",
        ),
        ("reasoning_gym:leg_counting,max_animals=1", "reasoning-gym refuses {'max_animals': 1}: AssertionError"),
    ],
)
def test_what_the_package_does_not_know(spec: str, named: str) -> None:
    with pytest.raises(UsageError, match=re.escape(named)):
        load(spec)
