"""What every tree search does with answers that are empty, cut, or never divided into steps, and with bad options."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from worlds import END, GUIDE, World, solve, worlds

from tts.core import UsageError
from tts.session import run
from tts.strategies import STRATEGIES
from tts.strategies.search import GuidedSearch
from tts.sweep import parse_config, settings_of

SEARCHES: dict[str, dict[str, Any]] = {
    "beam_search": {"beam_width": 2},
    "dvts": {"beam_width": 2},
    "lookahead": {"beam_width": 2, "lookahead": 2},
    "vg_search": {"beam_width": 2, "granularity": 2},
    "rebase": {},
    "mcts": {"children": 2},
}


def make(name: str, **more: Any) -> GuidedSearch:
    search = STRATEGIES.load(name, "strategy").model_validate({"verifier": GUIDE, **SEARCHES[name], **more})
    assert isinstance(search, GuidedSearch)
    return search


every_search = pytest.mark.parametrize("name", SEARCHES)


@every_search
def test_an_empty_completion_is_an_answer_at_once(name: str) -> None:
    found = solve(make(name), 4, World(0, end=1.0))
    assert all(c.text == "" and c.finished and len(c.completions) == 1 and c.token_ids == (END,) for c in found)


@every_search
def test_where_the_limit_cuts_every_answer_all_candidates_are_truncated(name: str) -> None:
    for seed in range(10):
        found = solve(make(name), 4, World(seed, end=0.0, stop=0.4, max_tokens=12))
        assert all(c.completions[-1].truncated and not c.finished and c.output_tokens == 12 for c in found)


@every_search
def test_a_policy_that_never_writes_the_delimiter_is_cut_into_steps_by_length(name: str) -> None:
    several = 0
    for seed in range(10):
        found = solve(make(name, step_tokens=3), 4, World(seed, end=0.1, stop=0.0))
        assert all("\n\n" not in c.text for c in found)
        assert all(x.finish_reason == "step" and x.output_tokens == 3 for c in found for x in c.completions[:-1])
        several += any(len(c.completions) > 1 for c in found)
    assert several


@every_search
def test_without_a_delimiter_only_the_limit_divides_an_answer(name: str) -> None:
    for seed in range(10):
        found = solve(make(name, step_tokens=4, delimiter=""), 4, World(seed, end=0.05, stop=0.5))
        assert all(x.finish_reason == "step" and x.output_tokens == 4 for c in found for x in c.completions[:-1])
        assert any("\n\n" in c.text for c in found), "the delimiter is a word like any other"


@every_search
def test_the_last_step_allowed_is_the_rest_of_the_answer(name: str) -> None:
    world = World(0, end=0.1, stop=0.4)
    found = solve(make(name, max_steps=2), 4, world)
    assert max(len(c.completions) for c in found) == 2
    assert all(c.finished or c.output_tokens == 40 for c in found), "max_steps alone truncates nothing"


@every_search
def test_the_end_token_at_the_very_limit_is_finished_not_truncated(name: str) -> None:
    """By finish_reason, never by length."""
    at_the_limit = 0
    for world in worlds(60, end=0.3, max_tokens=3, stop=0.3):
        found = solve(make(name), 4, world)  # which checks that each is finished exactly where the end token is
        at_the_limit += sum(c.finished and c.output_tokens == 3 for c in found)
    assert at_the_limit


@every_search
def test_there_are_no_more_candidates_than_the_method_gives(name: str) -> None:
    most = 2 if name in ("beam_search", "dvts", "lookahead") else 4
    assert all(len(solve(make(name), 4, world)) <= most for world in worlds(20))


def sweep(**entry: Any) -> Any:
    return parse_config(
        {
            "model": "simulated",
            "benchmarks": ["arith:levels=1-3,per_level=2"],
            "strategies": [{"n": 4, **entry}],
            "verifiers": ["toy_verifier:create"],
        },
        "f.yaml",
    )


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "beam_search", "n": 6}, "strategies[0].n (beam_search): found 6, .* beam width 4; 4 or 8 would do"),
        ({"name": "dvts", "n": 3}, "strategies[0].n (dvts): found 3, .* beam width 4; 4 would do"),
        ({"name": "lookahead", "n": 10}, "strategies[0].n (lookahead): found 10, .* beam width 4; 8 or 12 would do"),
        ({"name": "vg_search", "n": 5}, "strategies[0].n (vg_search): found 5, .* beam width 4; 4 or 8 would do"),
        ({"name": "lookahead", "lookahead": -1}, "(lookahead): lookahead: found -1, expected at least 0"),
        ({"name": "vg_search", "granularity": 0}, "(vg_search): granularity: found 0, expected at least 1"),
        ({"name": "vg_search", "tolerance": -0.1}, "(vg_search): tolerance: found -0.1, expected at least 0"),
        ({"name": "rebase", "softmax_temperature": 0}, "softmax_temperature: found 0, expected more than 0"),
        ({"name": "mcts", "children": 1}, "(mcts): children: found 1, expected at least 2"),
        ({"name": "mcts", "c_puct": -1}, "(mcts): c_puct: found -1, expected at least 0"),
        ({"name": "dvts", "beam_width": 0}, "(dvts): beam_width: found 0, expected at least 1"),
        ({"name": "vg_search", "granularty": 2}, "granularty: unknown field (did you mean 'granularity'?)"),
    ],
)
def test_bad_options_are_refused_with_their_name(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as error:
        settings_of(sweep(**entry), "f.yaml")
    first, _, last = message.partition(" .* ")
    assert first in str(error.value) and last in str(error.value)


@every_search
def test_a_real_run_spends_no_more_than_the_bound_and_repeats_no_candidate(name: str, tmp_path: Path) -> None:
    config = sweep(name=name, n=8, **SEARCHES[name])
    (setting,) = settings_of(config, "f.yaml")
    run(config, tmp_path)
    bound = setting.strategy.bound(8, setting.sampling)
    with sqlite3.connect(tmp_path / "journal.sqlite") as db:
        usages = [json.loads(u) for (u,) in db.execute("SELECT usage FROM cells")]
        samples = db.execute("SELECT cell, samples FROM candidates").fetchall()
    assert len(usages) == 6
    for usage in usages:
        assert 0 < usage["samples"] <= bound.samples
        assert 0 < usage["output_tokens"] <= bound.tokens
        assert usage["verifier_tokens"] > 0
        assert usage["discarded_tokens"] > 0, "each of these searches throws branches away"
    assert len(set(samples)) == len(samples)
