"""Models by role: named in the sweep, asked by strategies, and charged by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import rows
from scripted import ScriptedEngine

from tts.core import TtsError, UsageError
from tts.session import run
from tts.session.run import run as run_with
from tts.sweep import parse_config
from tts.sweep.config import settings_of

HANDOVER = '''
from tts.core import Candidate, Strategy


class Handover(Strategy):
    """The draft begins, the policy goes on after a word of ours."""

    roles = ("draft",)

    async def solve(self, question, n, tools):
        (first,) = await tools.sample(1, model="draft", path=("draft",), step_tokens=4)
        answer = tools.force(Candidate.of(first), "Wait")
        (second,) = await tools.sample(1, path=("policy",), prefix=answer.token_ids)
        return [answer.then(second)]
'''


@pytest.fixture
def strategy(tmp_path: Path) -> str:
    (tmp_path / "handover.py").write_text(HANDOVER)
    return f"{tmp_path / 'handover.py'}:Handover"


def config(strategy: str, **more: object) -> dict[str, object]:
    return {
        "model": "simulated:seed=1",
        "benchmarks": "arith:levels=1-2,per_level=2",
        "strategies": [{"name": strategy, "n": 1}],
        **more,
    }


def token_ids(place: Path, context: int, path: list[object]) -> bytes:
    name = json.dumps(path, separators=(",", ":"))
    return rows(place, f"SELECT token_ids FROM samples WHERE context = {context} AND path = '{name}'")[0][0]


def test_two_models_answer_one_question_and_a_forced_piece_is_input(strategy: str, tmp_path: Path) -> None:
    place = tmp_path / "run"
    run(parse_config(config(strategy, models={"draft": "simulated:seed=2"}), "test"), place)
    models = dict(rows(place, "SELECT model, count(*) FROM contexts GROUP BY model"))
    assert len(models) == 2
    info = json.loads((place / "run.json").read_text())
    assert set(models) == {info["model"]["fingerprint"], info["models"]["draft"]["fingerprint"]}
    for pieces, tokens in rows(place, "SELECT samples, output_tokens FROM candidates"):
        first, forced, second = json.loads(pieces)
        assert forced == "Wait"
        drawn = [len(token_ids(place, context, path)) // 4 for context, path in (first, second)]
        assert tokens == sum(drawn), "forced tokens are input"


def test_tokens_of_two_models_are_not_counted_as_one_models_flops(strategy: str, tmp_path: Path) -> None:
    place = tmp_path / "run"
    run(parse_config(config(strategy, models={"draft": "simulated:seed=2"}), "test"), place)
    for (text,) in rows(place, "SELECT usage FROM cells"):
        usage = json.loads(text)
        assert usage["output_tokens"] > 0
        assert usage["output_positions"] == usage["prompt_positions_ideal"] == []


def test_what_two_models_were_asked_is_replayed_without_either(strategy: str, tmp_path: Path) -> None:
    place = tmp_path / "run"
    models = {"draft": "simulated:seed=2"}
    first = run(parse_config(config(strategy, models=models), "test"), place)
    again = run(parse_config(config(strategy, models=models, grading={"timeout_s": 3}), "test"), place)
    assert first.drawn == 8
    assert again.drawn == 0


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ({}, "asks a model in the role 'draft', which the sweep does not name; add models: {draft: ENGINE/MODEL}"),
        ({"draft": "simulated", "drafft": "simulated"}, r"in the role 'drafft' \(did you mean 'draft'\?\)"),
        (
            {"draft": {"name": "simulated", "engin": {}}},
            r"models.draft.engin: unknown field \(did you mean 'engine'\?\)",
        ),
        ({"policy": "simulated", "draft": "simulated"}, "the policy is named by model already"),
    ],
)
def test_a_role_that_nothing_knows_is_named(strategy: str, models: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_config(config(strategy, models=models), "test")


def test_the_policy_may_stand_among_the_models(strategy: str) -> None:
    data = config(
        strategy, models={"policy": {"name": "simulated:seed=3", "engine": {"steps": 2}}, "draft": "simulated"}
    )
    del data["model"]
    parsed = parse_config(data, "test")
    assert (parsed.model, parsed.engine) == ("simulated:seed=3", {"steps": 2})
    assert list(parsed.roles) == ["policy", "draft"]


def test_a_model_that_no_strategy_asks_is_noted(strategy: str, tmp_path: Path) -> None:
    import io

    both = [{"name": strategy, "n": 1}]
    place, said = tmp_path / "run", io.StringIO()
    run_with(parse_config(config(strategy, strategies=both, models={"draft": "simulated"}), "test"), place, stream=said)
    assert "no strategy of this sweep asks" not in said.getvalue()


def test_another_model_in_a_role_is_another_run(strategy: str, tmp_path: Path) -> None:
    place = tmp_path / "run"
    run(parse_config(config(strategy, models={"draft": "simulated:seed=2"}), "test"), place)
    with pytest.raises(UsageError, match=r"models\.draft was 'simulated:seed=2' when the run was made"):
        run(parse_config(config(strategy, models={"draft": "simulated:seed=5"}), "test"), place)


@pytest.mark.parametrize(("declared", "allowed"), [("True", True), ("False", False)])
def test_only_a_declared_oracle_is_told_what_is_correct(declared: str, allowed: bool, tmp_path: Path) -> None:
    (tmp_path / "peek.py").write_text(f"""
from tts.core import Candidate, Strategy
class Peek(Strategy):
    oracle = {declared}
    async def solve(self, question, n, tools):
        drawn = [Candidate.of(c) for c in await tools.sample(n)]
        right = await tools.grade(drawn)
        return [c for c, ok in zip(drawn, right) if ok] or drawn[:1]
""")
    data = config(f"{tmp_path / 'peek.py'}:Peek")
    data["strategies"][0]["n"] = 8  # type: ignore[index]
    if not allowed:
        with pytest.raises(TtsError, match="without being declared oracle"):
            run(parse_config(data, "test"), tmp_path / "run", engine=ScriptedEngine())
        return
    run(parse_config(data, "test"), tmp_path / "run", engine=ScriptedEngine())
    assert json.loads((tmp_path / "run" / "run.json").read_text())["plan"][0]["oracle"] is True
    assert settings_of(parse_config(data, "test"), "test")[0].strategy.oracle


def test_the_example_of_two_models_runs(tmp_path: Path) -> None:
    example = Path(__file__).resolve().parents[2] / "examples" / "handover.py"
    data = config(f"{example}:Handover", models={"draft": "simulated:seed=2"})
    data["strategies"][0]["n"] = 4  # type: ignore[index]
    run(parse_config(data, "test"), tmp_path / "run")
    pieces = [json.loads(p) for (p,) in rows(tmp_path / "run", "SELECT samples FROM candidates")]
    assert len(pieces) == 16
    assert max(map(len, pieces)) == 2, "no answer was handed over"
