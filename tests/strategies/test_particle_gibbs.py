"""Particle Gibbs: conditional sweeps leave the target unchanged, and really follow the retained answer."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from discrete_model import LETTERS, QUESTION, VERIFIER, DiscreteTools, answers, distribution, target, total_variation

from tts.core import Candidate, Completion, stream
from tts.strategies.particle_gibbs import ParticleGibbs, draw


def make(**options) -> ParticleGibbs:
    return ParticleGibbs(verifier=VERIFIER, **options)


def whole(text: str) -> Candidate:
    """An answer of the discrete model, as an earlier sweep would have left it."""
    steps = [
        Completion(
            ("earlier", t),
            text[: t + 1],
            np.array([LETTERS.index(text[t])], np.uint32),
            "stop",
            None if t + 1 == len(text) else "\n\n",
        )
        for t in range(len(text))
    ]
    return Candidate(tuple(steps), text)


async def after_one_sweep(particles: int, start: dict[str, float], weight: str, sweeps: int = 5000) -> Counter[str]:
    """Distribution of the answer retained after one sweep from an answer drawn from ``start``."""
    strategy, found, rng = make(weight=weight), Counter(), stream("start")
    texts, shares = list(start), list(start.values())
    for seed, at in enumerate(rng.choice(len(texts), sweeps, p=shares)):
        tools = DiscreteTools(seed)
        finished = await strategy.sweep(tools, particles, whole(texts[at]), ("sweep", 1))
        found[finished.answers[draw(finished, tools.rng("retain"))].text] += 1 / sweeps
    return found


@pytest.mark.parametrize(("particles", "weight"), [(2, "odds"), (3, "score"), (4, "increment")])
async def test_a_sweep_leaves_the_target_as_it_is(particles, weight):
    found = await after_one_sweep(particles, target(weight), weight)
    assert total_variation(found, target(weight)) < 0.03


async def test_a_sweep_moves_what_is_not_yet_the_target_towards_it():
    """Guards the test above: a sweep that returned its reference would pass it."""
    policy = {x: p for x, (p, _) in answers().items()}
    away = total_variation(policy, target("odds"))
    found = await after_one_sweep(4, policy, "odds", sweeps=1500)
    assert total_variation(found, target("odds")) < away / 2


async def test_what_is_retained_sweep_after_sweep_follows_the_target():
    tools, sweeps = DiscreteTools("long"), 3000
    candidates = await make(sweeps=sweeps).solve(QUESTION, 4 * sweeps, tools)
    retained = Counter(tools.text_of[e["retained"]] for e in tools.history if "retained" in e)
    assert total_variation({x: c / sweeps for x, c in retained.items()}, target("odds")) < 0.05
    assert total_variation(distribution(candidates), target("odds")) < 0.05


async def test_one_large_sweep_is_a_particle_filter():
    found: Counter[str] = Counter()
    for seed in range(10):
        for x, share in distribution(await make(sweeps=1).solve(QUESTION, 2048, DiscreteTools(seed))).items():
            found[x] += share / 10
    assert total_variation(found, target("odds")) < 0.02


async def test_each_sweep_has_the_retained_answer_as_its_first_particle():
    tools = DiscreteTools(5)
    candidates = await make(sweeps=6).solve(QUESTION, 18, tools)
    rounds = [e for e in tools.history if "retained" in e]
    last = {e["sweep"]: e["particles"] for e in tools.history if "particles" in e}
    assert [e["sweep"] for e in rounds] == list(range(6))
    for before, after in pairwise(rounds):
        assert last["sweep", after["sweep"]][0] == before["retained"]
    assert all(r["retained"] == last["sweep", r["sweep"]][r["index"]] for r in rounds)
    for entry in tools.history:
        if "parents" in entry and entry["sweep"] != ("sweep", 0):
            assert entry["parents"][0] == 0
    assert {c.path for c in candidates} == {p for particles in last.values() for p in particles}
    assert sum(c.scores["weight"] for c in candidates) == pytest.approx(1)


async def test_a_retained_answer_can_be_branched_off_and_costs_nothing_itself():
    branched = 0
    for seed in range(20):
        tools = DiscreteTools(seed)
        candidates = await make(sweeps=4).solve(QUESTION, 12, tools)
        assert len({c.path for c in candidates}) == len(candidates) <= 12
        assert sum(("sweep", s, i) in tools.text_of for s in range(4) for i in range(3)) == 3 + 3 * 2
        branched += any("branch" in c.path for c in candidates)
    assert branched, "no branch in 20 runs: the retained answers' prefixes are never resampled"


def test_budgets_must_divide_into_sweeps_of_two():
    with pytest.raises(ValueError, match="found 7, which is not divisible by the number of sweeps 3; 6 or 9 would do"):
        make(sweeps=3).check(7)
    with pytest.raises(ValueError, match="found 3, fewer than two particles for the number of sweeps 3; 6 would do"):
        make(sweeps=3).check(3)
    make(sweeps=3).check(6)
    make(sweeps=1).check(1)
