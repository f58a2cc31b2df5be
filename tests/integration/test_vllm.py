"""The real engine keeps the promises that the run wing builds on."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tts.core import Refused, Request, SamplingParams
from tts.engines.vllm import VllmEngine

pytestmark = pytest.mark.integration


def request(engine: VllmEngine, text: str, n: int = 1, **params: object) -> Request:
    prompt = engine.render([{"role": "user", "content": text}], {})
    return Request(
        prompt_ids=prompt.token_ids,
        params=SamplingParams.model_validate({"max_tokens": 12, **params}),
        paths=tuple(("sample", i) for i in range(n)),
        keys=tuple(bytes([i]) * 16 for i in range(n)),
        problem="test/0",
    )


async def test_one_request_gives_one_completion_a_path_with_its_logprobs(engine: VllmEngine) -> None:
    answers = await engine.sample(request(engine, "Write one sentence about the sea.", n=4))
    assert [a.path for a in answers] == [("sample", i) for i in range(4)]
    assert len({a.text for a in answers}) > 1, "samples of one request must be independent"
    for a in answers:
        assert a.logprobs is not None
        assert a.logprobs.shape == a.token_ids.shape
        assert (a.logprobs <= 0).all()
        assert a.finish_reason == "length"
        assert not a.finished
        assert a.output_tokens == 12


async def test_greedy_takes_the_likeliest_token_and_top_logprobs_agree(engine: VllmEngine) -> None:
    (a,) = await engine.sample(request(engine, "What is the capital of France?", temperature=0, logprobs=3))
    assert a.top_ids is not None
    assert a.top_logprobs is not None
    assert a.top_ids.shape == (a.output_tokens, 3)
    assert np.array_equal(a.top_ids[:, 0], a.token_ids)
    assert np.array_equal(a.top_logprobs[:, 0], a.logprobs)
    assert (np.diff(a.top_logprobs.astype(np.float32), axis=1) <= 0).all()


async def test_an_end_token_finishes_and_a_stop_string_pauses(engine: VllmEngine) -> None:
    (ended,) = await engine.sample(request(engine, "Say only the word yes.", temperature=0, max_tokens=200))
    assert (ended.finish_reason, ended.stop_reason, ended.finished) == ("stop", None, True)
    (paused,) = await engine.sample(
        request(engine, "Count: one, two, three, four, five.", temperature=0, max_tokens=60, stop=(",",))
    )
    assert (paused.finish_reason, paused.stop_reason, paused.finished) == ("stop", ",", False)
    assert "," not in paused.text


async def test_ids_continue_where_they_stopped(engine: VllmEngine) -> None:
    """Token ids in and out: an answer in two pieces equals the answer in one."""
    whole = request(engine, "Name three colours.", temperature=0, max_tokens=16)
    (one,) = await engine.sample(whole)
    half = one.token_ids[:8].tolist()
    rest = Request(
        (*whole.prompt_ids, *half), SamplingParams(temperature=0, max_tokens=8), whole.paths, whole.keys, "t"
    )
    (second,) = await engine.sample(rest)
    assert second.token_ids.tolist() == one.token_ids[8:].tolist()


async def test_many_requests_are_batched_together(engine: VllmEngine) -> None:
    questions = [request(engine, f"What is {i} plus {i}?", n=4, max_tokens=8) for i in range(8)]
    answers = await asyncio.gather(*map(engine.sample, questions))
    assert [len(a) for a in answers] == [4] * 8


async def test_a_request_that_vllm_refuses_is_told_apart_and_the_engine_lives_on(engine: VllmEngine) -> None:
    good = request(engine, "Hello")
    bad = Request(tuple(range(600)), good.params, good.paths, good.keys, "test/too-long")
    with pytest.raises(Refused, match="test/too-long"):
        await engine.sample(bad)
    assert len(await engine.sample(good)) == 1


async def test_seeded_requests_repeat(engine: VllmEngine) -> None:
    asked = request(engine, "Tell me a number.", seed_requests=True, temperature=1.0)
    await engine.sample(asked)  # from now on the prompt is cached: the same numerics for both
    (one,), (two,) = await engine.sample(asked), await engine.sample(asked)
    assert one.token_ids.tolist() == two.token_ids.tolist()


def test_the_rendered_prompt_is_the_models_template(engine: VllmEngine) -> None:
    prompt = engine.render([{"role": "user", "content": "Hi {x}"}], {})
    assert prompt.text.endswith("<|im_start|>user\nHi {x}<|im_end|>\n<|im_start|>assistant\n")
    assert engine.context == 512
