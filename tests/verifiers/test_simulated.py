"""Verifiers that err at chosen rates: the rates are measured, and what may share a draw does."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from tts.core import Candidate, Completion, Prompt, Question, Request, SamplingParams, UsageError
from tts.engines import ModelPool
from tts.engines.simulated import DERAILED, ON_TRACK, RIGHT, SimulatedEngine, SimulatedPolicy
from tts.verifiers import make_verifier
from tts.verifiers.steps import split_steps

Q = Question("q", "1+1?")
N = 4000


def candidate(text: str, ids=()) -> Candidate:
    return Candidate.of(Completion(("s", text), text, np.array(ids, np.uint32), "stop"))


def verifier(**options: object):
    return make_verifier("simulated", options, ModelPool(), "v")


def within(share: float, rate: float, n: int) -> bool:
    """Inside five standard errors (a miss by chance: less than one in a million)."""
    return abs(share - rate) <= 5 * math.sqrt(max(rate * (1 - rate), 1e-9) / n)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize(("positive", "negative"), [(0.1, 0.3), (0.0, 0.0), (1.0, 0.0), (0.5, 0.05)])
async def test_the_outcome_verifier_errs_at_the_asked_rates(positive, negative, soft):
    judge = verifier(false_positive=positive, false_negative=negative, soft=soft)
    answers = [candidate(f"The answer is {i}.") for i in range(N)]
    for right, rate in ((True, 1 - negative), (False, positive)):
        scores = [s.values[0] for s in await judge.score_graded(Q, answers, [right] * N)]
        assert within(np.mean([s > 0.5 for s in scores]), rate, N)
        assert all(0 <= s <= 1 for s in scores)
        assert soft == (len(set(scores)) > 2)
        assert [len(s.values) for s in await judge.score_graded(Q, answers[:2], [right] * 2)] == [1, 1]


async def test_noise_is_a_function_of_seed_question_and_text_alone():
    texts = [candidate(f"so {i}") for i in range(200)]
    right = [i % 2 == 0 for i in range(200)]

    async def scores(question, order=range(200), **options):
        found = await verifier(**options).score_graded(question, [texts[i] for i in order], [right[i] for i in order])
        return [s.values[0] for _, s in sorted(zip(order, found, strict=True), key=lambda pair: pair[0])]

    first = await scores(Q)
    shuffled = random.Random(0).sample(range(200), 200)
    assert await scores(Q, shuffled) == first
    assert await scores(Q, seed=1) != first
    assert await scores(Question("r", "1+1?")) != first


async def test_noise_by_answer_is_shared_by_all_texts_with_that_answer():
    judge = verifier(false_positive=0.5, noise="answer", soft=True)
    texts = [candidate(f"{'well ' * i}the answer is $\\boxed{{{j}}}$") for j in range(50) for i in range(4)]
    found = [s.values[0] for s in await judge.score_graded(Q, texts, [False] * 200)]
    groups = [set(found[4 * j : 4 * j + 4]) for j in range(50)]
    assert all(len(g) == 1 for g in groups) and len(set.union(*groups)) == 50
    plain = verifier(false_positive=0.5, soft=True)
    assert len({s.values[0] for s in await plain.score_graded(Q, texts, [False] * 200)}) == 200


async def simulated_answers(count: int, **params: object) -> list[Candidate]:
    engine = SimulatedEngine(SimulatedPolicy(alpha=50, beta=50, steps=6, step_tokens=3))
    engine.learn("b", "q", Prompt("", ()), "42")
    paths = tuple(("s", i) for i in range(count))
    keys = tuple(random.Random(i).randbytes(16) for i in range(count))
    request = Request((), SamplingParams.model_validate(params), paths, keys, "b/q")
    return [Candidate.of(c) for c in await engine.sample(request)]


@pytest.mark.parametrize("soft", [False, True])
async def test_the_process_verifier_errs_at_the_asked_rates_on_each_step(soft):
    answers = await simulated_answers(1500)
    judge = verifier(process=True, false_positive=0.2, false_negative=0.1, soft=soft)
    assert judge.process and judge.reads_tokens
    accepted: dict[bool, list[bool]] = {True: [], False: []}
    for each, score in zip(answers, await judge.score(Q, answers), strict=True):
        assert len(score.values) == len(split_steps(each.text, "\n\n"))
        marks = [t == ON_TRACK for t in each.token_ids if t in (ON_TRACK, DERAILED)]
        truth = [*marks, RIGHT in each.token_ids]
        for right, value in zip(truth, score.values, strict=True):
            accepted[right].append(value > 0.5)
    assert min(map(len, accepted.values())) > 2000
    # Answers share beginnings only by chance, so that steps are as good as independent.
    assert within(np.mean(accepted[True]), 0.9, len(accepted[True]))
    assert within(np.mean(accepted[False]), 0.2, len(accepted[False]))


@pytest.mark.parametrize("limit", range(1, 40, 3))
async def test_there_are_as_many_scores_as_steps_wherever_an_answer_is_cut(limit):
    answers = await simulated_answers(20, max_tokens=limit)
    for each, score in zip(answers, await verifier(process=True).score(Q, answers), strict=True):
        assert len(score.values) == len(split_steps(each.text, "\n\n"))


async def test_a_steps_score_stays_as_the_answer_grows():
    (whole,) = await simulated_answers(1)
    ids = whole.token_ids
    judge = verifier(process=True, soft=True)
    (full,) = await judge.score(Q, [whole])
    assert len(full.values) > 3
    for end in (i + 1 for i, token in enumerate(ids) if token == 1):  # behind each delimiter
        (part,) = await judge.score(Q, [candidate("part", ids[:end])])
        assert part.values == full.values[: len(part.values)] != ()
    assert (await judge.score(Q, [candidate("")]))[0].values == ()


async def test_what_cannot_be_judged_is_said():
    with pytest.raises(UsageError, match=r"question q has none; use it with model: simulated"):
        await verifier(process=True).score(Q, [candidate("real", [5000, 5001])])
    with pytest.raises(UsageError, match=r"noise: found 'answer' with process"):
        verifier(process=True, noise="answer")
    with pytest.raises(UsageError, match=r"false_positive: found 1.5, input should be less than or equal to 1"):
        verifier(false_positive=1.5)
    with pytest.raises(UsageError, match=r"unknown option .did you mean 'false_negative'"):
        verifier(false_negativ=0.1)
