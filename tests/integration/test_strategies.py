"""Every strategy on real vLLM, guided by the real reward model: what a run of them leaves is consistent."""

from __future__ import annotations

import json
import sqlite3

import numpy as np
import pytest

from lab.tokenizer import END, VOCABULARY
from tts.session import run
from tts.strategies import STRATEGIES
from tts.sweep import parse_config

pytestmark = pytest.mark.integration
pytest.importorskip("vllm")

PROBLEMS, N = 3, 8
STEPWISE = '''
from tts.strategies.search import ROOT, StepByStep


class Stepwise(StepByStep):
    """The likeliest answer, a step at a time."""

    async def solve(self, question, n, tools):
        answer = ROOT
        while self.is_open(answer):
            (answer,) = await self.extend(tools, answer, 1, temperature=0.0)
        return [answer]
'''


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    """One run of all strategies; one of them takes its steps from the likeliest tokens."""
    place = tmp_path_factory.mktemp("strategies")
    (place / "stepwise.py").write_text(STEPWISE)
    names = [*STRATEGIES.names(), f"{place / 'stepwise.py'}:Stepwise"]
    entries = [{"name": s, "n": N} if STRATEGIES.load(s, "strategy").budgets is None else {"name": s} for s in names]
    config = {
        "model": "vllm/tiny-arith",
        "engine": {"kv_cache_memory_bytes": 2**28, "max_model_len": 1024},
        "benchmarks": f"arith:levels=6-8,per_level={PROBLEMS // 3}",
        "sampling": {"max_tokens": 256, "temperature": 1.0},
        "strategies": entries,
        "verifiers": [{"name": "prm/tiny-arith", "engine": {"max_model_len": 512}}],
    }
    run(parse_config(config, "test"), place / "run")
    return sqlite3.connect(place / "run" / "journal.sqlite")


def test_every_strategy_offers_answers(db: sqlite3.Connection) -> None:
    found = dict(db.execute("SELECT strategy, count(*) FROM cells GROUP BY strategy"))
    assert set(STRATEGIES.names()) <= set(found)
    assert set(found.values()) == {PROBLEMS}
    offered = "SELECT count(*) FROM candidates d WHERE d.cell = c.id"
    assert db.execute(f"SELECT strategy FROM cells c WHERE ({offered}) = 0").fetchall() == []
    per_problem = db.execute(f"SELECT max(({offered})) FROM cells c").fetchone()[0]
    assert per_problem == N


def test_an_answers_text_is_that_of_all_its_ids(db: sqlite3.Connection) -> None:
    samples = {
        (context, path): (ids, text)
        for context, path, ids, text in db.execute("SELECT context, path, token_ids, text FROM samples")
    }
    several = 0
    for (pieces,) in db.execute("SELECT samples FROM candidates"):
        keys = [(context, json.dumps(path, separators=(",", ":"))) for context, path in json.loads(pieces)]
        ids = np.frombuffer(b"".join(samples[key][0] for key in keys), "<u4")
        words = [VOCABULARY[i] for i in ids if VOCABULARY[i] != END]
        assert samples[keys[-1]][1] == "".join(words)
        several += len(keys) > 1
    assert several > 50


def test_a_continued_answers_prefix_is_what_was_drawn_before(db: sqlite3.Connection) -> None:
    for (pieces,) in db.execute("SELECT samples FROM candidates"):
        before = b""
        for context, path in json.loads(pieces):
            row = db.execute("SELECT prefix_ids FROM contexts WHERE id = ?", (context,)).fetchone()
            assert row[0] == before
            text = json.dumps(path, separators=(",", ":"))
            query = "SELECT token_ids FROM samples WHERE context = ? AND path = ?"
            before += db.execute(query, (context, text)).fetchone()[0]


def test_the_likeliest_answer_is_the_same_step_by_step(db: sqlite3.Connection) -> None:
    """Steps continue from ids, so that the model sees what it would have seen in one go."""
    query = """
        SELECT c.problem, s.text FROM cells c JOIN candidates d ON d.cell = c.id
        JOIN samples s ON s.context = json_extract(d.samples, '$[#-1][0]')
                      AND s.path = json_extract(d.samples, '$[#-1][1]')
        WHERE c.strategy LIKE ?
    """
    whole, stepwise = dict(db.execute(query, ("greedy",))), dict(db.execute(query, ("%Stepwise",)))
    assert len(whole) == PROBLEMS
    assert stepwise == whole
    assert all("\n\n" in text for text in whole.values())


def test_no_answer_is_offered_twice_and_what_was_thrown_away_is_counted(db: sqlite3.Connection) -> None:
    for strategy, cell, usage in db.execute("SELECT strategy, id, usage FROM cells"):
        kept = [s for (s,) in db.execute("SELECT samples FROM candidates WHERE cell = ?", (cell,))]
        assert len(set(kept)) == len(kept), strategy
        spent = json.loads(usage)
        on_paths = {(c, json.dumps(p)) for pieces in kept for c, p in json.loads(pieces)}
        assert spent["samples"] >= len(on_paths), strategy
        assert (spent["discarded_tokens"] > 0) == (spent["samples"] > len(on_paths)), strategy


def test_step_scores_are_as_many_as_steps(db: sqlite3.Connection) -> None:
    lengths = {len(json.loads(v)) for (v,) in db.execute('SELECT "values" FROM scores')}
    assert {1, 2, 3} <= lengths
    assert 0 not in lengths
