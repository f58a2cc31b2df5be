"""Which answers are running text that holds an answer, and which are formulas with names in them."""

from __future__ import annotations

import pytest

from tts.grading import Grader
from tts.grading.words import before_words, is_running_text, words_of


@pytest.mark.parametrize(
    "text",
    [
        "3+sqrt(2)+sqrt(3)+sqrt(6)",
        "sin(a) + cos b + tan c = 2",
        "AB = 5, BC = 6, CA = 8",
        "1 and 2 and 3 and 4",
        "xy + yz + zx = 5",
        "2 cm, 3 cm or 4 cm",
        "alpha + beta + gamma = 3",
        r"\text{the set of all } x > 2",
    ],
)
def test_a_formula_is_no_running_text(text: str) -> None:
    assert not is_running_text(text)


@pytest.mark.parametrize("text", ["so there are 12 of them", "x^2+5 for all real x", "Number of cats = 5"])
def test_words_side_by_side_are(text: str) -> None:
    assert is_running_text(text)


def test_the_words_and_what_stands_before_them() -> None:
    assert words_of("f(x) = 2ab, where ABC is sqrt(2) and $big$") == ["where", "is"]
    assert before_words("x^2+5, for all real x") == "x^2+5"
    assert before_words("x^2+5") == "x^2+5"


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("6", "3+sqrt(2)+sqrt(3)+sqrt(6)"),
        ("3", "arctan(1) + arctan(2) + arctan(3)"),
        ("4", "1 and 2 and 3 and 4"),
        ("5", "x^2+5 for all real x"),
        ("20", "12 apples are left of 20"),
    ],
)
def test_the_last_number_of_a_formula_is_not_its_value(grader: Grader, number: str, answer: str) -> None:
    assert not grader.equivalent(number, answer).equal
    assert not grader.equivalent(answer, number).equal


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"3+\sqrt{2}+\sqrt{3}+\sqrt{6}", "3+sqrt(2)+sqrt(3)+sqrt(6)"),
        ("x^2+5", "x^2+5 for all real x"),
        ("x^2+5", "$x^2+5$ for all $x > 0$"),
        ("12", "12 apples are left of 20"),
        ("12", "So there are 12 of them."),
        ("7", "5 is wrong, the answer is 7"),
    ],
)
def test_words_after_a_quantity_change_nothing(grader: Grader, gold: str, answer: str) -> None:
    assert grader.equivalent(gold, answer).equal
    assert grader.equivalent(answer, gold).equal
