"""REBASE: its sharing rule against high-precision arithmetic, its search against the paper's iteration."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import Branch, World, options, outline, solve, worlds

from tts.strategies.rebase import Rebase, share


def exact_share(values: list[float], width: int, temperature: float) -> list[int]:
    """The rule in 60 digits: largest first, rounded up, with the width and the mass that are left."""
    with localcontext() as context:
        context.prec = 60
        masses = [(Decimal(v) / Decimal(temperature)).exp() for v in values]
        widths = [0] * len(values)
        order = sorted(range(len(values)), key=lambda i: (-values[i], i))
        for place, i in enumerate(order):
            left = sum(masses[j] for j in order[place:])
            part = width * masses[i] / left
            # 60 digits have an end: what is a whole number up to the 50th digit is one.
            widths[i] = int(part.quantize(Decimal(10) ** -50).to_integral_value(ROUND_CEILING))
            width -= widths[i]
        return widths


# Thousandths: values that differ by less than a float can tell after exp are equal to the rule.
thousandths = st.integers(0, 1000).map(lambda i: i / 1000)
scores = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]) | thousandths, min_size=1, max_size=12)


@given(scores, st.integers(0, 64), st.sampled_from([0.05, 0.2, 1.0, 100.0]))
def test_shares_follow_the_softmax_of_what_is_left(values: list[float], width: int, temperature: float) -> None:
    assert share(values, width, temperature) == exact_share(values, width, temperature)


@given(scores, st.integers(0, 1000), st.sampled_from([1e-300, 1e-3, 0.2, 1.0, 1e9]))
def test_shares_add_up_and_the_best_has_most(values: list[float], width: int, temperature: float) -> None:
    widths = share(values, width, temperature)
    assert sum(widths) == width
    assert min(widths) >= 0
    assert widths[values.index(max(values))] == max(widths)


@given(st.integers(1, 200), st.integers(0, 20), st.floats(0, 1))
def test_equal_values_share_evenly(nodes: int, each: int, value: float) -> None:
    """A float's last bit must not turn a share of exactly 1 into 2."""
    assert share([value] * nodes, nodes * each, 0.2) == [each] * nodes


def test_the_temperature_goes_from_greedy_to_even() -> None:
    assert share([0.2, 0.9, 0.8], 9, 1e-6) == [0, 9, 0]
    assert share([0.2, 0.9, 0.8], 9, 1e9) == [2, 4, 3]  # a third each, of which the first is rounded up
    assert share([], 4, 0.2) == []


def reference(world: World, search: Rebase, n: int) -> list[Branch]:
    """Wu et al. 2024, 3.1.2: B_i = B_(i-1) - C_i; expand by share of B_i."""
    budget, answers = n, []
    depth = [world.branch(search, Branch(), i) for i in range(n)]
    while budget:
        complete = [b for b in depth if b.ended]
        answers += complete
        budget -= len(complete)
        nodes = [b for b in depth if not b.ended]
        values = [world.value(b.text, search.aggregation) for b in nodes]
        widths = exact_share(values, budget, search.softmax_temperature)
        depth = [world.branch(search, b, i) for b, w in zip(nodes, widths, strict=True) for i in range(w)]
    return answers


@pytest.mark.parametrize(("n", "temperature"), [(1, 0.2), (4, 0.2), (7, 0.2), (8, 0.02), (8, 5.0), (16, 0.2)])
def test_it_is_the_papers_algorithm_and_ends_with_n_answers(n: int, temperature: float) -> None:
    for world in worlds(30):
        search = Rebase(softmax_temperature=temperature, **options(world.seed))
        found = solve(search, n, world)
        assert outline(found) == outline(reference(world, search, n))
        assert len(found) == n
        for entry in world.history:
            assert sum(entry["widths"]) == (n - entry["finished"] if entry["nodes"] else 0)
