"""Particle filtering against the enumerated target, and its bookkeeping against the definitions."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from discrete_model import (
    QUESTION,
    VERIFIER,
    DiscreteTools,
    answers,
    distribution,
    normalised,
    potential,
    target,
    total_variation,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tts.core import Completion, UsageError
from tts.strategies.particle_filter import ParticleFilter

WEIGHTS = ("odds", "score", "increment")


def make(**options) -> ParticleFilter:
    return ParticleFilter(verifier=VERIFIER, **options)


async def averaged(filters: int, n: int, **options) -> Counter[str]:
    """The distribution of the answers, averaged over independent filters."""
    found: Counter[str] = Counter()
    for seed in range(filters):
        for x, share in distribution(await make(**options).solve(QUESTION, n, DiscreteTools(seed))).items():
            found[x] += share / filters
    return found


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("resampling", ["multinomial", "systematic", "residual"])
async def test_the_filter_converges_to_the_enumerated_target(resampling, weight):
    found = await averaged(50, 4096, resampling=resampling, weight=weight)
    assert total_variation(found, target(weight)) < 0.01


def test_the_targets_differ_from_each_other_and_from_the_policy():
    """Guards the test above: a filter that ignores its weights, or takes the wrong ones, would be seen."""
    policy = {x: p for x, (p, _) in answers().items()}
    all_targets = [policy, *(target(w) for w in WEIGHTS), target("odds", 0.5)]
    assert all(total_variation(p, q) > 0.05 for i, p in enumerate(all_targets) for q in all_targets[:i])


@pytest.mark.parametrize(
    "options",
    [
        {"ess_below": 0.5},
        {"ess_below": 0.9, "resampling": "systematic", "weight": "increment"},
        {"resampling_temperatures": (3.0, 1.5), "resampling": "stratified"},
        {"keep_ancestors": 800},
        {"keep_ancestors": 300, "resampling_temperatures": (2.0,), "ess_below": 0.8, "resampling": "residual"},
    ],
)
async def test_triggers_schedules_and_kept_ancestors_leave_the_target_as_it_is(options):
    found = await averaged(20, 2048, **options)
    assert total_variation(found, target(options.get("weight", "odds"))) < 0.02


@pytest.mark.parametrize("weight", ["odds", "score"])
async def test_reweighting_finished_answers_raises_their_last_potential_to_a_power(weight):
    rounds = max(len(scores) for _, scores in answers().values())
    mass = {
        x: p * potential(weight, scores) * potential(weight, scores[-1:]) ** (rounds - len(scores))
        for x, (p, scores) in answers().items()
    }
    assert total_variation(normalised(mass), target(weight)) > 0.05
    found = await averaged(20, 2048, weight=weight, finished="reweight")
    assert total_variation(found, normalised(mass)) < 0.02


async def test_increments_do_not_depend_on_how_finished_answers_are_treated():
    found = [await averaged(1, 64, weight="increment", finished=how) for how in ("keep", "reweight")]
    assert found[0] == found[1]


def reference_log_potential(weight: str, score: float, before: float) -> float:
    return {"odds": math.log(score / (1 - score)), "score": math.log(score), "increment": math.log(score / before)}[
        weight
    ]


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 12),
    seed=st.integers(0, 10**6),
    weight=st.sampled_from(WEIGHTS),
    below=st.sampled_from([None, 0.2, 0.5, 0.8, 1.0]),
    reweight=st.booleans(),
)
async def test_log_weights_accumulate_from_one_resampling_to_the_next(n, seed, weight, below, reweight):
    """The history against a slow reading of the definitions, particle by particle."""
    tools = DiscreteTools(seed)
    finished = "reweight" if reweight else "keep"
    strategy = make(weight=weight, ess_below=below, resampling="systematic", finished=finished)
    candidates = await strategy.solve(QUESTION, n, tools)
    carried, text_before, roots = [0.0] * n, [""] * n, list(range(n))
    for entry in tools.history:
        assert all(entry["parents"] == np.arange(n)) or carried == [0.0] * n
        texts = [tools.text_of[path] for path in entry["particles"]]
        expected = []
        for i, parent in enumerate(entry["parents"]):
            before = text_before[parent]
            assert texts[i].startswith(before)
            moved = texts[i] != before
            assert moved == (before not in answers())
            gain = 0.0
            if moved or (reweight and weight != "increment"):
                score_before = tools.scores[before] if before else 1.0
                gain = reference_log_potential(weight, tools.scores[texts[i]], score_before)
            expected.append(carried[i] + gain)
        np.testing.assert_allclose(entry["log_weights"], expected, atol=1e-9)
        np.testing.assert_allclose(entry["scores"], [tools.scores[x] for x in texts])
        share = np.exp(expected) / np.sum(np.exp(expected))
        assert entry["ess"] == pytest.approx(1 / np.sum(share**2))
        roots = [roots[p] for p in entry["parents"]]
        assert entry["ancestors"] == len(set(roots))
        going = any(x not in answers() for x in texts)
        assert entry["resampled"] == (going and (below is None or entry["ess"] < below * n))
        carried = [0.0] * n if entry["resampled"] else expected
        text_before = texts
    assert not going
    by_path = Counter()
    for path, w in zip(tools.history[-1]["particles"], share, strict=True):
        by_path[path] += w
    assert {c.path: pytest.approx(c.scores["weight"]) for c in candidates} == by_path
    assert all(c.text in answers() for c in candidates)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 40), seed=st.integers(0, 10**6))
async def test_every_particle_is_one_draw_a_step_and_no_candidate_is_a_copy(n, seed):
    tools = DiscreteTools(seed)
    candidates = await make().solve(QUESTION, n, tools)
    assert len({c.path for c in candidates}) == len(candidates) <= n
    assert sum(c.scores["weight"] for c in candidates) == pytest.approx(1)
    drawn = set()
    for entry in tools.history:
        fresh = [p for p in entry["particles"] if p not in drawn]
        going = [p for p in fresh if tools.text_of[p] not in answers()]
        assert len(going) == len(set(going)), "two copies of an unfinished answer share a draw"
        drawn |= set(fresh)
    assert len(drawn) == tools.drawn == len(tools.scored), "a draw that no particle took, or scored twice"


async def test_copies_of_a_finished_answer_are_one_candidate_with_their_weight():
    candidates = await make().solve(QUESTION, 64, tools := DiscreteTools(3))
    last = Counter(tools.history[-1]["particles"])
    assert max(last.values()) > 1, "no copies: the test would be empty"
    assert {c.path for c in candidates} == set(last)


@pytest.mark.parametrize("keep", [1, 5, 8])
async def test_the_heaviest_particles_keep_a_descendant(keep):
    tools = DiscreteTools(0, scores={"b": 0.999, "c": 0.999})
    await make(keep_ancestors=keep).solve(QUESTION, 8, tools)
    first, second = tools.history[:2]
    heaviest = np.argsort(-first["log_weights"], kind="stable")[:keep]
    assert set(heaviest) <= set(second["parents"])
    await make().solve(QUESTION, 8, without := DiscreteTools(0, scores={"b": 0.999, "c": 0.999}))
    assert len(set(without.history[1]["parents"])) < 5, "so many survive anyway: the test would be empty"


async def test_scores_of_zero_and_one_keep_all_weights_finite():
    tools = DiscreteTools(0, scores={"a": 0.0, "b": 1.0, "c": 0.0, "ba": 0.0})
    for weight in WEIGHTS:
        tools.text_of.clear()
        candidates = await make(weight=weight).solve(QUESTION, 16, tools)
        assert sum(c.scores["weight"] for c in candidates) == pytest.approx(1)
    assert all(np.isfinite(entry["log_weights"]).all() for entry in tools.history)


@pytest.mark.parametrize("score", [-0.1, 1.5, math.nan])
async def test_a_score_that_is_no_probability_is_refused(score):
    with pytest.raises(UsageError, match=r"verifier: toy gives .* scores from 0 to 1"):
        await make().solve(QUESTION, 8, DiscreteTools(0, scores={"a": score}))


class EmptyTools(DiscreteTools):
    """A policy that ends its answer before it has said anything."""

    async def sample(self, n, *, path=("sample",), prefix=(), turns=(), **overrides):
        return [Completion((*path, i), "", np.zeros(0, np.uint32), "stop") for i in range(n)]

    async def values(self, verifier, aggregation, candidates):
        return [0.0] * len(candidates)


async def test_empty_completions_are_candidates_like_others():
    candidates = await make().solve(QUESTION, 4, EmptyTools())
    assert [c.text for c in candidates] == [""] * 4
    assert [c.scores["weight"] for c in candidates] == [pytest.approx(0.25)] * 4


def test_options_that_make_no_sense_are_refused():
    for options in (
        {"ess_below": 0},
        {"ess_below": 1.5},
        {"resampling": "sorted"},
        {"resampling_temperatures": ()},
        {"resampling_temperatures": (0.0,)},
        {"keep_ancestors": -1},
    ):
        with pytest.raises(ValidationError):
            make(**options)
    with pytest.raises(ValueError, match="found 4, fewer than keep_ancestors 5; 5 would do"):
        make(keep_ancestors=5).check(4)
    make(keep_ancestors=4).check(4)
