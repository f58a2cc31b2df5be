"""Sequential revision: what each attempt saw, and how n is divided."""

from __future__ import annotations

import jinja2
import numpy as np
import pytest
from pydantic import ValidationError

from lab.tokenizer import CHAT_TEMPLATE
from tts.analysis import curves
from tts.core import Completion, Question
from tts.session import run
from tts.store import read_run
from tts.strategies.best_of_n import BestOfN
from tts.strategies.revision import Revision
from tts.sweep import parse_config

QUESTION = Question("q", "1 + 1?")


class Chat:
    """Tools that answer each draw by its own path and remember what it was shown; some answers are empty."""

    def __init__(self, empty=()):
        self.turns = {}
        self.history = []
        self.empty = empty

    async def sample(self, n, *, path=("sample",), prefix=(), turns=(), **overrides):
        assert not prefix
        assert not overrides
        found = []
        for i in range(n):
            assert (*path, i) not in self.turns
            self.turns[*path, i] = list(turns)
            text = "" if len(self.turns) - 1 in self.empty else f"answer {len(self.turns) - 1}"
            found.append(Completion((*path, i), text, np.zeros(1, np.uint32), "stop"))
        return found

    def record(self, **entry):
        self.history.append(entry)


async def attempts(n: int, tools: Chat, **options):
    strategy = Revision(**options)
    strategy.check(n)
    return await strategy.solve(QUESTION, n, tools)


def shown(tools: Chat, candidate) -> list[str]:
    """The earlier answers that an attempt was shown."""
    turns = tools.turns[candidate.path]
    assert [t["role"] for t in turns] == ["assistant", "user"] * (len(turns) // 2)
    assert {t["content"] for t in turns[1::2]} <= {Revision().instruction}
    return [t["content"] for t in turns[::2]]


@pytest.mark.parametrize("window", [1, 2, 4, 20])
async def test_each_attempt_sees_the_last_ones_of_its_window_in_order(window):
    tools = Chat()
    chain = await attempts(9, tools, window=window)
    texts = [c.text for c in chain]
    for k, candidate in enumerate(chain):
        assert shown(tools, candidate) == texts[max(0, k - window) : k]


async def test_the_window_is_four_attempts_as_in_the_paper():
    chain = await attempts(8, tools := Chat())
    assert [len(shown(tools, c)) for c in chain] == [0, 1, 2, 3, 4, 4, 4, 4]


@pytest.mark.parametrize("chains", [1, 2, 4, 8])
async def test_a_budget_is_divided_between_depth_and_width(chains):
    tools = Chat()
    candidates = await attempts(8, tools, chains=chains)
    assert len(candidates) == 8 == len(tools.turns) == len({c.path for c in candidates})
    assert [c.scores["group"] for c in candidates] == [float(c) for c in range(chains) for _ in range(8 // chains)]
    for c in range(chains):
        chain = candidates[c * 8 // chains : (c + 1) * 8 // chains]
        texts = [x.text for x in chain]
        for k, candidate in enumerate(chain):
            assert shown(tools, candidate) == texts[max(0, k - 4) : k], "an attempt saw another chain"
    entry = tools.history[0]
    assert entry["attempts"] == [c.path for c in candidates[: 8 // chains]]
    assert entry["seen"][-1] == entry["attempts"][max(0, 8 // chains - 5) : -1]


async def test_chains_of_one_attempt_are_the_samples_of_best_of_n():
    revision = await attempts(6, ours := Chat(), chains=6)
    plain = await BestOfN().solve(QUESTION, 6, theirs := Chat())
    assert [c.path for c in revision] == [c.path for c in plain]
    assert ours.turns == theirs.turns


async def test_an_empty_attempt_is_a_candidate_but_is_not_shown():
    tools = Chat(empty=(0, 2))
    chain = await attempts(5, tools)
    assert [c.text for c in chain] == ["", "answer 1", "", "answer 3", "answer 4"]
    assert [shown(tools, c) for c in chain] == [[], [], ["answer 1"], ["answer 1"], ["answer 1", "answer 3"]]
    assert tools.history[0]["seen"][4] == [chain[1].path, chain[3].path]


async def test_a_tiny_model_is_shown_its_attempts_and_a_retry_token_after_each():
    tools = Chat()
    chain = await attempts(3, tools)
    messages = [{"role": "user", "content": QUESTION.text}, *tools.turns[chain[2].path]]
    prompt = jinja2.Template(CHAT_TEMPLATE).render(messages=messages)
    assert prompt == "<|user|>1 + 1?<|assistant|>answer 0<|end|><|retry|>answer 1<|end|><|retry|>"


def test_options_and_budgets_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="found 6, which is not divisible by the number of chains 4; 4 or 8 would do"):
        Revision(chains=4).check(6)
    for options in ({"chains": 0}, {"window": 0}, {"instruction": ""}):
        with pytest.raises(ValidationError):
            Revision(**options)


def test_a_run_can_select_within_chains_before_across(tmp_path):
    sweep = {
        "model": "simulated",
        "benchmarks": ["arith:levels=1-2,per_level=2"],
        "strategies": [{"name": "revision", "n": 6, "chains": 3}, {"name": "multi_temperature", "n": 8}],
        "selectors": ["majority", "majority_by_group"],
    }
    run(parse_config(sweep, "test"), tmp_path / "run")
    held = read_run(tmp_path / "run")
    groups = {key[2]: cell.scores["group"].tolist() for key, cell in held.cells.items()}
    assert groups == {"revision": [0, 0, 1, 1, 2, 2], "multi_temperature": [0, 1, 1, 2, 3, 4, 4, 5]}
    rows = {(row.strategy, row.selector) for row in curves(held).rows}
    assert rows == {(s, v) for s in groups for v in sweep["selectors"]}
