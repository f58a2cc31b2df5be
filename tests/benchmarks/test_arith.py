"""The generated arithmetic benchmark."""

from __future__ import annotations

import re

import pytest

from tts.benchmarks import get_benchmark
from tts.benchmarks.arith import ARITH
from tts.benchmarks.arith import test_split as split_of
from tts.benchmarks.expressions import LEVELS, LIMIT, Expression, Stream, Term, draw, parse
from tts.core import UsageError

PUBLISHED = {
    "Compute 28 + 57.": "85",
    "Compute 5*12 - 20.": "40",
    "Compute 6*7 + (7 + 9).": "58",
    "Compute 9*10 - 46 - 15 + 63.": "92",
    "Compute 14 + (8 + 13) + 8*2 - 47.": "4",
    "Compute 25 + (4 + 7) + 20 - 5*10 + 8.": "14",
    "Compute 3*12 - 3*2 + 43 - 5*10 + 12.": "35",
    "Compute 39 + 31 + 15 + 2*3 - 83 - 3 + 51 + 20.": "76",
    "Compute 5 + (16 - 13) + 78 + (10 - 6) - (3 + 14) - 7*5.": "38",
    "Compute 54 - (19 - 15) - (11 - 4) + 9*5 - 60 - (8 + 16) + 35.": "39",
    "Compute 99 - 30 - 4*8 - 8*3 - 2*4 + (8 + 16) - 2*10.": "9",
    "Compute 95 - 2 - 63 - 22 - 2*2 + 7*4 - 32 + 7*6 + 45 - 18.": "69",
    "Compute 6*8.": "48",
    "Compute 36 - 2 + 19.": "53",
}
STEP = re.compile(r"(-?\d+)([+*-])(\d+)=(-?\d+)")


@pytest.mark.parametrize("level", LEVELS)
def test_every_problem_is_right_readable_and_of_its_level(level: int) -> None:
    for expression in split_of(level, 60):
        assert expression.level == level
        assert re.fullmatch(r"[0-9 +*()-]+", expression.text)
        assert eval(expression.text) == expression.value
        *steps, boxed = expression.solution()
        assert len(steps) == level
        for step in steps:
            found = STEP.fullmatch(step)
            assert found is not None
            assert eval("".join(found.groups()[:3])) == int(found[4])
            assert 0 <= int(found[4]) <= LIMIT
        assert boxed == rf"\boxed{{{expression.value}}}"


def test_published_split_does_not_drift() -> None:
    problems = ARITH.load(limit=14).problems
    assert [p.id for p in problems[:3]] == ["01-000", "02-000", "03-000"]
    assert problems[12].id == "01-001"
    assert {p.question.text: p.answer for p in problems} == PUBLISHED


def test_longer_split_begins_with_the_shorter_and_has_no_repeats() -> None:
    long = split_of(1, 300)
    assert long[:20] == split_of(1, 20)
    assert len({e.text for e in long}) == 300
    assert split_of(1, 20, seed=1) != long[:20]
    assert all(e.held_out for e in long)


def test_train_and_test_sides_are_disjoint_and_of_the_stated_share() -> None:
    stream = Stream("a test")
    drawn = [draw(stream, 8) for _ in range(4000)]
    share = sum(e.held_out for e in drawn) / len(drawn)
    assert 0.08 < share < 0.12
    train = {e.text for e in drawn if not e.held_out}
    assert not train & {e.text for e in split_of(8, 200)}


def test_parse_reads_every_spelling_back() -> None:
    stream = Stream("another test")
    for i in range(600):
        expression = draw(stream, LEVELS[i % len(LEVELS)])
        assert parse(expression.text) == expression


@pytest.mark.parametrize("text", ["", "x", "3 +", "3+4", "3 + 4 ", "(3 + 4", "3 * 4", "3 + 4!"])
def test_parse_refuses_other_text(text: str) -> None:
    with pytest.raises(ValueError, match="not an arith expression"):
        parse(text)


def test_terms_spell_and_count() -> None:
    expression = Expression((Term("+", 47), Term("-", 3, "*", 12), Term("+", 8, "-", 5)))
    assert expression.text == "47 - 3*12 + (8 - 5)"
    assert (expression.value, expression.level) == (14, 4)
    assert expression.solution() == ["3*12=36", "47-36=11", "8-5=3", "11+3=14", r"\boxed{14}"]


def test_stream_is_uniform_enough_and_named() -> None:
    stream = Stream("uniform")
    counts = [0] * 7
    for _ in range(7000):
        counts[stream.below(7)] += 1
    assert min(counts) > 880
    assert max(counts) < 1120
    assert Stream("uniform").below(1000) != Stream("other").below(1000)


def test_arguments() -> None:
    benchmark = get_benchmark("arith:levels=3-5,per_level=2,seed=4")
    loaded = benchmark.load()
    assert benchmark.name == "arith:levels=3-5,per_level=2,seed=4"
    assert [p.question.level for p in loaded.problems] == ["3", "4", "5", "3", "4", "5"]
    assert len(get_benchmark("arith").load().problems) == 600
    assert len(get_benchmark("arith:levels=7").load().problems) == 50


@pytest.mark.parametrize(
    ("argument", "named"),
    [
        ("levels=0-3", "levels=0-3"),
        ("levels=13", "1-12"),
        ("levels=5-4", "levels=5-4"),
        ("levels=x", "levels=x"),
        ("per_level=0", "from 1 to 500"),
        ("per_level=501", "from 1 to 500"),
        ("seed=-1", "seed=-1"),
        ("level=3", "did you mean 'levels'"),
        ("levels=1,levels=2", "at most once"),
        ("", "levels=1-12,per_level=50"),
    ],
)
def test_bad_arguments(argument: str, named: str) -> None:
    with pytest.raises(UsageError, match=re.escape(named)):
        get_benchmark(f"arith:{argument}")
