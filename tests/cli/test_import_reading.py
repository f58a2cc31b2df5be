"""Which part of an imported text is its answer: after its thinking, in the form that its prompt asks for."""

from __future__ import annotations

import json
import sqlite3

import pytest

ASKED = 'What is 3 + 4? The last line of your response should be of the form "ANSWER: $ANSWER".'
CUT = r"draft \boxed{7} cut"


def imported(tts, place, rows, *flags):
    """What the samples answer, after a call that must succeed, and what the call says."""
    (place / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = tts("import", "mine.jsonl", "--out", "run", *flags)
    assert result.code == 0, result.err
    with sqlite3.connect(place / "run" / "journal.sqlite") as db:
        answers = [a for (a,) in db.execute("SELECT answer FROM candidates ORDER BY cell, idx")]
    return answers, result.out


def row(*texts, question="What is 3 + 4?", **more):
    return {"id": "a", "gold": "8", "question": question, "text": list(texts), **more}


def test_every_family_of_tags_is_thinking(tts, place):
    texts = [f"[THINK]{CUT}", rf"[THINK]{CUT}[/THINK]So the answer is 8.", f"<reasoning>{CUT}", "<think>7</think>8"]
    assert imported(tts, place, [row(*texts)])[0] == [None, "8", None, "8"]


def test_texts_that_end_thinking_and_never_begin_it_were_opened_by_their_prompts(tts, place):
    answers, out = imported(tts, place, [row(CUT, f"{CUT}</think>The answer is 8.")])
    assert answers == [None, "8"]
    said = "the prompts opened the thinking with <think> (some texts have </think>, none has <think>): 1 of 2 texts"
    assert said in out


def test_texts_that_begin_their_thinking_were_not(tts, place):
    answers, out = imported(tts, place, [row("The answer is 8.", "<think>7</think>8", "7</think>8")])
    assert answers == ["8", "8", "8"]
    assert "the prompts opened" not in out


def test_what_the_prompts_opened_may_be_said(tts, place):
    assert imported(tts, place, [row(CUT, "7</ponder>8")], "--opens", "<ponder>")[0] == [None, "8"]


def test_texts_may_be_read_whole(tts, place):
    answers, out = imported(tts, place, [row(CUT, f"{CUT}</think>8")], "--opens", "none", "--think-tags", "none")
    assert answers == ["7", "7"]
    assert "the prompts opened" not in out


def test_other_tags_may_be_named(tts, place):
    assert imported(tts, place, [row(f"<a>{CUT}", f"<think>{CUT}")], "--think-tags", "<a>,</a>")[0] == [None, "7"]


BOTH = "\\boxed{7} is a draft.\nANSWER: 8"


@pytest.mark.parametrize(
    ("rows", "flags", "answer"),
    [
        ([row(BOTH)], (), "7"),
        ([row(BOTH, question=ASKED)], (), "8"),
        ([row(BOTH, prompt=ASKED)], (), "8"),
        ([row(BOTH)], ("--answer-forms", "line,box"), "8"),
        ([row(BOTH, question=ASKED)], ("--answer-forms", "box"), "7"),
        ([row("It is 8")], ("--answer-forms", "box,line"), None),
    ],
)
def test_the_prompt_or_the_user_decides_which_form_wins(tts, place, rows, flags, answer):
    assert imported(tts, place, rows, *flags)[0] == [answer]


def test_the_prompt_of_an_lm_eval_log_is_looked_at(tts, place):
    prompt = f"<|user|>{ASKED}<|assistant|><think>\n"
    log = {"doc_id": 0, "doc": {"question": "What is 3 + 4?"}, "target": "8", "resps": [[CUT, f"7</think>{BOTH}"]],
           "filtered_resps": [CUT], "filter": "none", "metrics": [],
           "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": {}}}}  # fmt: skip
    assert imported(tts, place, [log])[0] == [None, "8"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ("--answer-forms", "lines"),
            "--answer-forms: unknown form 'lines' (did you mean 'line'?); expected some of box",
        ),
        (("--answer-forms", "box,box"), "--answer-forms: 'box' stands there twice"),
        (("--answer-forms", ""), "--answer-forms: unknown form ''"),
        (("--think-tags", "<a>"), "--think-tags: found '<a>', expected START,END"),
        (("--benchmark", "hanoi", "--answer-forms", "box"), "--answer-forms: hanoi has rules of its own for answers"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tts, place, flags, said):
    (place / "mine.jsonl").write_text(json.dumps(row("8")) + "\n")
    result = tts("import", "mine.jsonl", "--out", "run", *flags)
    assert result.code == 2
    assert said in result.err
    assert len(result.err.splitlines()) == 1
    assert not (place / "run").exists()
