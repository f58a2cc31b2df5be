"""Columns by name and by dotted path, and what their values may be."""

from __future__ import annotations

import pytest

from tts.core import UsageError
from tts.importing.columns import Columns, values
from tts.importing.problems import gold_answer, plain_record, to_problem


def test_paths_open_lists_and_prefer_a_column_of_that_very_name():
    row = {"a.b": 1, "a": {"b": [2, [3, 4]]}, "c": [{"d": [5]}, {"d": 6}]}
    assert values(row, "a.b", "--x", "f") == [1]
    assert values({"a": row["a"]}, "a.b", "--x", "f") == [2, 3, 4]
    assert values(row, "c.d", "--x", "f") == [5, 6]
    assert values(row, "c.-1.d", "--x", "f") == [6]
    with pytest.raises(UsageError, match=r"f: c\.2\.d: there is no item 2 in a list of 2; mend --x"):
        values(row, "c.2.d", "--x", "f")


def test_messages_of_a_chat_are_not_samples():
    """Else the question would count as an answer."""
    chat = [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}]
    row = {"id": "a", "gold": "2", "messages": chat, "choices": [{"message": chat[1]}, {"message": chat[1]}]}
    with pytest.raises(UsageError, match=r"--text messages\.-1\.content"):
        values(row, "messages.content", "--text", "f")
    assert values(row, "messages.-1.content", "--text", "f") == ["2"]
    assert values(row, "choices.message.content", "--text", "f") == ["2", "2"]
    columns = Columns(text="messages.-1.content").named()
    assert to_problem(plain_record("f", {**row, "prompt": chat[:1]}), columns).question == "1+1?"


@pytest.mark.parametrize(
    ("text", "answer"),
    [("2+2=4\n#### 4", "4"), ("so \\boxed{x^2} it is", "x^2"), ("\\boxed{3}", "\\boxed{3}"), (" 1/2 ", "1/2")],
)
def test_a_gold_solution_gives_its_answer(text, answer):
    assert gold_answer(text) == answer


@pytest.mark.parametrize(
    ("reason", "finished"),
    [("length", False), ("max_tokens", False), ("MAX_TOKENS", False), ("model_length", False), ("stop", True),
     ("end_turn", True), (None, True)],
)  # fmt: skip
def test_finish_reasons_of_all_servers(reason, finished):
    record = plain_record("f", {"id": 1, "gold": 2, "text": "3", "why": reason})
    (sample,) = to_problem(record, Columns(finish="why").named()).samples
    assert sample.finished is finished


def test_several_references_and_an_id_of_two_parts():
    record = plain_record("f", {"task": "t", "n": 3, "gold": ["1/2", "so #### 0.5", "1/2"], "text": None, "level": {}})
    problem = to_problem(record, Columns(id="task,n").named())
    assert (problem.id, problem.golds, problem.gold, problem.level) == ("t/3", ("1/2", "0.5"), "1/2 or 0.5", None)
    assert [s.text for s in problem.samples] == [""]
