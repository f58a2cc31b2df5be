"""From a question to a chat, and to plain text for base models."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from tts.benchmarks import BENCHMARKS, BOXED, PromptConfig, build_messages, get_benchmark, plain_text
from tts.benchmarks.math import last_boxed
from tts.core import Question, UsageError

MATH500 = get_benchmark("math500")
LATEX = Question("q", r"Let $\frac{a}{b} = {instruction} {0} {} {question} %s \1$ and \boxed{x}.")


def test_the_default_is_question_and_instruction_in_one_user_message() -> None:
    assert build_messages(Question("q", "1+1?"), MATH500, PromptConfig()) == [
        {"role": "user", "content": "1+1?\n\n" + BOXED}
    ]


def test_braces_in_question_and_template_survive() -> None:
    config = PromptConfig(template="{question} in \\boxed{} and \\frac{1}{2}; {other}", system="{instruction} {}")
    system, user = build_messages(LATEX, MATH500, config)
    assert user["content"] == LATEX.text + " in \\boxed{} and \\frac{1}{2}; {other}"
    assert system["content"] == BOXED + " {}"


def test_the_instruction_can_be_replaced_or_left_out() -> None:
    question = Question("q", "1+1?")
    assert build_messages(question, MATH500, PromptConfig(instruction="Now."))[0]["content"] == "1+1?\n\nNow."
    assert build_messages(question, MATH500, PromptConfig(instruction=""))[0]["content"] == "1+1?"


def test_the_instruction_can_be_the_system_message() -> None:
    config = PromptConfig(system="{instruction}", template="{question}")
    assert [m["content"] for m in build_messages(Question("q", "1+1?"), MATH500, config)] == [BOXED, "1+1?"]


def test_few_shot_examples_are_turns_in_the_shape_of_the_question() -> None:
    messages = build_messages(Question("q", "1+1?"), MATH500, PromptConfig(few_shot=2, system="S"))
    assert [m["role"] for m in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert all(m["content"].endswith(BOXED) for m in messages if m["role"] == "user")
    assert messages[2]["content"] == MATH500.exemplars[0].solution


@pytest.mark.parametrize("name", [n for n in BENCHMARKS.names() if n not in ("arith", "jsonl", "reasoning_gym")])
def test_every_worked_example_ends_in_a_boxed_answer(name: str) -> None:
    assert all(last_boxed(e.solution) for e in get_benchmark(name).exemplars)


def test_plain_text_asks_and_answers_in_turn_and_ends_where_the_model_goes_on() -> None:
    config = PromptConfig(system="Solve.", few_shot=1, template="{question}")
    text = plain_text(build_messages(Question("q", "1+1?"), MATH500, config))
    first = MATH500.exemplars[0]
    assert text == f"Solve.\n\nQuestion: {first.question}\nAnswer: {first.solution}\n\nQuestion: 1+1?\nAnswer:"


def test_own_examples_are_read_from_a_file_under_either_pair_of_names(tmp_path: Path) -> None:
    file = tmp_path / "shots.jsonl"
    file.write_text('{"problem": "p", "solution": "s"}\n{"question": "q", "answer": "a"}\n')
    config = PromptConfig(few_shot=2, few_shot_path=str(file), template="{question}")
    contents = [m["content"] for m in build_messages(Question("x", "now"), MATH500, config)]
    assert contents == ["p", "s", "q", "a", "now"]


def test_more_examples_than_there_are_is_an_error_that_says_how_many(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"few_shot: found 9, but benchmark math500 has 4 examples"):
        build_messages(LATEX, MATH500, PromptConfig(few_shot=9))
    file = tmp_path / "one.jsonl"
    file.write_text('{"problem": "p", "solution": "s"}\n')
    with pytest.raises(UsageError, match=r"found 2, but .*one\.jsonl has 1 examples"):
        build_messages(LATEX, MATH500, PromptConfig(few_shot=2, few_shot_path=str(file)))


def test_a_broken_file_of_examples_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "broken.jsonl"
    file.write_text('{"problem": "p"}\n')
    with pytest.raises(UsageError, match=r"broken\.jsonl:1: no field 'solution'"):
        build_messages(LATEX, MATH500, PromptConfig(few_shot=1, few_shot_path=str(file)))
    with pytest.raises(UsageError, match=r"prompt\.few_shot_path: no file"):
        build_messages(LATEX, MATH500, PromptConfig(few_shot=1, few_shot_path=str(tmp_path / "absent.jsonl")))


def test_a_template_without_the_question_is_refused() -> None:
    with pytest.raises(UsageError, match=r"prompt\.template: '\{problem\}' has no \{question\}"):
        PromptConfig(template="{problem}")
    with pytest.raises(UsageError, match=r"prompt\.system"):
        PromptConfig(system="{question}")


def test_examples_named_but_not_counted_are_refused() -> None:
    with pytest.raises(UsageError, match="say how many"):
        PromptConfig(few_shot_path="x.jsonl")


def test_unknown_fields_and_negative_counts_are_refused() -> None:
    with pytest.raises(ValidationError, match="sytem"):
        PromptConfig.model_validate({"sytem": "x"})
    with pytest.raises(ValidationError, match="few_shot"):
        PromptConfig(few_shot=-1)


def test_every_field_of_the_configuration_is_described() -> None:
    assert all(f.description for f in PromptConfig.model_fields.values())
