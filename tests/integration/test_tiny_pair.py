"""The package's own policy and reward model, both on vLLM: the pair on which later strategies are tested."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path

import pytest

from tts.core import Question, UsageError, digest
from tts.engines import ModelPool
from tts.engines.pooling import PoolingEngine
from tts.report import write_report
from tts.session import Summary, run, score_run
from tts.sweep import parse_config
from tts.tiny.weights import weights_path
from tts.verifiers.prm import create, split_steps

pytestmark = pytest.mark.integration
torch = pytest.importorskip("torch")
pytest.importorskip("vllm")

LEVELS, PER_LEVEL, N = 6, 5, 16


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    """A sweep of the harder half with the policy and the reward model, in one process tree."""
    place = tmp_path_factory.mktemp("tiny") / "run"
    config = {
        "model": "vllm/tiny-arith",
        "engine": {"kv_cache_memory_bytes": 2**28, "max_model_len": 512},
        "benchmarks": f"arith:levels=7-12,per_level={PER_LEVEL}",
        "sampling": {"max_tokens": 256},
        "strategies": [{"name": "best_of_n", "n": [1, 4, N]}, "greedy"],
        "verifiers": [{"name": "prm/tiny-arith", "aggregation": ["last", "min"], "engine": {"max_model_len": 512}}],
    }
    return place, run(parse_config(config, "test"), place)


def test_every_candidate_has_its_scores_and_each_step_one(swept: tuple[Path, Summary]) -> None:
    place, summary = swept
    assert summary.drawn == LEVELS * PER_LEVEL * (N + 1)
    with sqlite3.connect(place / "journal.sqlite") as db:
        scores = [json.loads(s) for (s,) in db.execute("SELECT scores FROM candidates")]
        texts = {t for (t,) in db.execute("SELECT text FROM samples")}
        lengths = [len(json.loads(v)) for (v,) in db.execute('SELECT "values" FROM scores')]
    assert all(set(s) == {"prm/tiny-arith:last", "prm/tiny-arith:min"} for s in scores)
    assert all(0 < s["prm/tiny-arith:min"] <= s["prm/tiny-arith:last"] < 1 for s in scores)
    assert set(lengths) <= {len(split_steps(t, "\n\n")) for t in texts}
    assert min(lengths) > 1


def test_scores_equal_a_plain_torch_forward(swept: tuple[Path, Summary]) -> None:
    """On 200 real solutions, to 1e-3, through the same token ids that vLLM was sent."""
    from lab import prm
    from lab.tokenizer import encode

    judge = create("tiny-arith", {}, ModelPool({"max_model_len": 512}), "verifier")
    with sqlite3.connect(swept[0] / "journal.sqlite") as db:
        held = db.execute(
            "SELECT p.benchmark || '/' || p.problem, p.question, s.text FROM samples s JOIN contexts c "
            "ON c.id = s.context JOIN problems p ON p.id = c.problem GROUP BY p.id, s.text ORDER BY s.id LIMIT 200"
        ).fetchall()
        served = {key: json.loads(values) for key, values in db.execute('SELECT key, "values" FROM scores')}
    assert len(held) == 200
    ids = [prm.input_ids(q, [encode(step) for step in split_steps(text, "\n\n")]) for _, q, text in held]
    plain = prm.step_scores(prm.load(weights_path("prm/tiny-arith")), ids)
    for (name, question, text), scores in zip(held, plain, strict=True):
        assert served[digest(judge.fingerprint, name, question, text)] == pytest.approx(scores, abs=1e-3)


def test_the_report_has_a_row_for_each_selector_and_aggregation(swept: tuple[Path, Summary]) -> None:
    with write_report(swept[0]).csv.open() as f:
        rows = [r for r in csv.DictReader(f) if r["strategy"] == "best_of_n" and r["n"] == str(N)]
    assert {(r["selector"], r["verifier"]) for r in rows} == {
        ("first", ""),
        ("majority", ""),
        ("oracle", ""),
        *((s, f"prm/tiny-arith:{how}") for s in ("best", "weighted") for how in ("last", "min")),
    }
    accuracy = {(r["selector"], r["verifier"]): float(r["accuracy"]) for r in rows}
    assert accuracy["first", ""] < accuracy["oracle", ""], "no coverage gained: the policy is not what it should be"


def test_another_verifier_scores_the_finished_run_without_sampling(swept: tuple[Path, Summary]) -> None:
    place, _ = swept
    summary = score_run(place, [{"name": "prm/tiny-arith-weak", "engine": {"max_model_len": 512}}])
    assert summary.drawn == 0
    with sqlite3.connect(place / "journal.sqlite") as db:
        assert all("prm/tiny-arith-weak:last" in s for (s,) in db.execute("SELECT scores FROM candidates"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "vllm/" + str(weights_path("prm/tiny-arith"))}, "is a reward model"),
        ({"verifiers": ["prm/" + str(weights_path("vllm/tiny-arith"))]}, "is a language model"),
        ({"verifiers": [{"name": "prm/tiny-arith", "step_tag": "<tag>"}]}, "no token '<tag>'"),
        ({"verifiers": ["prm/tiny-arit"]}, "there is no folder tiny-arit"),
    ],
)
def test_models_of_the_wrong_kind_are_refused(change: dict, said: str, tmp_path: Path) -> None:
    config = {"model": "vllm/tiny-arith", "benchmarks": "arith:levels=1", "strategies": "greedy", **change}
    with pytest.raises(UsageError, match=said):
        run(parse_config(config, "test"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_question_is_put_to_the_reward_model_as_it_was_trained() -> None:
    from lab import prm
    from lab.tokenizer import encode

    judge = create("tiny-arith", {}, ModelPool(), "verifier")
    assert isinstance(judge._engine, PoolingEngine)
    question, steps = Question("q", "Compute 47 - 3*12."), ["3*12=36", "47-36=11", "\\boxed{11}"]
    assert judge.input_ids(question, steps) == prm.input_ids(question.text, [encode(s) for s in steps])
