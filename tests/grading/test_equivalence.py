"""Which answers are the same; each pair stands for a rule of docs/grading.md."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tts.grading import Grader, is_equivalent

EQUAL = {
    "numbers": [
        ("7", "7.0"),
        ("1/4", "0.25"),
        (r"\frac14", "1/4"),
        ("012", "12"),
        ("-.5", "-1/2"),
        (r"2\frac{1}{3}", "7/3"),
    ],
    "thousands": [("1,234,567", "1234567"), (r"1{,}000", "1000"), (r"12,\!500", "12500"), ("12 500", "12500")],
    "scientific": [("3.2e7", r"3.2 \times 10^7"), ("5e-3", "0.005")],
    "repeating": [(r"0.\overline{27}", "3/11"), (r"0.1\overline{6}", "1/6")],
    "decimals for what has none": [
        ("1/7", "0.1429"),
        (r"5\pi", "15.708"),
        (r"\sqrt{7}", "2.6457"),
        (r"x+\sqrt{5}", "x+2.2361"),
    ],
    "percent": [("35%", "0.35"), (r"35\%", "35"), ("35 percent", "35%")],
    "units": [
        ("12", r"12 \text{ cm}^2"),
        ("12", "12 square feet"),
        ("12", "12 km"),
        (r"3\sqrt{5}", r"3\sqrt{5}\text{ m}"),
        ("30", r"30^\circ"),
    ],
    "currency": [(r"\$7.50", "7.5"), ("$20", "20 dollars")],
    "bases": [("312_4", "312_{4}"), ("312_4", "312"), ("110_2", r"6_{10}"), (r"21_{\text{five}}", "21_5")],
    "names": [
        ("x=7", "7"),
        ("f(t)=t^2", "f(s)=s^2"),
        ("y=3x", "f(x)=3x"),
        (r"\angle ABC = 40", "40"),
        ("(a,b)=(1,2)", "(1,2)"),
        (r"x \in [1,2]", "[1,2]"),
    ],
    "chains": [("a=2+2=4", "4"), (r"\frac{2}{3} \approx 0.667", "2/3"), (r"n \approx 13", "13")],
    "several answers": [
        ("3, 8", "8,3"),
        ("3 and 8", "8, 3"),
        (r"1 \pm \sqrt{2}", r"1-\sqrt2, 1+\sqrt2"),
        (r"\{3,8\}", "3,8"),
        ("x=3 or x=8", "8, 3"),
    ],
    "systems": [("a=1,b=2;a=3,b=4", "(3,4),(1,2)"), (r"\begin{cases}x=1\\y=2\end{cases}", "x=1, y=2")],
    "tuples": [
        (r"\left(1,\frac12\right)", "(1, 0.5)"),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", "(1,2)"),
        (r"\langle 1,2,3\rangle", "(1,2,3)"),
    ],
    "matrices": [(r"\begin{pmatrix}1&1/2\\0&1\end{pmatrix}", r"\begin{bmatrix} 1 & 0.5 \\ 0 & 1 \end{bmatrix}")],
    "intervals": [("[2,5)", r"2 \le x < 5"), (r"(3,\infty)", "x>3"), (r"(-\infty,\infty)", r"\mathbb{R}")],
    "formulas": [
        ("x^2-y^2", "(x-y)(x+y)"),
        (r"\sin^2 t+\cos^2 t", "1"),
        (r"\frac{1}{\sqrt{3}}", r"\frac{\sqrt3}{3}"),
        ("(1+i)^2", "2i"),
    ],
    "angles within functions": [(r"\cos 60^\circ", "1/2")],
    "sums": [(r"\sum_{j=1}^{m} j", r"\frac{m(m+1)}{2}")],
    "equations": [("2x+y=4", "y=4-2x"), ("x^2+y^2=4", "2x^2+2y^2=8")],
    "words": [
        (r"\text{Tuesday}", "tuesday"),
        (r"\text{Yes}", "yes"),
        ("the parabola", r"\text{Parabola}"),
        (r"\text{A, C}", "C,A"),
    ],
    "options": [(r"\text{(D)}", "D"), ("(D) 15", "D"), ("(D) 15", "15")],
    "clock": [("9:15 p.m.", "21:15"), ("7:05", "07:05:00")],
    "damage": [
        ("\x0crac{3}{4}", "3/4"),
        (r"\\frac{3}{4}", "3/4"),
        ("3/4.", "3/4"),
        ("−3", "-3"),
        (r"\boxed{3}", "3"),
        ("x\x00^2", "x^2"),
    ],
}

UNEQUAL = {
    "numbers": [
        ("7", "7.001"),
        ("7", "-7"),
        ("123456789012345678", "123456789012345679"),
        ("2^{300}", "2^{300}+1"),
        ("3e-12", "4e-12"),
    ],
    "too few digits": [("1/7", "0.14"), (r"\sqrt{7}", "2.65"), ("1/8", "0.1251")],
    "bases": [("312_4", "312_5"), ("21_5", "12_5")],
    "names": [("x=7", "y=7"), ("2x+z=1", "1"), ("x^2+1", "x^2+1=0")],
    "letters": [("M", "m"), ("3g", "3h"), ("5m", "5")],
    "order": [("(1,2)", "(2,1)"), ("x=1,y=2", "2,1"), ("[1,2,3]", "[3,2,1]")],
    "count": [("1,2", "1"), ("1,2,3", "1,2")],
    "intervals": [("[2,5)", "(2,5)"), ("x>3", r"x \ge 3"), ("x>3", "x<3")],
    "formulas": [("x^2", "x^3"), (r"\sqrt{x^2}", "x"), ("2^{400}+x", "2^{400}-x"), (r"\sin x = 1", r"\cos x = 1")],
    "words": [(r"\text{north}", r"\text{south}"), ("east", "seat")],
    "options": [("(A) 5", "(B) 5"), ("A", "B")],
    "clock": [("9:15 p.m.", "9:15 a.m.")],
    "nothing": [("0", ""), ("1", " "), ("5", "}"), (r"\text{}", "0")],
}


@pytest.mark.parametrize(("gold", "answer"), [pair for pairs in EQUAL.values() for pair in pairs])
def test_equal(grader: Grader, gold: str, answer: str) -> None:
    assert grader.equivalent(gold, answer).equal
    assert grader.equivalent(answer, gold).equal


@pytest.mark.parametrize(("gold", "answer"), [pair for pairs in UNEQUAL.values() for pair in pairs])
def test_unequal(grader: Grader, gold: str, answer: str) -> None:
    assert not grader.equivalent(gold, answer).equal
    assert not grader.equivalent(answer, gold).equal


def test_sentences_are_searched_for_a_short_reference(grader: Grader) -> None:
    assert grader.equivalent("12", "So there are 12 of them.").equal
    assert grader.equivalent("3/4", r"Hence the chance is $\frac{3}{4}$.").equal
    assert not grader.equivalent("all even numbers above 2", "all odd numbers above 2").equal


def test_none_equals_nothing() -> None:
    assert not is_equivalent("5", None)
    assert not is_equivalent("None", None)


def test_is_equivalent_needs_no_grader() -> None:
    assert is_equivalent(r"\frac{\sqrt{8}}{2}", r"\sqrt{2}")
    assert not is_equivalent(r"\frac{\sqrt{8}}{2}", r"\sqrt{3}")


def test_is_equivalent_works_in_a_script_without_a_main_guard(tmp_path) -> None:  # type: ignore[no-untyped-def]
    script = tmp_path / "script.py"
    script.write_text("from tts.grading import is_equivalent\nprint(is_equivalent('(x+1)^2', 'x^2+2x+1'))\n")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, env=None, check=False
    )
    assert done.stdout == "True\n", done.stderr


def test_importing_grading_loads_no_sympy() -> None:
    code = "import sys, tts.grading; assert not {'sympy', 'torch', 'math_verify'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    "answer",
    [
        "9^{9^{9^{9}}}",
        "{" * 100_000,
        r"\frac{1}{" * 20_000,
        "(" * 900 + "x" + ")" * 900,
        "\x00\x00",
        "\ud800x\udfff",
        "10^{10^{10}}+x",
        "100000000!",
    ],
)
def test_hostile_answers_neither_hang_nor_crash(grader: Grader, answer: str) -> None:
    grader.warm()
    start = time.perf_counter()
    assert not grader.equivalent("x+5", answer).equal
    assert time.perf_counter() - start < grader.timeout_s + 3  # the rest: a replacement that starts on a busy machine
