"""Samples spread over temperatures."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tts.core import Completion, Question
from tts.strategies.multi_temperature import MultiTemperature


class Recorder:
    """Tools that remember the temperature of each draw."""

    def __init__(self):
        self.temperature = {}
        self.history = []

    async def sample(self, n, *, path=("sample",), **overrides):
        paths = [(*path, i) for i in range(n)]
        assert not self.temperature.keys() & set(paths)
        self.temperature |= dict.fromkeys(paths, overrides["temperature"])
        return [Completion(p, "x", np.zeros(1, np.uint32), "stop") for p in paths]

    def record(self, **entry):
        self.history.append(entry)


@given(n=st.integers(1, 200), kinds=st.integers(1, 12))
def test_shares_are_as_even_as_they_can_be(n, kinds):
    shares = MultiTemperature(temperatures=[0.1 * (k + 1) for k in range(kinds)]).shares(n)
    assert sum(shares) == n
    assert set(shares) <= {n // kinds, -(-n // kinds)}


def test_what_is_left_over_is_spread_over_the_range():
    assert MultiTemperature(temperatures=(0.2, 0.4, 0.6, 0.8)).shares(6) == [1, 2, 1, 2]
    assert MultiTemperature(temperatures=(0.2, 0.4, 0.6)).shares(1) == [0, 1, 0]


@pytest.mark.parametrize("n", [1, 3, 7, 12])
async def test_every_sample_is_drawn_at_its_temperature_and_carries_it(n):
    tools, temperatures = Recorder(), (0.3, 0.7, 1.1)
    candidates = await MultiTemperature(temperatures=temperatures).solve(Question("q", "?"), n, tools)
    assert len(candidates) == n == len({c.path for c in candidates})
    for candidate in candidates:
        assert tools.temperature[candidate.path] == candidate.scores["temperature"]
        assert temperatures[int(candidate.scores["group"])] == candidate.scores["temperature"]
    counts = Counter(c.scores["temperature"] for c in candidates)
    assert {e["temperature"]: len(e["samples"]) for e in tools.history} == counts


async def test_a_larger_budget_keeps_the_samples_of_a_smaller_one():
    drawn = []
    for n in (6, 12):
        tools = Recorder()
        await MultiTemperature(temperatures=(0.5, 1.0)).solve(Question("q", "?"), n, tools)
        drawn.append(set(tools.temperature.items()))
    assert drawn[0] < drawn[1]


@pytest.mark.parametrize("temperatures", [(), (0.0, 1.0), (0.5, 0.5), (-1.0,)])
def test_temperatures_that_make_no_sense_are_refused(temperatures):
    with pytest.raises(ValidationError):
        MultiTemperature(temperatures=temperatures)
