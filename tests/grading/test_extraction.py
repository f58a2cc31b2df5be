"""What a completion answers."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.grading import extract_answer
from tts.grading.forms import DEFAULT_FORMS, LINE_FORMS, forms_for


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
        ("The answer is $12$, not $13$.", "12"),
        ("The answers are 5 and 6.", "5 and 6"),
        ("With 7 out: Answer: There are no solutions.", "There are no solutions"),
        ("The answer is no, 7 is not prime.", "no"),
        ("Answer: all real numbers except 3", "all real numbers except 3"),
        ("The answer is 5 but could have been 7", "5"),
    ],
)
def test_statements(text: str, answer: str) -> None:
    assert extract_answer(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        r"\[ \text{ANSWER: 199} \]",
        "\\[\n\\text{ANSWER: } 199\n\\]",
        r"\[\textbf{ANSWER: 199}\]",
        r"\( \text{ANSWER: } 199 \).",
        r"$\text{Answer: } 199$ and no more",
        r"$$\mathbf{ANSWER:}\ 199$$",
        r"\[\boxed{\text{ANSWER}: 199}\]",
        r"\[\boxed{\text{ANSWER: 199}}\]",
        r"\boxed{\text{The final answer is } 199}",
        r"\[\text{The answer is } \underline{199}\]",
        r"\textcolor{red}{\textbf{ANSWER: 199}}",
        "**ANSWER: 199**",
        "**Answer**: 199",
        "## **Answer: 199**",
        "> __Final Answer:__ `199`",
        "<b>Answer: 199</b>",
        "<answer>\n199\n</answer>",
        "<answer>199</answer><|im_end|>",
        "He paid $7. **Answer:** 199",
        "ANSWER: $199$",
        "ANSWER: \\(199\\)",
        "ANSWER: \\[199\\]",
        "Antwort: 199",
        "答え：199",
        "คำตอบ: 199",
    ],
)
def test_a_statement_may_be_typeset(text: str) -> None:
    found = extract_answer("First 3 + 4 = 7.\n" + text)
    assert found is not None
    assert found.strip("$") == "199"
    assert extract_answer(text, forms=LINE_FORMS) in ("199", "$199")


def test_a_fraction_in_a_typeset_statement_keeps_its_braces() -> None:
    assert extract_answer(r"\[ \text{ANSWER: $\frac{1}{2}$} \]") == r"\frac{1}{2}"
    assert extract_answer(r"\[ \textbf{ANSWER: } \frac{1}{2} \]") == r"\frac{1}{2}"


def test_the_prompts_own_placeholder_is_no_answer() -> None:
    assert extract_answer("It is 5.\nANSWER: 5\nI used the form ANSWER: $ANSWER", forms=LINE_FORMS) == "5"


def test_a_final_line_wins_over_an_earlier_box_where_the_prompt_asks_for_a_line() -> None:
    text = "So \\boxed{6 + 1}.\n\nANSWER: 7"
    assert extract_answer(text) == "6 + 1"
    assert extract_answer(text, forms=LINE_FORMS) == "7"
    assert extract_answer("ANSWER: 6\nNo: \\boxed{7}", forms=LINE_FORMS) == "6"
    assert extract_answer("The answer is \\boxed{7}", forms=LINE_FORMS) == "7", "without a line, the next form"
    assert extract_answer("ANSWER: $\\boxed{7}$", forms=LINE_FORMS) == "7"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("**Final Answer:**\nThe remainder when 877 is divided by 1000 is:\n\\[ \\boxed{877} \\]", "877"),
        ("## Final Answer\n- Therefore,\n\\[ \\boxed{877} \\]", "877"),
        ("### Final Answer: The product of 6 and 7 is:\n\\boxed{42}", "42"),
        ("Final Answer: The final answer is (4, 2, 4). I hope it is correct.", "(4, 2, 4)"),
        ("Checking our answer: $7 = 7$, so it is right.\n\\boxed{7}", "7"),
        ("#### (c) Modulo 23\nSome text.\n\\boxed{44}", "44"),
        ("#### 2.3 The case n = 4\nSome text.\n\\boxed{44}", "44"),
        ("#### Step 5", "5"),
        ("Answer:\n\\begin{align*} x &= 5 \\end{align*}\nso \\boxed{5}", "5"),
        ("Answer: \\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}"),
        ("#### M=2^{N-2}+1", "M=2^{N-2}+1"),
        ("#### B", "B"),
        ("#### 18 dollars", "18 dollars"),
    ],
)
def test_headings_and_what_leads_to_an_answer_are_no_answer_lines(text: str, answer: str) -> None:
    assert extract_answer("First 1 + 1 = 2.\n" + text, forms=LINE_FORMS) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is 42!", "42"),
        (r"The answer is 2^{25} \cdot 26!", r"2^{25} \cdot 26!"),
        (r"The answer is 111,\! 111", r"111,\! 111"),
        ("So in the end $f(z)=z$.", "f(z)=z"),
        ("Here $n$ is a number.", None),
    ],
)
def test_signs_that_end_a_sentence_or_belong_to_a_formula(text: str, answer: str | None) -> None:
    assert extract_answer(text) == answer


def test_forms_may_be_left_out() -> None:
    assert extract_answer("The answer is 7.", forms=["box"]) is None
    assert extract_answer("#### 7\nthe answer is 8", forms=["line", "statement"]) == "7"
    assert extract_answer("7 of them", forms=["letter", "quantity"]) == "7"


@pytest.mark.parametrize(
    ("prompt", "forms"),
    [
        ('The last line of your response should be of the form "ANSWER: $ANSWER" (without quotes).', LINE_FORMS),
        ('Put your answer on its own line after "Answer:"; you do not need to use a \\boxed command.', LINE_FORMS),
        ("Finish with a line: Answer: [your number]", LINE_FORMS),
        ("Write the result after ANSWER:", LINE_FORMS),
        ("Your final line must read FINAL ANSWER: followed by a number.", LINE_FORMS),
        ("Put it between <answer> and </answer>.", LINE_FORMS),
        ("Question: 3+4?\nHe has 7.\n#### 7\n\nQuestion: 3+5?", LINE_FORMS),
        ("Please reason step by step, and put your final answer within \\boxed{}.", DEFAULT_FORMS),
        ("Write 'Answer: \\boxed{...}' at the end.", DEFAULT_FORMS),
        ("Question: What is 3+4?\nAnswer:", DEFAULT_FORMS),
        ("What is 3+4?", DEFAULT_FORMS),
    ],
)
def test_the_prompt_decides_the_order(prompt: str, forms: tuple[str, ...]) -> None:
    assert forms_for(prompt) == forms


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("hence 3+sqrt(2)+sqrt(3)+sqrt(6).", "3+sqrt(2)+sqrt(3)+sqrt(6)"),
        ("The answer is sqrt(2) + sqrt(3) + sqrt(5)", "sqrt(2) + sqrt(3) + sqrt(5)"),
        ("in all it comes to 5√3/3 then", "5√3/3"),
        ("so we get 2²⁵·26", "2²⁵·26"),
        ("the area is 25π cm", "25π"),
        ("its length (twice r = 3+sqrt(2))", "3+sqrt(2)"),
        ("it grows to 2^10 = 1024 cells", "1024"),
        ("an area of 12 cm^2 is left", "12"),
        ("an area of 12 m² is left", "12"),
        ("on a 3^2 field", "3^2"),
        ("the chance is log₂3 in 5", "5"),
    ],
)
def test_a_formula_in_running_text_is_taken_whole(text: str, answer: str) -> None:
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


def test_real_ends_of_texts_whose_answer_was_hard_to_find(shared_data: Path) -> None:
    rows = [json.loads(line) for line in (shared_data / "extraction_failures.jsonl").open()]
    for forms in (DEFAULT_FORMS, LINE_FORMS):
        wrong = [r for r in rows if int(extract_answer(r["text"], forms=forms) or -1) != int(r["gold"])]
        assert wrong == []
    assert len(rows) == 20


NUMBERS = st.integers(-999, 99_999).map(str) | st.decimals(0, 99, places=2).map(str)
NAMES = st.sampled_from([r"\pi", r"\infty", "x", "n^2", r"\text{Yes}"])
SHAPES = [
    r"\frac{A}{B}",
    r"\sqrt{A}",
    "A + B",
    "(A, B)",
    r"\left[ A, B \right)",
    r"\{ A, B \}",
    r"\begin{pmatrix} A \\ B \end{pmatrix}",
    "A!",
]


def _filled(shape: str, a: str, b: str) -> str:
    return "".join({"A": a, "B": b}.get(character, character) for character in shape)


VALUES = st.recursive(
    NUMBERS | NAMES, lambda inner: st.builds(_filled, st.sampled_from(SHAPES), inner, inner), max_leaves=4
)
STATED = [
    r"So we get $\boxed{VALUE}$.",
    r"\[\boxed{\text{ANSWER: } VALUE}\]",
    "ANSWER: $VALUE$",
    r"\[ \text{ANSWER: } VALUE \]",
    r"\( \textbf{Answer: } VALUE \).",
    r"$$\mathbf{Answer:} VALUE$$",
    r"\[ \text{ANSWER: $VALUE$} \]",
    "Therefore, the answer is $VALUE$.",
    r"Thus the answer is: \(VALUE\), as was to be shown.",
    "## Final Answer\n\n$VALUE$\n",
    "**Final answer:**\n\\[\nVALUE\n\\]\nI hope it is correct.",
    r"The answer is $\textcolor{red}{VALUE}$.",
    "<answer>\n$VALUE$\n</answer>",
    "#### $VALUE$",
    "The final answer is: $\\boxed{VALUE}$. I hope it is correct.",
    "In the end there is $VALUE$ left, with $1 + 1$ gone... no: $VALUE$",
]


BEFORE = ["", "<think>Is it $3$, \\boxed{4}?</think>", "It costs $5.\n"]


@given(VALUES, st.sampled_from(STATED), st.sampled_from(BEFORE))
def test_a_stated_value_is_found_as_it_is_written(value: str, text: str, before: str) -> None:
    if "In the end" in text and not re.search(r"\d|\\", value):
        return  # a mere name counts only where it is stated
    for forms in (DEFAULT_FORMS, LINE_FORMS):
        assert extract_answer(before + text.replace("VALUE", value), forms=forms) == value


PIECES = [
    *"{}\\$#*:.,()0123 \n-",
    "\\boxed",
    "answer is ",
    "A:",
    "####",
    "</think>",
    "\x00",
    "√",
    "^",
    "sqrt",
    "\\text{",
    "ANSWER: ",
    "<answer>",
]


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
            r"\text{answer ",
            r"\text{answer: 1} ",
            r"\boldsymbol{",
            "\\large ",
            "sqrt(",
            "√(",
            "2^",
            "<answer>",
            "</b>",
        ),
    ],
)
def test_100_kilobytes_of_anything_are_quick(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    start = time.process_time()
    extract_answer(text)
    assert time.process_time() - start < 2  # measured: 0.05 to 0.3; anything quadratic takes minutes
