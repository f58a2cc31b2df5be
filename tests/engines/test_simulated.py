"""The simulated policy: answers are a pure function of the key, and follow the truth that it writes down."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from check_truth import deviations

from tts.core import Completion, Request, SamplingParams, UsageError, digest
from tts.engines import make_engine
from tts.engines.simulated import DELIMITER, SimulatedEngine
from tts.grading import extract_answer
from tts.session import run
from tts.sweep import parse_config


def engine(**policy: object) -> SimulatedEngine:
    made = make_engine("simulated", policy)
    assert isinstance(made, SimulatedEngine)
    made.learn("b", "p", made.encode("What is 1 + 1?"), "2")
    return made


async def ask(
    e: SimulatedEngine, n: int, prefix: tuple[int, ...] = (), salt: str = "", **params: object
) -> list[Completion]:
    ids = (*e.encode("What is 1 + 1?").token_ids, *prefix)
    keys = tuple(digest(salt, str(i)) for i in range(n))
    paths = tuple(("sample", i) for i in range(n))
    return await e.sample(Request(ids, SamplingParams.model_validate(params), paths, keys, "b/p"))


async def test_an_answer_is_a_function_of_its_key_alone() -> None:
    one, two = await ask(engine(), 20), await ask(engine(), 20)
    assert [a.token_ids.tolist() for a in one] == [a.token_ids.tolist() for a in two]
    assert len({a.text for a in one}) > 1
    alone = (await ask(engine(), 7))[6]
    assert alone.text == one[6].text, "an answer must not depend on what else is asked with it"


async def test_the_success_rate_is_the_truths() -> None:
    e = engine(alpha=2, beta=2)
    p = e.learn("b", "p", e.encode("What is 1 + 1?"), "2")["success"]
    assert isinstance(p, float)
    n = 20_000
    right = sum(extract_answer(a.text) == "2" for a in await ask(e, n))
    assert abs(right / n - p) < 4 * math.sqrt(p * (1 - p) / n)


async def test_step_by_step_equals_the_same_success_rate() -> None:
    """A search that keeps whatever comes succeeds as often as one whole answer does."""
    e = engine(alpha=2, beta=2, steps=3)
    p = float(e.learn("b", "p", e.encode("What is 1 + 1?"), "2")["success"])  # type: ignore[arg-type]
    n, right = 2000, 0
    for i in range(n):
        prefix: tuple[int, ...] = ()
        for step in range(100):
            (piece,) = await ask(e, 1, prefix, f"{i}/{step}", stop=("\n\n",))
            prefix = (*prefix, *piece.token_ids.tolist())
            if piece.finished:
                break
            assert piece.stop_reason == "\n\n"
            assert piece.token_ids[-1] == DELIMITER
            assert not piece.text.endswith("\n")
        right += extract_answer(piece.text) == "2"
    assert abs(right / n - p) < 4 * math.sqrt(p * (1 - p) / n)


async def test_greedy_gives_the_likeliest_answer_to_every_key() -> None:
    likely, unlikely = engine(alpha=1000, beta=1), engine(alpha=1, beta=1000)
    assert {extract_answer(a.text) for a in await ask(likely, 5, temperature=0)} == {"2"}
    wrong = {extract_answer(a.text) for a in await ask(unlikely, 5, temperature=0)}
    assert len(wrong) == 1
    assert wrong != {"2"}


async def test_max_tokens_truncates() -> None:
    (a,) = await ask(engine(), 1, max_tokens=7)
    assert (a.output_tokens, a.finish_reason, a.finished, a.truncated) == (7, "length", False, True)


async def test_an_answer_that_is_not_stated_is_not_extracted() -> None:
    answers = [extract_answer(a.text) for a in await ask(engine(alpha=1, beta=1000, no_answer=0.5), 400)]
    assert 120 < answers.count(None) < 280


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("simulated:alhpa=2", "no option 'alhpa' .did you mean 'alpha'"),
        ("simulated:alpha=-1", "alpha: found '-1'"),
        ("simulated:alpha", "expected KEY=VALUE"),
    ],
)
def test_a_wrong_option_is_named(model: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_engine(model, {})


def test_estimated_pass_at_k_is_within_three_standard_errors_of_the_truth(tmp_path: Path) -> None:
    """Through the whole house: 200 problems, journal, grading and estimator."""
    config = parse_config(
        {
            "model": "simulated:seed=1",
            "benchmarks": "arith:levels=1-10,per_level=20",
            "strategies": {"name": "best_of_n", "n": [1, 4, 16, 64]},
        },
        "test",
    )
    run(config, tmp_path)
    found = deviations(tmp_path)
    assert [k for k, *_ in found] == [1, 4, 16, 64]
    assert all(abs(estimate - truth) < 3 * error for _, estimate, truth, error in found)
