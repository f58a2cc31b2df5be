"""What a sample is, is in its key, and nothing else: what bound it, and not what has no effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, ClassVar

import pytest
from helpers import rows, sweep
from pydantic import Field
from scripted import ScriptedEngine

from tts.core import Candidate, Question, SamplingParams, Strategy, Tools, context_digest, described
from tts.core.sampling import NEUTRAL
from tts.session import run
from tts.strategies import STRATEGIES
from tts.sweep import parse_config, settings_of


class Narrow(ScriptedEngine):
    """An engine with a context of its own."""

    def __init__(self, context: int, **policy: object):
        super().__init__(**policy)
        self.context = context


def finishes(place: Path) -> list[str]:
    sql = """
        SELECT s.finish_reason FROM candidates d JOIN samples s ON s.context = json_extract(d.samples, '$[0][0]')
        AND s.path = json_extract(d.samples, '$[0][1]')
    """
    return [f for (f,) in rows(place, sql)]


def test_a_larger_context_draws_anew_all_that_the_smaller_one_bound(tmp_path: Path) -> None:
    long = {"model": "simulated:steps=8"}
    prompt = 60
    run(sweep("best_of_n", n=4, **long), tmp_path, engine=Narrow(prompt, steps=8))
    assert set(finishes(tmp_path)) & {"length", "refused"}, "the small context bound nothing: the test would be empty"
    again = run(sweep("best_of_n", n=8, **long), tmp_path, engine=Narrow(1 << 20, steps=8))
    assert again.drawn == 6 * 8, "samples of two contexts must not stand in one row"
    assert set(finishes(tmp_path)) == {"stop"}


def test_a_larger_context_does_not_leave_finished_cells_as_the_smaller_one_cut_them(tmp_path: Path) -> None:
    long = {"model": "simulated:steps=8"}
    run(sweep("best_of_n", n=4, **long), tmp_path, engine=Narrow(60, steps=8))
    run(None, tmp_path, trust=True, engine=Narrow(1 << 20, steps=8))
    assert set(finishes(tmp_path)) == {"stop"}


def test_a_larger_context_draws_nothing_anew_where_the_smaller_one_bound_nothing(tmp_path: Path) -> None:
    limits = {"sampling": {"max_tokens": 200}}
    first = run(sweep("best_of_n", n=4, **limits), tmp_path, engine=Narrow(4096))
    assert first.drawn == 24
    assert run(sweep("best_of_n", n=4, **limits), tmp_path, engine=Narrow(8192)).drawn == 0


def test_a_prompt_that_leaves_no_room_is_refused_with_its_reason(tmp_path: Path) -> None:
    run(sweep("best_of_n", n=2), tmp_path, engine=Narrow(1))
    assert set(finishes(tmp_path)) == {"refused"}
    (reason,) = set(rows(tmp_path, "SELECT DISTINCT stop_reason LIKE '%context of 1 tokens has no room%' FROM samples"))
    assert reason == (1,)
    assert rows(tmp_path, "SELECT min(refused), max(refused) FROM candidates") == [(1, 1)]


def test_problems_of_one_wording_draw_apart() -> None:
    one, two = (context_digest("model", f"b/{i}", [1, 2], SamplingParams(), 0) for i in "12")
    assert one != two


def test_a_parameter_that_is_added_with_a_neutral_value_changes_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(SamplingParams):
        repetition_penalty: float = 1.0

    before = context_digest("model", "b/1", [1], SamplingParams(), 0)
    monkeypatch.setattr("tts.core.sampling.NEUTRAL", {**NEUTRAL, "repetition_penalty": 1.0})
    assert context_digest("model", "b/1", [1], Later(), 0) == before
    assert context_digest("model", "b/1", [1], Later(repetition_penalty=1.1), 0) != before


def test_a_default_that_changes_takes_over_no_name() -> None:
    class Old(Strategy):
        width: int = 4

        async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
            return []

    class New(Old):
        width: Annotated[int, Field(json_schema_extra={"reference": 4})] = 8
        extra: Annotated[bool, Field(json_schema_extra={"reference": False})] = False

    assert described(Old()) == {}
    assert described(New(width=4)) == {}, "what was made under the old default keeps its name"
    assert described(New()) == {"width": 8}, "and what is made under the new one has another"


def test_the_reference_values_of_our_own_options_have_not_changed() -> None:
    """A changed default needs ``json_schema_extra={"reference": OLD}``; a new option's line is added here."""
    kept = json.loads((Path(__file__).parent / "reference_values.json").read_text())
    assert {name: _references(STRATEGIES.load(name, "")) for name in STRATEGIES.names()} == kept["strategies"]
    assert _references(SamplingParams) == kept["sampling"]


def _references(kind: type) -> dict[str, object]:
    from tts.core.described import reference

    values = {name: reference(field) for name, field in kind.model_fields.items()}
    fixed = dict(getattr(kind, "sampling", {})) if issubclass(kind, Strategy) else {}
    return json.loads(json.dumps({**values, **({"sampling": fixed} if fixed else {})}, default=str))


class Threshold(Strategy):
    """A plug-in whose default will change under its users."""

    sampling: ClassVar[dict[str, object]] = {}
    first: int = 2

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        return [Candidate.of(c) for c in await tools.sample(self.first)]


def test_outcomes_of_a_plugins_old_default_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Changed(Threshold):
        first: int = 3

    kinds = iter([Threshold] * 20)
    monkeypatch.setattr(STRATEGIES, "load", lambda name, field: next(kinds, Changed))
    data = {"model": "simulated", "benchmarks": "arith:levels=1,per_level=2", "strategies": [{"name": "t", "n": 4}]}
    run(parse_config(data, "test"), tmp_path, engine=ScriptedEngine())
    kinds = iter(())
    run(parse_config(data, "test"), tmp_path, engine=ScriptedEngine())
    assert rows(tmp_path, "SELECT count(*) FROM candidates") == [(6,)]


def test_an_edited_strategy_file_is_run_again(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    code = """
from tts.core import Candidate, Strategy
class Mine(Strategy):
    async def solve(self, question, n, tools):
        return [Candidate.of(c) for c in await tools.sample({})]
"""
    data = {"model": "simulated", "benchmarks": "arith:levels=1,per_level=2"}
    data["strategies"] = [{"name": f"{file}:Mine", "n": 4}]  # type: ignore[assignment]
    file.write_text(code.format(2))
    run(parse_config(data, "test"), tmp_path / "run", engine=ScriptedEngine())
    file.write_text(code.format(3))
    assert run(parse_config(data, "test"), tmp_path / "run", engine=ScriptedEngine()).drawn == 2
    (label,) = {s.label for s in settings_of(parse_config(data, "test"), "test")}
    assert rows(
        tmp_path / "run", f"SELECT count(*) FROM candidates d JOIN cells c ON c.id = d.cell WHERE setting = '{label}'"
    ) == [(6,)]
