"""Verifiers score what a run holds: journaled like samples, asked once, with an engine that draws nothing."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import toy_verifier
from helpers import rows, sweep
from scripted import ScriptedEngine

from tts.core import UsageError
from tts.session import run, score_run
from tts.verifiers import VERIFIERS, aggregate


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setitem(VERIFIERS._builtin, "toy", "toy_verifier:create")
    VERIFIERS.__dict__.pop("_known", None)
    toy_verifier.ASKED.clear()
    yield toy_verifier.ASKED
    VERIFIERS.__dict__.pop("_known", None)


def scores(place: Path) -> list[dict[str, float]]:
    return [json.loads(s) for (s,) in rows(place, "SELECT scores FROM candidates ORDER BY cell, idx")]


def test_a_sweep_with_a_verifier_scores_every_candidate(tmp_path: Path, toy: list[str]) -> None:
    config = sweep("best_of_n", "greedy", n=4, verifiers=[{"name": "toy/a", "aggregation": ["min", "prod"]}])
    run(config, tmp_path, engine=ScriptedEngine())
    found = scores(tmp_path)
    assert len(found) == 6 * 5
    assert all(set(s) == {"toy/a:min", "toy/a:prod"} for s in found)
    assert len(toy) == len(set(toy)), "a text was scored twice for one problem"
    kept = [json.loads(v) for (v,) in rows(tmp_path, 'SELECT "values" FROM scores')]
    assert {min(v) for v in kept} == {s["toy/a:min"] for s in found}
    assert {math.prod(v) for v in kept} == {s["toy/a:prod"] for s in found}


def test_scoring_a_finished_run_draws_nothing_and_a_second_aggregation_asks_nothing(
    tmp_path: Path, toy: list[str]
) -> None:
    run(sweep("best_of_n"), tmp_path, engine=ScriptedEngine())
    samples = rows(tmp_path, "SELECT id, text FROM samples")
    assert score_run(tmp_path, [{"name": "toy/a"}]).drawn == 0
    asked = len(toy)
    assert asked > 0
    score_run(tmp_path, [{"name": "toy/a", "aggregation": "mean"}])
    assert len(toy) == asked, "scores that the journal holds were asked for again"
    score_run(tmp_path, [{"name": "toy/b"}])
    assert all(set(s) == {"toy/a:last", "toy/a:mean", "toy/b:last"} for s in scores(tmp_path))
    assert rows(tmp_path, "SELECT id, text FROM samples") == samples


def test_an_ensembles_members_are_asked_once_with_the_members_own_rows(tmp_path: Path, toy: list[str]) -> None:
    both = {"name": "ensemble/both", "members": ["toy/a", "toy/b"]}
    run(sweep("best_of_n", verifiers=["toy/a", "toy/b"]), tmp_path / "apart", engine=ScriptedEngine())
    apart = len(toy)
    toy.clear()
    run(sweep("best_of_n", verifiers=["toy/a", "toy/b", both]), tmp_path / "both", engine=ScriptedEngine())
    assert len(toy) == apart, "a member was asked again for the ensemble"
    for found in scores(tmp_path / "both"):
        assert found["ensemble/both:last"] == pytest.approx((found["toy/a:last"] + found["toy/b:last"]) / 2)


def test_two_cells_that_ask_at_once_share_one_score(tmp_path: Path, toy: list[str]) -> None:
    """Else a decision could rest on a score that the journal does not have."""
    twin = tmp_path / "twin.py"
    twin.write_text("from tts.strategies.best_of_n import BestOfN\n\n\nclass Twin(BestOfN):\n    'The same.'\n")
    config = sweep("best_of_n", n=4, verifiers=["toy/noisy"])
    entry = config.strategies[0].model_copy(update={"name": f"{twin}:Twin"})
    both = config.model_copy(update={"strategies": (*config.strategies, entry)})
    run(both, tmp_path / "run", engine=ScriptedEngine())
    kept = {json.loads(v)[0] for (v,) in rows(tmp_path / "run", 'SELECT "values" FROM scores')}
    assert {s["toy/noisy:last"] for s in scores(tmp_path / "run")} == kept
    assert len(toy) == len(kept) == len(set(toy))


def test_an_unfinished_run_is_not_scored(tmp_path: Path) -> None:
    run(sweep("best_of_n", n=2), tmp_path, engine=ScriptedEngine())
    config = (tmp_path / "config.yaml").read_text().replace("- 2", "- 8")
    (tmp_path / "config.yaml").write_text(config)
    with pytest.raises(UsageError, match=r"not finished; run `tts run"):
        score_run(tmp_path, [{"name": "toy/a"}])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"verifiers": ["nonsense/a"]}, "unknown verifier 'nonsense'"),
        ({"verifiers": [{"name": "toy/a", "aggregation": "lst"}]}, "unknown aggregation 'lst' .did you mean 'last'"),
        ({"selectors": ["best"]}, "'best' needs a verifier's scores"),
    ],
)
def test_what_cannot_be_scored_is_said(tmp_path: Path, more: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run(sweep("best_of_n", **more), tmp_path / "run", engine=ScriptedEngine())


def test_aggregations() -> None:
    values = (0.5, 0.2, 0.8)
    assert [aggregate(values, how) for how in ("last", "min", "prod", "mean")] == [0.8, 0.2, 0.5 * 0.2 * 0.8, 0.5]
    assert aggregate((), "last") == 0.0
