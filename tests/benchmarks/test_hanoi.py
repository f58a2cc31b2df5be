"""Tower of Hanoi: problems, the simulator, and what counts as a list of moves."""

from __future__ import annotations

import itertools
import re
from collections import deque

import pytest

from tts.benchmarks import get_benchmark
from tts.benchmarks.hanoi import pairs
from tts.benchmarks.hanoi_moves import PEGS, HanoiChecker, play, read_moves, solve, spell
from tts.core import Problem, Question, UsageError

CHECK = HanoiChecker()
MOVES = ["".join(m) for m in itertools.permutations(PEGS, 2)]


def classic(disks: int) -> Problem:
    problems = get_benchmark(f"hanoi:disks={disks},per_level=6").load().problems
    return next(p for p in problems if p.id.endswith("A" * disks + "-" + "C" * disks))


def test_problems_are_the_published_ones() -> None:
    first, *_, last = get_benchmark("hanoi:disks=3-4,per_level=2").load().problems
    assert (first.id, first.answer) == ("03-000/CCC-BBB", "C->B, C->A, B->A, C->B, A->C, A->B, C->B")
    assert last.question.level == "4"
    assert "A: empty\nB: empty\nC: 3 2 1\nThe goal is:\nA: empty\nB: 3 2 1" in first.question.text
    assert len({p.id for p in get_benchmark("hanoi").load().problems}) == 48
    assert pairs(5, 9, 0, "random")[:4] == pairs(5, 4, 0, "random") != pairs(5, 4, 1, "random")


@pytest.mark.parametrize("argument", ["disks=1-10", "disks=1-10,states=random,per_level=12,seed=3"])
def test_every_reference_is_correct(argument: str) -> None:
    for problem in get_benchmark(f"hanoi:{argument}").load().problems:
        answer = CHECK.extract(rf"So: \boxed{{{problem.answer}}}.")
        assert answer == problem.answer
        assert CHECK.check(problem, answer).correct


def test_references_are_shortest_as_breadth_first_search_finds_them() -> None:
    for start in map("".join, itertools.product(PEGS, repeat=3)):
        distance, queue = {start: 0}, deque([start])
        while queue:
            state = queue.popleft()
            for move in MOVES:
                after, first_bad = play(state, [move])
                if first_bad is None and after not in distance:
                    distance[after] = distance[state] + 1
                    queue.append(after)
        assert len(distance) == 27
        for goal, shortest in distance.items():
            assert len(solve(start, goal)) == shortest
            assert play(start, solve(start, goal)) == (goal, None)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("A->B, A->C, B->C", {"moves": 3}),
        ("A->B, A->B, B->C", {"moves": 3, "first_bad": 2}),
        ("B->A", {"moves": 1, "first_bad": 1}),
        ("A->B, A->C, B->A", {"moves": 3, "end": "AC"}),
        ("A->B and so on", {"moves": None}),
    ],
)
def test_the_first_bad_move_is_told(text: str, detail: dict[str, object]) -> None:
    assert CHECK.check(classic(2), text).detail == detail


def test_states_are_public_and_those_of_an_imported_problem_are_in_its_id() -> None:
    two = classic(2)
    assert two.question.public == {"start": "AA", "goal": "CC"}
    assert CHECK.check(Problem(Question("02-000/AA-CC", ""), ""), two.answer).correct
    with pytest.raises(UsageError, match="does not end in START-GOAL"):
        CHECK.check(Problem(Question("02-000/AA-CCD", ""), ""), two.answer)


def test_a_longer_way_is_correct_and_an_illegal_or_unfinished_one_is_not() -> None:
    two = classic(2)
    assert two.answer == "A->B, A->C, B->C"
    assert CHECK.check(two, "A->C, C->B, A->C, B->C").correct
    for wrong in ("A->B, A->C", "A->C, A->C", "B->C", "A->A, A->B, A->C, B->C", "A->B, A->B, B->C, B->C", "7", ""):
        assert not CHECK.check(two, wrong).correct, wrong


@pytest.mark.parametrize(
    "text",
    [
        "A->B, A->C, B->C",
        "a->b,a->c,b->c",
        r"A \to B,\ A \to C,\ B \to C",
        r"\text{A} \rightarrow \text{B}, \text{A} \rightarrow \text{C}, \text{B} \rightarrow \text{C}",
        r"\text{A->B, A->C, B->C}",
        "A→B; A→C; B→C.",
        "[A->B, A->C, B->C]",
        "1. A --> B\n2. A --> C\n3. B --> C",
        "A to B, A to C, B to C",
        "(A->B), (A->C), (B->C)",
    ],
)
def test_spellings_of_the_same_moves_are_one_class(text: str) -> None:
    assert read_moves(text) == ["AB", "AC", "BC"]
    assert CHECK.canonical(text) == "A->B, A->C, B->C"


@pytest.mark.parametrize("text", ["", "A->B->C", "A->D", "none", "A->B and then A->C", "AB, AC", "A->B, ...", "BA->C"])
def test_other_text_is_no_list_of_moves(text: str) -> None:
    assert read_moves(text) is None
    assert CHECK.canonical(text) == text


def test_moves_are_found_without_a_box_after_a_marker_only() -> None:
    assert CHECK.extract("I move.\n**Final answer:** A->B, A->C") == "A->B, A->C"
    assert CHECK.extract("Moves:\n1. A->B\n2. A->C\n\nDone.") == "1. A->B\n2. A->C"
    assert CHECK.extract("A->B, A->C") is None
    assert CHECK.extract(r"\boxed{A->B, A->C, " + "A->B, " * 100) is None  # cut off


@pytest.mark.parametrize(
    "text", ["A->" * 60_000, "A->B," * 30_000, "1. " * 60_000, "\\text{" * 20_000, "answer:" * 20_000]
)
def test_long_rubbish_is_wrong_at_once(text: str) -> None:
    CHECK.extract(text)
    CHECK.canonical(text)
    assert not CHECK.check(classic(2), text).correct


def test_ten_disks() -> None:
    problem = classic(10)
    assert problem.answer.count("->") == 1023
    assert spell(solve("A" * 10, "C" * 10)) == problem.answer


@pytest.mark.parametrize(
    ("argument", "named"),
    [
        ("disks=0-3", "disks=0-3, expected a number or a range of numbers within 1-10"),
        ("disks=11", "within 1-10"),
        ("per_level=7", "per_level=7, expected a whole number from 1 to 6"),
        ("states=random,per_level=101", "from 1 to 100"),
        ("states=any", "states=any, expected tower or random"),
        ("disk=3", "did you mean 'disks'"),
        ("seed=x", "seed=x"),
        ("", "write hanoi:disks=3-6"),
    ],
)
def test_bad_arguments(argument: str, named: str) -> None:
    with pytest.raises(UsageError, match=re.escape(named)):
        get_benchmark(f"hanoi:{argument}")
