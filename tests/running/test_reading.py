"""Which part of a completion a run takes for its answer: after its thinking, in the form that the prompt asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import rows, sweep
from scripted import ScriptedEngine

from tts.core import Completion, Message, Prompt, Request
from tts.session import run


class Thinking(ScriptedEngine):
    """Says the given texts in turn, after prompts that end as given."""

    def __init__(self, texts: Sequence[str], opening: str = ""):
        super().__init__()
        self._texts, self._opening = texts, opening

    def render(self, messages: Sequence[Message], chat_template_kwargs: Mapping[str, object]) -> Prompt:
        prompt = super().render(messages, chat_template_kwargs)
        return replace(prompt, text=prompt.text + self._opening)

    async def sample(self, request: Request) -> list[Completion]:
        drawn = await super().sample(request)
        return [replace(c, text=self._texts[int(c.path[-1]) % len(self._texts)]) for c in drawn]


def answers(place: Path, texts: Sequence[str], opening: str = "", **more: object) -> list[str | None]:
    """What each text answers, as the run recorded it."""
    config = sweep("best_of_n", n=len(texts), benchmarks=["arith:levels=1,per_level=1"], **more)
    run(config, place, engine=Thinking(texts, opening))
    return [answer for (answer,) in rows(place, "SELECT answer FROM candidates ORDER BY idx")]


CUT = r"draft \boxed{7} cut"


def test_a_run_knows_every_family_of_tags(tmp_path: Path) -> None:
    texts = [f"[THINK]{CUT}", f"[THINK]{CUT}[/THINK]So the answer is 8.", f"<reasoning>{CUT}", "The answer is 9."]
    assert answers(tmp_path, texts) == [None, "8", None, "9"]


@pytest.mark.parametrize("tag", ["think", "ponder"])
def test_a_template_that_opens_the_thinking_is_seen(tmp_path: Path, tag: str) -> None:
    texts = [CUT, f"{CUT}</{tag}>So the answer is 8."]
    assert answers(tmp_path, texts, f"\n<{tag}>\n") == [None, "8"]


def test_tags_may_be_named_or_none(tmp_path: Path) -> None:
    texts = [f"<a>{CUT}", f"[THINK]{CUT}"]
    assert answers(tmp_path / "named", texts, grading={"think_tags": [["<a>", "</a>"]]}) == [None, "7"]
    assert answers(tmp_path / "none", texts, grading={"think_tags": []}) == ["7", "7"]


LINE = 'Say it in a last line of the form "ANSWER: $ANSWER".'
TEXTS = [r"\boxed{7} is a draft." + "\nANSWER: 8"]


def test_the_prompt_decides_which_form_of_answer_wins(tmp_path: Path) -> None:
    assert answers(tmp_path / "box", TEXTS) == ["7"]
    assert answers(tmp_path / "line", TEXTS, prompt={"instruction": LINE}) == ["8"]
    assert answers(tmp_path / "both", TEXTS, prompt={"instruction": LINE + " Put it into \\boxed{}."}) == ["7"]


def test_the_entry_of_a_benchmark_overrides_the_prompt(tmp_path: Path) -> None:
    named = {"name": "arith:levels=1,per_level=1", "answer_forms": ["line"]}
    config = sweep("best_of_n", n=1, benchmarks=[named])
    run(config, tmp_path, engine=Thinking(TEXTS))
    assert rows(tmp_path, "SELECT answer FROM candidates") == [("8",)]


def test_another_order_grades_again_without_sampling_and_stays(tmp_path: Path) -> None:
    assert answers(tmp_path, TEXTS) == ["7"]
    for forms in (["line"], None, ["box"]):  # a later sweep that names none keeps them
        entry = {"name": "arith:levels=1,per_level=1", "answer_forms": forms}
        summary = run(sweep("best_of_n", n=1, benchmarks=[entry]), tmp_path, engine=Thinking(TEXTS))
        assert summary.drawn == 0
        assert rows(tmp_path, "SELECT answer FROM candidates") == [("7" if forms == ["box"] else "8",)]


def test_another_benchmarks_order_grades_none_again(tmp_path: Path) -> None:
    first, second = "arith:levels=1,per_level=1", "arith:levels=2,per_level=1"
    run(sweep("best_of_n", n=1, benchmarks=[first, second]), tmp_path, engine=Thinking(TEXTS))
    before = rows(tmp_path, "SELECT id, problem FROM cells ORDER BY problem")
    entry = {"name": second, "answer_forms": ["line"]}
    run(sweep("best_of_n", n=1, benchmarks=[first, entry]), tmp_path, engine=Thinking(TEXTS))
    after = rows(tmp_path, "SELECT id, problem FROM cells ORDER BY problem")
    assert after[0] == before[0]
    assert after[1] != before[1]
