"""The tiny policies' training data: students, tokenizer and examples."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lab import corpus, tokenizer
from lab.sampling import answer, decode, split_steps
from lab.students import Rates, attempt
from lab.tokenizer import BREAK, IDS, encode
from tts.benchmarks.arith import question_text
from tts.benchmarks.expressions import LEVELS, Stream, draw, parse

FLAWLESS = Rates().scaled(0)


def sure(**wrong: float) -> Rates:
    return Rates(**{**dict.fromkeys(Rates.__slots__, 0.0), **wrong})


def test_a_student_without_misconceptions_is_right() -> None:
    stream = Stream("flawless")
    for level in LEVELS:
        for _ in range(50):
            expression = draw(stream, level)
            assert attempt(expression, stream, FLAWLESS) == expression.solution()


@pytest.mark.parametrize(
    ("text", "mistake", "steps"),
    [
        ("50 - (8 - 3)", "sign", ["50-8=42", "42-3=39", r"\boxed{39}"]),
        ("50 - (8 + 3)", "sign", ["50-8=42", "42+3=45", r"\boxed{45}"]),
        ("50 + (8 - 3)", "sign", ["8-3=5", "50+5=55", r"\boxed{55}"]),
        ("5 + 3*4", "precedence", ["5+3=8", "8*4=32", r"\boxed{32}"]),
        ("52 - 17", "borrow", ["52-17=45", r"\boxed{45}"]),
        ("57 - 12", "borrow", ["57-12=45", r"\boxed{45}"]),
        ("47 + 38", "carry", ["47+38=75", r"\boxed{75}"]),
        ("41 + 38", "carry", ["41+38=79", r"\boxed{79}"]),
    ],
)
def test_each_misconception(text: str, mistake: str, steps: list[str]) -> None:
    assert attempt(parse(text), Stream("x"), sure(**{mistake: 1.0})) == steps


def test_table_and_slip_are_off_by_one() -> None:
    stream = Stream("x")
    answers = {attempt(parse("6*7"), stream, sure(table=1.0))[-1] for _ in range(30)}
    assert answers == {r"\boxed{36}", r"\boxed{48}"}
    answers = {attempt(parse("41 + 17"), stream, sure(slip=1.0))[-1] for _ in range(30)}
    assert answers == {r"\boxed{57}", r"\boxed{59}"}


def test_mistakes_come_at_their_rates() -> None:
    stream, found = Stream("rates"), Counter[str]()
    for _ in range(4000):
        found[attempt(parse("50 - (8 - 3)"), stream, sure(sign=0.64))[-1]] += 1
    assert abs(found[r"\boxed{39}"] / 4000 - 0.64) < 0.03
    assert sum(found.values()) == found[r"\boxed{39}"] + found[r"\boxed{45}"]


def test_examples_fit_the_context_and_learn_the_last_attempt_only() -> None:
    stream = Stream("examples")
    revisions = 0
    for _ in range(600):
        example = corpus.example(stream, Rates())
        assert len(example.ids) <= 1024
        assert example.ids[0] == IDS[tokenizer.USER]
        assert example.ids[-1] == IDS[tokenizer.END]
        assert example.ids[example.start - 1] in (IDS[tokenizer.ASSISTANT], IDS[tokenizer.RETRY])
        assert answer(example.ids[example.start :]) is not None
        question = decode(example.ids[1 : example.ids.index(IDS[tokenizer.ASSISTANT])])
        assert not parse(question.removeprefix("Compute ").removesuffix(".")).held_out
        revisions += example.ids[example.start - 1] == IDS[tokenizer.RETRY]
    assert 0.05 < revisions / 600 < 0.16


def test_batches_are_a_function_of_their_name_and_bounded() -> None:
    first, again, other = (corpus.batches(name, Rates(), 300, 2048) for name in ("a", "a", "b"))
    assert first == again
    assert first != other
    assert sum(map(len, first)) == 300
    assert all(len(b) * max(len(e.ids) for e in b) <= 2048 for b in first)


def test_answers_are_read_from_the_last_step_only() -> None:
    end = IDS[tokenizer.END]
    whole = [*encode("3*4=12\n\n\\boxed{12}"), end]
    assert answer(whole) == 12
    assert answer(whole[:-1]) is None
    assert answer([*encode("\\boxed{-7}"), end]) == -7
    assert answer([*encode("\\boxed{}"), end]) is None
    assert answer([*encode("\\boxed{1}\n\n3+4=7"), end]) is None
    assert answer([end]) is None
    assert [decode(s) for s in split_steps(whole)] == ["3*4=12", "\\boxed{12}"]


def test_saved_tokenizer_agrees_with_ours(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    tokenizer.save(tmp_path, 1024)
    loaded = transformers.AutoTokenizer.from_pretrained(tmp_path)
    text = 'Compute 3*4.\n\n3*4=12\n\n\\boxed{12} \\box ~"{}\n a  b'
    assert loaded(text)["input_ids"] == encode(text)
    assert loaded.decode(encode(text)) == text
    assert IDS[tokenizer.UNKNOWN] in loaded("é\u4e00\U0001f600")["input_ids"]
    assert (loaded.eos_token_id, loaded.pad_token_id) == (IDS[tokenizer.END], IDS[tokenizer.PAD])
    assert loaded.convert_tokens_to_ids(tokenizer.STEP) == IDS[tokenizer.STEP]
    assert loaded.encode(BREAK) == [IDS[BREAK]]


def test_chat_template_keeps_the_question_and_marks_revisions(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    tokenizer.save(tmp_path, 1024)
    loaded = transformers.AutoTokenizer.from_pretrained(tmp_path)
    expression = parse("47 - 3*12 + (8 - 5)")
    question = question_text(expression)
    chat = [
        {"role": "system", "content": "Be right."},
        {"role": "user", "content": f"{question}\n\nPut your answer within \\boxed{{}}."},
    ]
    rendered = loaded.apply_chat_template(chat, add_generation_prompt=True)["input_ids"]
    assert list(rendered) == corpus.prompt_ids(question)
    steps = expression.solution()
    chat += [{"role": "assistant", "content": "\n\n".join(steps)}, {"role": "user", "content": "Are you sure?"}]
    rendered = loaded.apply_chat_template(chat, add_generation_prompt=True)["input_ids"]
    assert list(rendered) == [*corpus.prompt_ids(question), *corpus.answer_ids(steps), IDS[tokenizer.RETRY]]
