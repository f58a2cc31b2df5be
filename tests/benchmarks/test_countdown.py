"""Countdown: problems, the reader of expressions, and its agreement with published labels."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tts.benchmarks import get_benchmark
from tts.benchmarks.countdown import CountdownChecker, solutions
from tts.benchmarks.countdown_expressions import read
from tts.core import Problem, Question, UsageError

CHECK = CountdownChecker()
GAME = Problem(Question("4-000", ""), "(9 - 5) * (10 - 4)")


def makes(text: str, numbers: list[int], target: int) -> bool:
    question = Question("0", "", public={"numbers": numbers, "target": target})
    return CHECK.check(Problem(question, ""), text).correct


def test_problems_are_the_published_ones() -> None:
    problems = get_benchmark("countdown").load(limit=4).problems
    assert [(p.id, p.answer) for p in problems] == [
        ("3-000", "49 * (18 / 9)"),
        ("4-000", "81 + 2 * (16 / 8)"),
        ("5-000", "(3 + 1 + 10) * (24 / 12)"),
        ("6-000", "(42 / 7) * (2 + 3) + 3 + 9"),
    ]
    assert "each of the numbers 9, 18, 49 exactly once" in problems[0].question.text
    assert problems[0].question.text.endswith("equals 98.")
    assert solutions(4, 30, 0, "24")[:9] == solutions(4, 9, 0, "24") != solutions(4, 9, 1, "24")


@pytest.mark.parametrize("target", ["24", "random"])
def test_every_problem_is_solved_by_its_reference_and_no_two_are_the_same(target: str) -> None:
    problems = get_benchmark(f"countdown:per_level=100,target={target}").load().problems
    assert len({p.question.text for p in problems}) == 400
    for problem in problems:
        expression = read(problem.answer)
        assert expression is not None
        assert eval(problem.answer) == expression.value
        assert str(len(expression.numbers)) == problem.question.level
        assert max(expression.numbers) <= (13 if target == "24" else 99)
        assert target == "random" or expression.value == 24
        assert CHECK.check(problem, problem.answer).correct
        assert problem.question.public == {"numbers": sorted(expression.numbers), "target": expression.value}


@pytest.mark.parametrize(
    "text",
    [
        "(10 - 4) * (9 - 5)",
        "(9 - 5)(10 - 4) = 24",
        "24 = (9-5)*(10-4)",
        r"(10 - 4) \times (9 - 5) = 24",
        r"$\left(10-4\right) \cdot \left(9-5\right)$",
        "[10 − 4] × [9 − 5].",
        "(10 - 4) x (9 - 5)",
        "(-4 + 10) * (9 - 5)",
    ],
)
def test_spellings_of_the_same_expression_are_one_class_and_correct(text: str) -> None:
    assert CHECK.canonical(text) == "((10-4)*(9-5))"
    assert CHECK.check(GAME, text).correct


@pytest.mark.parametrize("text", [r"\frac{8}{3 - \frac{8}{3}}", "8/(3-8/3)", "8 ÷ (3 - 8 ÷ 3)"])
def test_values_are_exact(text: str) -> None:
    assert makes(text, [3, 3, 8, 8], 24)
    assert not makes("8/(3-2.6666666666666665)", [3, 3, 8, 8], 24)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24",
        "None",
        "4 * 6",
        "(10 - 4) * (9 - 5) + 0",
        "(10 - 4) * (9 - 5) * 1",
        "(10 - 4) * (9 - 6)",
        "10 ** 4 - 9 - 5",
        "10 // 4 * 9 - 5",
        "(10 - 4) * (9 - 5",
        "10 / (4 - 4) + 9 - 5",
        "1_0 - 4",
        "(10 - 4) * (9 - 5) if 1 else 0",
        "__import__('os').getcwd()",
        "9**9**9**9",
        "(" * 150 + "1" + ")" * 150,
        "(" * 5000,
        "9*" * 100_000,
        "\\frac{" * 3000,
        "1" * 399,
        "\x00",
        "٣ + 4",
        "\ud800",
    ],
)
def test_anything_else_is_wrong_and_harmless(text: str) -> None:
    assert not CHECK.check(GAME, text).correct
    CHECK.canonical(text)
    CHECK.extract(text)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("(9 - 5) * (10 - 4)", {"value": "24"}),
        ("9 + 5 + 10 - 4", {"value": "20"}),
        ("24 + 0", {"value": "24", "other_numbers": True}),
        ("10 / 4 - 9 / 5", {"value": "7/10"}),
        ("none", {"value": None}),
    ],
)
def test_what_is_wrong_with_an_expression_is_told(text: str, detail: dict[str, object]) -> None:
    assert CHECK.check(GAME, text).detail == detail


def test_the_normal_form_forgets_order_and_brackets_only() -> None:
    assert CHECK.canonical("1 + (2 - (3 - 4))") == CHECK.canonical("4 + 2 + 1 - 3")
    assert CHECK.canonical("12 / (3 / 2)") == CHECK.canonical("2 * 12 / 3")
    assert CHECK.canonical("2 * (3 + 4)") != CHECK.canonical("2 * 3 + 2 * 4")
    assert CHECK.canonical("2 + 2") != CHECK.canonical("2 * 2")
    assert CHECK.canonical("--7 + 1") == CHECK.canonical("1 + 7")


def test_where_the_answer_is_looked_for() -> None:
    assert CHECK.extract(r"Try 1 + 2. \boxed{3 + 4} Answer: 5") == "3 + 4"
    assert CHECK.extract("Answer: 1 + 2\nNo. **Answer:** (3 + 4) * 2 = 14\n") == "(3 + 4) * 2 = 14"
    assert CHECK.extract("so\n(3 + 4) * 2 = 14") == "(3 + 4) * 2 = 14"
    assert CHECK.extract("I cannot do it") is None
    assert CHECK.extract("it is 14") is None


@pytest.mark.parametrize("prompting", ["standard", "cot"])
def test_labels_of_the_game_of_24(shared_data: Path, prompting: str) -> None:
    """GPT-4's samples that Yao et al. (2023) published, with their labels: all 10,000 agree."""
    differing = []
    for line in (shared_data / f"samples/tot_game24_gpt4_{prompting}_100x100.jsonl").read_text().splitlines():
        row = json.loads(line)
        numbers = list(map(int, row["numbers"].split()))
        for index, (text, label) in enumerate(zip(row["response"], row["correct"], strict=True)):
            answer = CHECK.extract(text)
            if (answer is not None and makes(answer, numbers, 24)) != bool(label):
                differing.append((row["id"], index))
    assert differing == []


@pytest.mark.parametrize(
    ("argument", "named"),
    [
        ("numbers=2-4", "numbers=2-4, expected a number or a range of numbers within 3-6"),
        ("numbers=7", "within 3-6"),
        ("per_level=101", "per_level=101, expected a whole number from 1 to 100"),
        ("target=25", "target=25, expected 24 or random"),
        ("number=3", "did you mean 'numbers'"),
        ("numbers=3,numbers=4", "at most once"),
    ],
)
def test_bad_arguments(argument: str, named: str) -> None:
    with pytest.raises(UsageError, match=re.escape(named)):
        get_benchmark(f"countdown:{argument}")
