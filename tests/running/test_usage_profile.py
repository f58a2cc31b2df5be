"""Where a cell's tokens lie, token by token, and what its run directory keeps of the models that computed them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from helpers import rows, sweep
from hypothesis import given
from hypothesis import strategies as st
from scripted import ScriptedEngine

from tts.analysis import models_of
from tts.analysis.compute import token_count
from tts.core import POLICY, Candidate, Completion, Positions, SamplingParams, Score
from tts.core.accounting import positions
from tts.engines.architecture import architecture
from tts.session import run, score_run
from tts.session.broker import Ask, Batch
from tts.session.tools import CellTools
from tts.store import read_run
from tts.sweep import parse_config
from tts.verifiers import VERIFIERS


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VERIFIERS._builtin, "toy", "toy_verifier:create")
    VERIFIERS.__dict__.pop("_known", None)
    yield
    VERIFIERS.__dict__.pop("_known", None)


def counted(table: Positions) -> Counter[int]:
    """Tokens at each position, one by one."""
    found: Counter[int] = Counter()
    level, changes = 0, dict(table)
    for at in range(max(changes, default=0)):
        level += changes.get(at, 0)
        if level:
            found[at] = level
    return found


def test_a_table_of_positions_is_short_and_canonical() -> None:
    assert positions([(2, 5), (0, 2), (3, 3)]) == ((0, 1), (5, -1))
    assert positions([(3, 5), (3, 4)]) == ((3, 2), (4, -1), (5, -1))
    assert positions([]) == ()


ids = st.lists(st.integers(0, 1), max_size=4)


@given(
    requests=st.lists(st.tuples(ids, st.lists(ids, max_size=3)), max_size=4),
    scored=st.lists(st.tuples(st.sampled_from("vw"), st.lists(st.text("ab", max_size=3), max_size=3)), max_size=4),
)
def test_usage_says_where_every_token_lies(
    requests: list[tuple[list[int], list[list[int]]]], scored: list[tuple[str, list[str]]]
) -> None:
    """Against each token taken in hand, with its whole history as its name."""
    tools = CellTools(_cell(), _Broker(requests), _Panel())  # type: ignore[arg-type]
    candidates = [Candidate.of(_completion(("end", i), text, [])) for i, text in enumerate(["a", "bb", "zzz"])]

    async def solve() -> None:
        for i, (_, answers) in enumerate(requests):
            await tools.sample(len(answers), path=("r", i))
        for verifier, texts in scored:
            await tools.score(verifier, [Candidate.of(_completion(("x",), t, [])) for t in texts])

    asyncio.run(solve())
    usage = tools.usage(candidates, {"v": [1, 2, 3], "u": [4, 5, 6]})
    output: Counter[int] = Counter()
    none: Counter[int] = Counter()
    generated, asked = set(), set()
    for prompt, answers in requests:
        asked |= {tuple(prompt[: i + 1]) for i in range(len(prompt))}
        for answer in answers:
            none.update(range(len(prompt)))
            output.update(len(prompt) + i for i in range(len(answer)))
            generated |= {(*prompt, *answer[: i + 1]) for i in range(len(answer))}
    assert counted(usage.output_positions) == output
    assert counted(usage.prompt_positions_none) == none
    assert counted(usage.prompt_positions_ideal) == Counter(len(name) - 1 for name in asked - generated)
    assert usage.output_tokens == output.total() == token_count(usage.output_positions)
    assert usage.prompt_tokens_none == none.total()
    assert usage.prompt_tokens_ideal == token_count(usage.prompt_positions_ideal)
    once = {(verifier, text) for verifier, texts in scored for text in texts}
    for verifier in {v for v, _ in once}:
        passes = Counter(i for v, text in once if v == verifier for i in range(len(text)))
        assert counted(usage.verifier_positions[verifier]) == passes
    assert usage.verifier_tokens == sum(len(text) for _, text in once)
    already = {text for v, text in once if v == "v"}
    assert usage.selection_tokens["v"] == tuple(0 if t in already else n for t, n in (("a", 1), ("bb", 2), ("zzz", 3)))
    assert usage.selection_tokens["u"] == (4, 5, 6)


def _cell() -> Any:
    sampling = SamplingParams()
    return SimpleNamespace(setting=SimpleNamespace(sampling=sampling), problem=None, seed=0, index=0)


def _completion(path: tuple[str | int, ...], text: str, tokens: list[int]) -> Completion:
    return Completion(path, text, np.array(tokens, np.uint32), "stop")


class _Broker:
    """Answers requests in their order."""

    models: ClassVar[dict[str, None]] = {POLICY: None}

    def __init__(self, requests: list[tuple[list[int], list[list[int]]]]):
        self._left = iter(requests)

    async def draw(self, ask: Ask) -> Batch:
        prompt, answers = next(self._left)
        return Batch(1, tuple(prompt), [_completion(p, "", a) for p, a in zip(ask.paths, answers, strict=True)])


class _Panel:
    async def score(self, name: str, problem: Any, candidates: Any) -> list[Score]:
        return [Score((0.5,), len(c.text)) for c in candidates]


def test_selecting_by_scores_is_kept_beside_what_a_search_used(tmp_path: Path) -> None:
    """A verifier's passes over the candidates cost the selector that uses it, and nothing where the guide did them."""
    config = sweep("best_of_n", "beam_search", n=4, verifiers=["toy/a"])
    data = {**config.model_dump(mode="json"), "verifiers": ["toy/a", "toy/b"]}
    run(parse_config(data, "test"), tmp_path, engine=ScriptedEngine())
    for strategy, text in rows(tmp_path, "SELECT strategy, usage FROM cells"):
        usage = json.loads(text)
        assert set(usage["selection_tokens"]) == {"toy/a", "toy/b"}
        assert sum(usage["selection_tokens"]["toy/b"]) > 0
        if strategy == "best_of_n":
            assert (usage["verifier_tokens"], usage["verifier_positions"]) == (0, {})
            assert len(usage["selection_tokens"]["toy/a"]) == 4
            assert min(usage["selection_tokens"]["toy/a"]) > 0
        else:
            assert set(usage["verifier_positions"]) == {"toy/a"}
            assert usage["selection_tokens"]["toy/a"].count(0) > 0
            table = tuple(map(tuple, usage["verifier_positions"]["toy/a"]))
            assert token_count(table) == usage["verifier_tokens"]


def test_usage_comes_back_from_the_journal_as_it_was(tmp_path: Path) -> None:
    run(sweep("beam_search", n=4), tmp_path, engine=ScriptedEngine())
    for cell in read_run(tmp_path).cells.values():
        assert token_count(cell.usage.output_positions) == cell.usage.output_tokens > 0
        assert token_count(cell.usage.prompt_positions_ideal) == cell.usage.prompt_tokens_ideal > 0
        assert all(isinstance(t, tuple) for t in cell.usage.selection_tokens.values())
        hash(cell.usage.output_positions)


def test_the_architectures_of_models_outlive_them(tmp_path: Path) -> None:
    """Scoring or replaying a run without its policy keeps what was known of it."""
    numbers = {"model_type": "gpt_neox", "hidden_size": 8, "intermediate_size": 9, "num_hidden_layers": 2,
               "num_attention_heads": 2, "vocab_size": 10}  # fmt: skip
    engine = ScriptedEngine()
    engine.architecture = numbers
    run(sweep("best_of_n"), tmp_path, engine=engine)
    score_run(tmp_path, [{"name": "toy/a"}])
    data = read_run(tmp_path)
    assert data.info.model.architecture == numbers
    assert models_of(data).policy is not None
    assert set(models_of(data).unknown) == {"toy/a"}
    first, second = data.info.sessions
    assert 0 < first.engine_seconds <= first.seconds
    assert second.engine_seconds == 0, "a replay costs the engine nothing"


def test_a_configuration_is_kept_without_its_tables_of_names(tmp_path: Path) -> None:
    labels = {"0": "bad", "1": "good", "2": "odd"}
    inner = {"hidden_size": 3, "vision": {"depth": 9}}
    config = {"hidden_size": 4, "tie_word_embeddings": True, "id2label": labels, "text_config": inner, "x": {"y": 1}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert architecture(str(tmp_path), None) == {
        "hidden_size": 4, "tie_word_embeddings": True, "num_labels": 3, "text_config": {"hidden_size": 3}
    }  # fmt: skip
    (tmp_path / "config.json").write_text("{")
    assert architecture(str(tmp_path), None) is None
    assert architecture(str(tmp_path / "none"), None) is None
