"""Thinking is no answer, whatever tags a model puts around it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.core import THINK_TAGS
from tts.grading import extract_answer
from tts.grading.thinking import after_thinking, opened_thinking

CHATML = "<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
MARKED = [tags for tags in THINK_TAGS if not tags[0].startswith("Here")]


@pytest.mark.parametrize(("start", "end"), THINK_TAGS)
def test_every_family_of_tags_is_known(start: str, end: str) -> None:
    assert extract_answer(rf"{start}draft \boxed{{7}}{end}So the answer is 8.") == "8"
    assert extract_answer(rf"draft \boxed{{7}}{end}So the answer is 8.") == "8"


@pytest.mark.parametrize(("start", "end"), MARKED)
def test_unclosed_thinking_of_every_family_has_no_answer(start: str, end: str) -> None:
    assert extract_answer(rf"{start}draft \boxed{{7}} cut") is None
    assert extract_answer(rf"{start}a{end}5{start}again \boxed{{7}}") is None


@pytest.mark.parametrize("text", ["<Think>7</Think>8", "<THINK>7</THINK >8", "<think:high>7</think:high>8"])
def test_tags_may_be_written_a_little_otherwise(text: str) -> None:
    assert after_thinking(text) == "8"


def test_words_that_only_some_models_begin_their_thinking_with_begin_none_elsewhere() -> None:
    assert extract_answer("Here is my thought process: 3 + 4 = 7. The answer is 7.") == "7"


def test_gpt_oss_is_read_where_its_special_tokens_were_lost() -> None:
    assert extract_answer(r"analysisWe need 3+4: \boxed{9}?assistantfinalThe answer is 7.") == "7"
    assert extract_answer(r"analysisWe need 3+4: \boxed{9}") is None
    assert extract_answer(r"analysis of the case gives \boxed{9}") == "9"


def test_an_answer_before_a_last_word_of_thinking_counts() -> None:
    assert extract_answer("<think>a</think>The answer is 5.<think>I checked 7.</think>\n") == "5"
    assert extract_answer(r"\boxed{1}</think>") is None


@pytest.mark.parametrize(
    ("prompt", "tags"),
    [
        (CHATML + "<think>\n", ("<think>", "</think>")),
        (CHATML + "<think>\nOkay,", ("<think>", "</think>")),
        (CHATML + "[THINK]", ("[THINK]", "[/THINK]")),
        (CHATML + "Here are my reasoning steps:\n", ("Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]")),
        (CHATML + "<|channel>thought\n", ("<|channel>thought", "<channel|>")),
        (CHATML + "<ponder>\n", ("<ponder>", "</ponder>")),
        (CHATML + "[PONDER]", ("[PONDER]", "[/PONDER]")),
        (CHATML, None),
        (CHATML + "<think>\n\n</think>\n\n", None),
        (CHATML + "<answer>", None),
        ("[INST] {question} [/INST]", None),
        ("<s>[INST]{question}[/INST]", None),
        ("Question: {question}\nAnswer:", None),
        ("{question}<|assistant|>", None),
    ],
)
def test_a_template_may_open_the_thinking(prompt: str, tags: tuple[str, str] | None) -> None:
    question = "What is 3 + 4? Think between <think> and </think>, or begin with <think>."
    assert opened_thinking(prompt.format(question=question), question) == tags


def test_a_prompt_of_ones_own_may_end_in_a_start_tag() -> None:
    assert opened_thinking("What is 3 + 4?\n<think>", "What is 3 + 4?\n<think>") == ("<think>", "</think>")
    assert opened_thinking("Say <think> aloud.", "Say <think> aloud.") is None
    assert opened_thinking("", "") is None


def test_without_tags_nothing_is_thinking() -> None:
    assert after_thinking("<think>7", []) == "<think>7"
    assert opened_thinking(CHATML.format(question="x") + "<think>", "x", []) is None


STARTS, ENDS = ("<think>", "[THINK]"), ("</think>", "[/THINK]", "</thinking>")


def _piece_by_piece(pieces: list[str], inside: bool) -> str | None:
    before, since = "", ""
    for piece in pieces:
        if piece in STARTS:
            before, since, inside = before + since, "", True
        elif piece in ENDS:
            before, since, inside = before if inside else "", "", False
        elif not inside:
            since += piece
    return None if inside else since if since.strip() else before


@given(st.lists(st.sampled_from(["a ", "5", "\n", *STARTS, *ENDS])), st.booleans())
def test_any_order_of_tags(pieces: list[str], inside: bool) -> None:
    assert after_thinking("".join(pieces), starts_in_thinking=inside) == _piece_by_piece(pieces, inside)


@pytest.mark.parametrize(
    "piece", ["<", "<think", "<think>", "</think>", "[", "[THINK]", "◁", "to=", "Here is my ", "analysis", "t"]
)
def test_100_kilobytes_of_anything_are_quick(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    start = time.process_time()
    after_thinking(text)
    opened_thinking(text, "question")
    assert time.process_time() - start < 1  # measured: under 0.1; anything quadratic takes minutes
