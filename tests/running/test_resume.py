"""The journal is cache, resume and reuse in one: nothing is asked for twice, and more of anything is an extension."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import outcomes, rows, sweep
from scripted import ScriptedEngine

from tts.core import EngineError, UsageError
from tts.report import write_report
from tts.session import run


def test_a_run_whose_engine_died_is_finished_without_asking_again(tmp_path: Path) -> None:
    undisturbed = tmp_path / "undisturbed"
    run(sweep("best_of_n", "greedy", n=16), undisturbed, engine=ScriptedEngine())
    place = tmp_path / "disturbed"
    first = ScriptedEngine(order=5, die_after=30)
    with pytest.raises(EngineError, match="scripted engine died"):
        run(sweep("best_of_n", "greedy", n=16), place, engine=first)
    held = rows(place, "SELECT count(*) FROM samples")[0][0]
    assert 0 < held < 6 * 17
    second = ScriptedEngine(order=6)
    summary = run(None, place, trust=True, engine=second)
    assert summary.held == held
    assert summary.drawn == 6 * 17 - held
    assert sum(second.asked.values()) == summary.drawn
    assert outcomes(place) == outcomes(undisturbed)
    assert write_report(place).csv.read_bytes() == write_report(undisturbed).csv.read_bytes()


def test_a_finished_run_is_not_run_again_and_needs_no_engine(tmp_path: Path) -> None:
    run(sweep("best_of_n"), tmp_path, engine=ScriptedEngine())
    engine = ScriptedEngine()
    assert run(sweep("best_of_n"), tmp_path, engine=engine).drawn == 0
    assert engine.started == 0


def test_raising_n_draws_only_the_difference_and_equals_a_fresh_run(tmp_path: Path) -> None:
    run(sweep("best_of_n", n=4), tmp_path / "grown", engine=ScriptedEngine())
    small = ScriptedEngine()
    assert run(sweep("best_of_n", n=16), tmp_path / "grown", engine=small).drawn == 6 * 12
    run(sweep("best_of_n", n=[4, 16]), tmp_path / "fresh", engine=ScriptedEngine())
    assert outcomes(tmp_path / "grown") == outcomes(tmp_path / "fresh")
    grown, fresh = (write_report(tmp_path / p).csv.read_bytes() for p in ("grown", "fresh"))
    assert grown == fresh


def test_more_problems_strategies_and_seeds_are_extensions(tmp_path: Path) -> None:
    run(sweep("best_of_n", limit=2), tmp_path, engine=ScriptedEngine())
    assert run(sweep("best_of_n", limit=3), tmp_path, engine=ScriptedEngine()).drawn == 4
    assert run(sweep("greedy", limit=3), tmp_path, engine=ScriptedEngine()).drawn == 3
    assert run(sweep("best_of_n", limit=3, seeds=[7]), tmp_path, engine=ScriptedEngine()).drawn == 3 * 5
    assert len(rows(tmp_path, "SELECT 1 FROM cells")) == 3 * 2 * 2


def test_another_grading_grades_again_without_sampling(tmp_path: Path) -> None:
    run(sweep("best_of_n"), tmp_path, engine=ScriptedEngine())
    engine = ScriptedEngine()
    changed = sweep("best_of_n", grading={"think_tags": [["<a>", "</a>"]]})
    assert run(changed, tmp_path, engine=engine).drawn == 0
    assert all("<a>" in grading for (grading,) in rows(tmp_path, "SELECT grading FROM cells"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sampling": {"temperature": 0.1}}, r"sampling\.temperature was 0\.8 .* is 0\.1"),
        ({"prompt": {"system": "Think."}}, r"prompt\.system was None .* 'Think\.'"),
        ({"model": "simulated:seed=9"}, r"model was 'simulated' .* 'simulated:seed=9'"),
    ],
)
def test_what_would_make_samples_incomparable_is_a_conflict(tmp_path: Path, change: dict, said: str) -> None:
    run(sweep("best_of_n"), tmp_path, engine=ScriptedEngine())
    before = (tmp_path / "config.yaml").read_bytes()
    with pytest.raises(UsageError, match=said):
        run(sweep("best_of_n", **change), tmp_path, engine=ScriptedEngine())
    assert (tmp_path / "config.yaml").read_bytes() == before


def test_another_model_under_the_same_name_is_a_conflict(tmp_path: Path) -> None:
    run(sweep("best_of_n"), tmp_path, engine=ScriptedEngine())
    with pytest.raises(UsageError, match="policy was"):
        run(sweep("best_of_n"), tmp_path, engine=ScriptedEngine(alpha=2))


def test_samples_that_were_in_flight_are_counted_as_redrawn(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        run(sweep("best_of_n", n=16), tmp_path, engine=ScriptedEngine(die_after=20))
    asked = sum(len(json.loads(p)) for (p,) in rows(tmp_path, "SELECT paths FROM started"))
    assert asked > 0
    summary = run(None, tmp_path, trust=True, engine=ScriptedEngine())
    assert summary.redrawn == asked
    assert rows(tmp_path, "SELECT redrawn FROM sessions ORDER BY id") == [(0,), (asked,)]
    assert rows(tmp_path, "SELECT count(*) FROM started") == [(0,)]


def test_two_strategies_share_the_samples_they_both_ask_for(tmp_path: Path) -> None:
    engine = ScriptedEngine(order=1)
    twin = {"name": "tests_twin.py:Twin", "n": 4}
    (tmp_path / "tests_twin.py").write_text(
        "from tts.strategies.best_of_n import BestOfN\nclass Twin(BestOfN):\n    'The same samples by another name.'\n"
    )
    twin["name"] = f"{tmp_path / 'tests_twin.py'}:Twin"
    config = sweep("best_of_n", n=4)
    both = config.model_copy(update={"strategies": (*config.strategies, type(config.strategies[0])(**twin))})
    run(both, tmp_path / "run", engine=engine)
    assert sum(engine.asked.values()) == 6 * 4
    assert set(engine.asked.values()) == {1}


def test_the_window_keeps_the_engine_full_and_admits_older_cells_first(tmp_path: Path) -> None:
    engine = ScriptedEngine(capacity=16)
    run(sweep("best_of_n", n=8, benchmarks=["arith:levels=1-3,per_level=10"]), tmp_path, engine=engine)
    assert 16 <= engine.most_at_once <= 2 * 16 + 8
    assert sorted(set(engine.priorities)) == list(range(30)), "each request carries its cell's index"
    window = 2 * 16 // 8 + 1
    assert all(abs(p - i // 2) <= window for i, p in enumerate(engine.priorities)), "a cell ran ahead of its window"


def test_a_run_directory_serves_one_process_at_a_time(tmp_path: Path) -> None:
    from tts.store import RunDir

    with RunDir(tmp_path / "run"), pytest.raises(UsageError, match="in use by another"):
        RunDir(tmp_path / "run")


def test_a_failed_start_leaves_no_directory_behind(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run(sweep("best_of_n", benchmarks=["arith:levels=99"]), tmp_path / "new", engine=ScriptedEngine())
    assert not (tmp_path / "new").exists()


def test_a_run_is_replayed_and_graded_again_where_its_model_is_not(tmp_path: Path) -> None:
    """A journal moved to another machine: new gradings need no model, new samples say that it is missing."""
    gone = {"model": "vllm/./no-such-model"}
    run(sweep("best_of_n", **gone), tmp_path, engine=ScriptedEngine())
    again = sweep("best_of_n", grading={"think_tags": [["<a>", "</a>"]]}, **gone)
    assert run(again, tmp_path).drawn == 0
    assert all("<a>" in grading for (grading,) in rows(tmp_path, "SELECT grading FROM cells"))
    with pytest.raises(UsageError, match="no-such-model"):
        run(sweep("best_of_n", n=8, **gone), tmp_path)
    with pytest.raises(UsageError, match="no-such-model"):
        run(sweep("best_of_n", **gone), tmp_path / "new")
