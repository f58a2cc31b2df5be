"""What a completion answers."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.grading import extract_answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"We get $\boxed{12}$.", "12"),
        (r"So \boxed{\frac{a}{\sqrt{b}}} it is", r"\frac{a}{\sqrt{b}}"),
        (r"\fbox{7}", "7"),
        (r"\boxed 8", "8"),
        (r"\boxed{\boxed{9}}", "9"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"First \boxed{3}, then \boxed{4}.", "4"),
        (r"\boxed{3}. Wait, that is wrong. \boxed{4}", "4"),
        (r"\boxed{5} is it, as the answer is 6", "5"),
        (r"\boxed{} so it must be 3", "3"),
        (r"cut off: \boxed{\frac{1}{2", r"\frac{1}{2"),
    ],
)
def test_the_last_box_wins(text: str, answer: str) -> None:
    assert extract_answer(text) == answer


def test_boxes_that_the_text_joins_are_one_answer() -> None:
    assert extract_answer(r"x is \boxed{2} or \boxed{-2}.") == "2, -2"
    assert extract_answer(r"$\boxed{2}$, $\boxed{3}$ and $\boxed{5}$") == "2, 3, 5"
    assert extract_answer(r"\boxed{2} and so the area is \boxed{40}") == "40"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is 42.", "42"),
        ("the answer is: $\\frac{3}{4}$. Good.", r"\frac{3}{4}"),
        ("Final answer: 3/4", "3/4"),
        ("**Final Answer**\n\n$x^2$", "x^2"),
        ("The final answer is $[0,1)$. I hope it is correct.", "[0,1)"),
        ("He has 4 + 5 = 9\n#### 1,234", "1,234"),
        ("He has 4 + 5 = 9\nA: 9", "9"),
        ("Answer: 3.5", "3.5"),
        ("The answer is (C).", "C"),
        ("So option (B) fits, unlike 7.", "B"),
        ("The answer is 3. No, the answer is 5.", "5"),
        ("The answer is not obvious. Still, x = 6 holds.", "6"),
        ("#### 1. Compute\nThere are 12 of them", "12"),
        ("The answer is Monday.", "Monday"),
    ],
)
def test_statements(text: str, answer: str) -> None:
    assert extract_answer(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("so 3 of 8 remain, hence 5 apples", "5"),
        ("it costs $3.50 in all", "$3.50"),
        (r"the chance is $\frac{2}{7}$ then", r"\frac{2}{7}"),
        ("It costs $5 and sells for $7 at noon", "$7"),
        ("-12", "-12"),
        ("共有13只鸟", "13"),
        ("I choose (D)", "D"),
        ("nothing to see", None),
        ("model R2D2", None),
        ("", None),
    ],
)
def test_last_resorts(text: str, answer: str | None) -> None:
    assert extract_answer(text) == answer


def test_only_what_follows_the_last_end_of_thinking_counts() -> None:
    assert extract_answer(r"<think>\boxed{1}</think> The answer is 2.") == "2"
    assert extract_answer(r"<think>a</think> b <think>c</think> 3") == "3"
    assert extract_answer(r"\boxed{1}</think>") is None


def test_a_completion_cut_off_in_its_thinking_has_no_answer() -> None:
    assert extract_answer(r"<think> so far \boxed{1}") is None
    assert extract_answer(r"<think>x</think> 5 <think> again") is None
    assert extract_answer(r"so far \boxed{1}", starts_in_thinking=True) is None
    assert extract_answer(r"so far \boxed{1}</think>\boxed{2}", starts_in_thinking=True) == "2"


def test_think_tags_are_configurable() -> None:
    assert extract_answer(r"[[ \boxed{1} ]] 2", think_tags=[("[[", "]]")]) == "2"
    assert extract_answer(r"<think> \boxed{1}", think_tags=[]) == "1"


PIECES = [*"{}\\$#*:.,()0123 \n-", "\\boxed", "answer is ", "A:", "####", "</think>", "\x00"]


@given(st.lists(st.sampled_from(PIECES), max_size=200))
def test_any_text_has_an_answer_or_none(pieces: list[str]) -> None:
    answer = extract_answer("".join(pieces))
    assert answer is None or (answer and answer == answer.strip())


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "{",
            "}",
            r"\boxed{",
            r"\boxed{1} and ",
            "answer is ",
            "answer is $1 ",
            "$",
            "$a",
            "$1$ ",
            "1,",
            "1",
            "-",
            "A:",
            r"\(",
            r"\[",
        ),
        *(
            "#### ",
            "####\n",
            " ",
            "\n",
            "\t",
            "<think>",
            "(A)",
            "*",
            "1/ ",
            ". ",
            "final answer\n",
            ".1",
            "1e",
            "> ",
            "123,456",
            r"\frac{",
        ),
    ],
)
def test_100_kilobytes_of_anything_are_quick(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    start = time.process_time()
    extract_answer(text)
    assert time.process_time() - start < 2  # measured: 0.05 to 0.3; anything quadratic takes minutes
