"""Parallel tempering: each chain has its own target, and swaps keep all of them."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from discrete_model import QUESTION, VERIFIER, DiscreteTools, answers, distribution, potential, target, total_variation
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tts.core import stream
from tts.strategies.parallel_tempering import ParallelTempering, swapped


def make(**options) -> ParallelTempering:
    return ParallelTempering(verifier=VERIFIER, **options)


class Given:
    """A generator whose one uniform number is given."""

    def __init__(self, number: float):
        self.number = number

    def random(self) -> float:
        return self.number


def acceptance(temperatures: tuple[float, float], cold: float, hot: float) -> float:
    """Share of uniform numbers for which two chains with these log-potentials swap."""
    numbers = (np.arange(4000) + 0.5) / 4000
    return float(np.mean([swapped(temperatures, (cold, hot), 0, Given(u)) == [1, 0] for u in numbers]))


@settings(max_examples=25, deadline=None)
@given(
    states=st.tuples(st.sampled_from(sorted(answers())), st.sampled_from(sorted(answers()))),
    temperatures=st.sampled_from([(1.0, 2.0), (0.5, 1.0), (1.0, 8.0)]),
    weight=st.sampled_from(["odds", "score"]),
)
def test_swaps_are_in_detailed_balance_with_the_tempered_targets(states, temperatures, weight):
    cold, hot = (target(weight, 1 / t) for t in temperatures)
    x, y = states
    logs = {s: math.log(potential(weight, answers()[s][1])) for s in states}
    there = cold[x] * hot[y] * acceptance(temperatures, logs[x], logs[y])
    back = cold[y] * hot[x] * acceptance(temperatures, logs[y], logs[x])
    assert there == pytest.approx(back, rel=0.02, abs=1e-5)


def test_neighbours_swap_in_turns():
    rising = (1.0, 2.0, 3.0, 4.0, 5.0)
    always = [0.0, 1.0, 2.0, 3.0, 4.0]  # a hotter chain with the better answer always hands it down
    assert swapped(rising, always, 0, stream(0)) == [1, 0, 3, 2, 4]
    assert swapped(rising, always, 1, stream(0)) == [0, 2, 1, 4, 3]
    assert swapped(rising, [0.0, -1e9, -2e9, -3e9, -4e9], 0, stream(0)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("swap", [True, False])
async def test_every_chain_converges_to_its_own_target(swap):
    """One long run with four particles a sweep: what the chains retain, before any swap, round after round."""
    rounds, temperatures, tools = 2000, (1.0, 3.0), DiscreteTools("long")
    strategy = make(temperatures=temperatures, sweeps=rounds, swap=swap, weight="odds")
    candidates = await strategy.solve(QUESTION, 2 * 4 * rounds, tools)
    found: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    moved = 0
    for entry in (e for e in tools.history if "retained" in e):
        for chain in (0, 1):
            found[chain][tools.text_of[entry["retained"][chain]]] += 1 / rounds
        moved += entry["order"] == [1, 0]
    for chain, temperature in enumerate(temperatures):
        assert total_variation(found[chain], target("odds", 1 / temperature)) < 0.05
    assert (moved > rounds / 20) == swap
    assert total_variation(target("odds"), target("odds", 1 / 3)) > 0.15
    assert total_variation(distribution(candidates), target("odds")) < 0.05


async def test_each_chain_goes_on_with_what_the_swap_gave_it():
    tools, checked = DiscreteTools(2), 0
    candidates = await make(temperatures=(1.0, 2.0, 4.0), sweeps=5).solve(QUESTION, 30, tools)
    rounds = {e["round"]: e for e in tools.history if "round" in e}
    last = {e["sweep"]: e["particles"] for e in tools.history if "sweep" in e}
    for (_, chain, _, s), particles in last.items():
        if s:
            assert particles[0] == rounds[s - 1]["retained"][chain]
            order = rounds[s - 1]["order"]
            assert particles[0] in last["chain", order[chain], "sweep", s - 1]
            checked += order[chain] != chain
    assert checked, "no swap at all"
    assert {c.path for c in candidates} == {p for particles in last.values() for p in particles}
    assert len({c.path for c in candidates}) == len(candidates) <= 30
    cold = {p for (_, chain, _, _), particles in last.items() if chain == 0 for p in particles}
    assert all((c.scores["weight"] > 0) == (c.path in cold) for c in candidates)
    assert sum(c.scores["weight"] for c in candidates) == pytest.approx(1)


def test_options_and_budgets_that_make_no_sense_are_refused():
    with pytest.raises(ValidationError, match="expected rising temperatures"):
        make(temperatures=(2.0, 1.0))
    with pytest.raises(ValidationError, match="greater than 0"):
        make(temperatures=(0.0, 1.0))
    with pytest.raises(ValueError, match="found 10, which is not divisible by chains times sweeps 4; 8 or 12 would do"):
        make().check(10)
    with pytest.raises(ValueError, match="found 4, fewer than two particles for chains times sweeps 4; 8 would do"):
        make().check(4)
    make().check(8)
