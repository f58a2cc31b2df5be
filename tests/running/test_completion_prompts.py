"""Models without a chat template: their answers end where they begin the next question of the list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from helpers import rows, sweep
from scripted import ScriptedEngine

from tts.core import Completion, Request, UsageError
from tts.session import run


class Base(ScriptedEngine):
    """A base model that goes on with questions of its own, unless it is stopped there."""

    chats = False

    def __init__(self, **policy: object) -> None:
        super().__init__(**policy)
        self.seen: set[tuple[str, ...]] = set()
        """The stop strings of each request."""

    async def sample(self, request: Request) -> list[Completion]:
        self.seen.add(request.params.stop)
        return [self._go_on(answer, request.params.stop) for answer in await super().sample(request)]

    def _go_on(self, answer: Completion, stops: tuple[str, ...]) -> Completion:
        text = f"{answer.text}\n\nQuestion: What is 2 + 2?\nAnswer: \\boxed{{4}}"
        for stop in stops:
            before, found, _ = text.partition(stop)
            if found:
                return Completion(answer.path, before, answer.token_ids, "stop", stop)
        return Completion(answer.path, text, answer.token_ids, "stop")


def answers(place: Path) -> set[str | None]:
    return {answer for (answer,) in rows(place, "SELECT answer FROM candidates")}


def params(place: Path) -> list[list[str]]:
    return [json.loads(p).get("stop", []) for (p,) in rows(place, "SELECT params FROM contexts")]


def test_an_answer_ends_before_the_next_question_and_is_whole(tmp_path: Path) -> None:
    run(sweep("best_of_n", benchmarks=["arith:levels=3,per_level=2"]), tmp_path, engine=Base(alpha=50, beta=1))
    assert "4" not in answers(tmp_path)
    assert {f for (f,) in rows(tmp_path, "SELECT finished FROM candidates")} == {1}, "no answer was cut by a limit"


def test_the_stop_string_is_a_sampling_parameter_in_keys_configuration_and_tables(tmp_path: Path) -> None:
    run(sweep("greedy"), tmp_path, engine=Base())
    assert all(stop == ["\nQuestion:"] for stop in params(tmp_path))
    assert yaml.safe_load((tmp_path / "config.yaml").read_text())["sampling"]["stop"] == ["\nQuestion:"]
    assert [json.loads(s)["stop"] for (s,) in rows(tmp_path, "SELECT DISTINCT setting FROM cells")] == [["\nQuestion:"]]


@pytest.mark.parametrize("own", [[], ["\n\n\n", "END"]])
def test_what_the_sweep_says_replaces_it(tmp_path: Path, own: list[str]) -> None:
    engine = Base()
    run(sweep("greedy", sampling={"stop": own}), tmp_path, engine=engine)
    assert engine.seen == {tuple(own)} and all(stop == own for stop in params(tmp_path))


def test_a_chat_model_has_none_unless_it_is_asked_in_plain_text(tmp_path: Path) -> None:
    run(sweep("greedy"), tmp_path / "chat", engine=ScriptedEngine())
    assert params(tmp_path / "chat") == [[]] * 6
    run(sweep("greedy", prompt={"chat": False}), tmp_path / "plain", engine=ScriptedEngine())
    assert params(tmp_path / "plain") == [["\nQuestion:"]] * 6


def test_the_same_command_takes_the_run_up_again_and_another_stop_is_a_conflict(tmp_path: Path) -> None:
    run(sweep("greedy"), tmp_path, engine=Base())
    assert run(sweep("greedy"), tmp_path, engine=Base()).drawn == 0
    assert run(None, tmp_path, engine=Base()).drawn == 0
    with pytest.raises(UsageError, match=r"sampling\.stop was"):
        run(sweep("greedy", sampling={"stop": []}), tmp_path, engine=Base())


def test_a_search_ends_its_answers_there_too(tmp_path: Path) -> None:
    engine = Base()
    run(sweep("beam_search", n=4), tmp_path, engine=engine)
    assert engine.seen == {("\n\n", "\nQuestion:"), ("\nQuestion:",)}, "steps, and the rest of an answer"
