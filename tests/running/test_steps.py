"""Answers that grow in steps: which limit bound, what is rendered, kept and said of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import outcomes, rows, sweep
from scripted import ScriptedEngine

from tts.core import EngineError, UsageError
from tts.report import write_report
from tts.session import run
from tts.strategies import STRATEGIES
from tts.sweep import parse_config

CHAIN = '''
from tts.core import Candidate, Strategy


class Chain(Strategy):
    """A second attempt that sees the first."""

    async def solve(self, question, n, tools):
        (first,) = await tools.sample(1)
        turns = [{"role": "assistant", "content": first.text}, {"role": "user", "content": "Try again."}]
        (second,) = await tools.sample(1, path=("second",), turns=turns)
        tools.record(step=0, paths=[first.path], weights=[0.5, float("nan")])
        return [Candidate.of(first), Candidate.of(second)]
'''


def finishes(place: Path) -> set[str]:
    return {f for (f,) in rows(place, "SELECT finish_reason FROM samples")}


def beams(**more: object) -> dict[str, object]:
    return {"name": "beam_search", "n": [4], **more}


def searched(place: Path, entry: dict[str, object], **more: object) -> Path:
    config = {
        "model": "simulated:steps=3",
        "benchmarks": "arith:levels=1-2,per_level=2",
        "strategies": [entry],
        "verifiers": ["toy_verifier:create"],
        **more,
    }
    run(parse_config(config, "test"), place, engine=ScriptedEngine(steps=3))
    return place


def test_the_step_limit_does_not_end_an_answer_and_the_answers_limit_does(tmp_path: Path) -> None:
    by_step = searched(tmp_path / "a", beams(step_tokens=5))
    assert finishes(by_step) == {"step", "stop"}
    assert {f for (f,) in rows(by_step, "SELECT finished FROM candidates")} == {1}
    by_answer = searched(tmp_path / "b", beams(step_tokens=5), sampling={"max_tokens": 12})
    assert {"step", "length"} <= finishes(by_answer)
    assert {f for (f,) in rows(by_answer, "SELECT finished FROM candidates")} == {0}
    assert max(t for (t,) in rows(by_answer, "SELECT output_tokens FROM candidates")) == 12


def test_steps_that_a_limit_cut_are_said_in_the_report(tmp_path: Path) -> None:
    cut = write_report(searched(tmp_path / "a", beams(step_tokens=5))).html.read_text()
    assert "were cut by a length limit before the policy wrote the step delimiter" in cut
    whole = write_report(searched(tmp_path / "b", beams())).html.read_text()
    assert "before the policy wrote the step delimiter" not in whole


def test_text_is_the_whole_answer_and_what_is_discarded_is_counted(tmp_path: Path) -> None:
    place = searched(tmp_path, beams())
    for usage, text, count in rows(
        place,
        "SELECT c.usage, s.text, json_array_length(d.samples) FROM cells c JOIN candidates d ON d.cell = c.id "
        "JOIN samples s ON s.context = json_extract(d.samples, '$[#-1][0]') "
        "AND s.path = json_extract(d.samples, '$[#-1][1]')",
    ):
        assert text.count("\n\n") == count - 1 or "boxed" in text
        assert json.loads(usage)["discarded_tokens"] > 0
        assert json.loads(usage)["steps"] == json.loads(usage)["samples"]
    assert rows(place, "SELECT history FROM cells WHERE json_array_length(history) < 2") == []


def test_a_later_turn_is_rendered_once_and_replayed_without_the_model(tmp_path: Path) -> None:
    (tmp_path / "chain.py").write_text(CHAIN)
    name = f"{tmp_path / 'chain.py'}:Chain"
    config = {"model": "simulated", "benchmarks": "arith:levels=1-2,per_level=2"}
    config["strategies"] = [{"name": name, "n": [2]}]  # type: ignore[assignment]
    place = tmp_path / "run"
    run(parse_config(config, "test"), place, engine=ScriptedEngine())
    chats = rows(place, "SELECT messages, prompt FROM chats")
    assert len(chats) == 4
    assert all(json.loads(chat)[1]["content"] in prompt and "Try again." in prompt for chat, prompt in chats)
    assert len(rows(place, "SELECT 1 FROM contexts WHERE chat IS NOT NULL")) == 4
    ((history,),) = set(rows(place, "SELECT history FROM cells"))
    assert json.loads(history) == [{"step": 0, "paths": [["sample", 0]], "weights": [0.5, None]}]
    again = ScriptedEngine()
    again.render = None  # type: ignore[method-assign, assignment]
    summary = run(parse_config({**config, "grading": {"timeout_s": 3}}, "test"), place, engine=again)
    assert summary.drawn == 0


@pytest.mark.parametrize("strategy", STRATEGIES.names())
def test_a_run_that_died_half_way_is_finished_without_asking_again(strategy: str, tmp_path: Path) -> None:
    undisturbed, place = tmp_path / "undisturbed", tmp_path / "disturbed"
    drawn = run(sweep(strategy, n=8), undisturbed, engine=ScriptedEngine()).drawn
    with pytest.raises(EngineError, match="scripted engine died"):
        run(sweep(strategy, n=8), place, engine=ScriptedEngine(order=5, die_after=drawn // 2))
    held = rows(place, "SELECT count(*) FROM samples")[0][0]
    assert 0 < held < drawn
    assert run(None, place, trust=True, engine=ScriptedEngine(order=6)).drawn == drawn - held
    assert outcomes(place) == outcomes(undisturbed)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"strategies": [beams(n=[6])]}, r"found 6, which is not divisible by the beam width 4; 4 or 8 would do"),
        ({"verifiers": []}, r"strategies\[0\] \(beam_search\).verifier: missing; the sweep has no verifier"),
        ({"strategies": [beams(verifier="prm/x")]}, r"verifier: 'prm/x' is no verifier of the sweep; expected one of"),
        ({"verifiers": ["a/b", "c/d"]}, r"verifier: missing; the sweep has a/b, c/d, so name one"),
        ({"verifiers": ["toy_verifier:whole"]}, r"gives one score for a whole answer, and beam_search needs one for"),
    ],
)
def test_a_search_that_cannot_be_guided_is_refused(more: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        searched(tmp_path, beams(), **more)


def test_the_sweeps_own_stop_string_ends_an_answer_inside_a_search(tmp_path: Path) -> None:
    place = searched(tmp_path, beams(), sampling={"stop": ["terms"]})
    found = rows(place, "SELECT params FROM contexts")
    assert {tuple(json.loads(p)["stop"]) for (p,) in found} == {("\n\n", "terms")}
