"""The critical path: what had to come one after the other, whatever the order of arrival."""

from __future__ import annotations

import asyncio
import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.core import Completion
from tts.core.accounting import CriticalPath
from tts.stats import largest_of_k


class Cell:
    """Draws completions of given lengths after a random number of turns, as ``CellTools`` does."""

    def __init__(self, shuffle: int | None):
        self.path = CriticalPath()
        self.names = itertools.count(1)
        self.rng = None if shuffle is None else random.Random(shuffle)

    async def sample(self, *lengths: int, prefix: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
        begin = self.path.begin()
        for _ in range(self.rng.randrange(6) if self.rng else 0):
            await asyncio.sleep(0)
        answers = [tuple(next(self.names) for _ in range(n)) for n in lengths]
        drawn = [Completion(("x",), "", np.array(a, np.uint32), "stop") for a in answers]
        self.path.end(begin, prefix, len(prefix), drawn)
        return [(*prefix, *a) for a in answers]


async def best_of_n(cell: Cell) -> int:
    await cell.sample(3, 9, 4)
    return 9


async def chains(cell: Cell) -> int:
    async def chain(*lengths: int) -> None:
        for n in lengths:
            await cell.sample(n)

    await asyncio.gather(chain(3, 3, 3), chain(1, 10), chain(2))
    return 11


async def beam(cell: Cell) -> int:
    """Every step waits for the longest of the step before, by the scores that all are asked for."""
    first = await cell.sample(5, 2)
    cell.path.begin()
    second = await asyncio.gather(cell.sample(1, 4, prefix=first[0]), cell.sample(7, prefix=first[1]))
    cell.path.begin()
    await asyncio.gather(*(cell.sample(2, prefix=one) for family in second for one in family))
    return 5 + 7 + 2


async def gathers_one_after_the_other(cell: Cell) -> int:
    """Without a word between them, what the second continues tells that it came later."""
    first = await asyncio.gather(cell.sample(6), cell.sample(2))
    await asyncio.gather(cell.sample(3, prefix=first[0][0]), cell.sample(1, prefix=first[1][0]))
    return 9


async def tasks_below_tasks(cell: Cell) -> int:
    async def inner(n: int) -> None:
        await cell.sample(n)

    async def outer(n: int) -> None:
        await cell.sample(1)
        await asyncio.gather(inner(n), inner(2))
        await cell.sample(1)

    await asyncio.gather(outer(5), outer(3))
    await cell.sample(10)
    return 1 + 5 + 1 + 10


@pytest.mark.parametrize(
    "solve", [best_of_n, chains, beam, gathers_one_after_the_other, tasks_below_tasks], ids=lambda f: f.__name__
)
def test_the_critical_path_is_that_of_the_code_in_any_order_of_arrival(solve) -> None:
    for shuffle in (None, 1, 2, 3, 4, 5):
        tokens, expected = asyncio.run(_solved(solve, shuffle))
        assert tokens == expected, shuffle


async def _solved(solve, shuffle: int | None) -> tuple[int, int]:
    cell = Cell(shuffle)
    expected = await solve(cell)
    return cell.path.tokens, expected


def test_a_forced_piece_does_not_hide_what_an_answer_continues() -> None:
    async def solve(cell: Cell) -> int:
        ((*first,), _) = await asyncio.gather(cell.sample(4), cell.sample(7))
        await asyncio.gather(cell.sample(5, prefix=(*first[0], 1000, 1001)))
        return 9

    assert asyncio.run(_solved(solve, None)) == (9, 9)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.data())
def test_the_expected_longest_is_that_of_all_subsets(values: list[int], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(values)))
    every = [max(c) for c in itertools.combinations(values, k)]
    assert largest_of_k(values, k) == pytest.approx(sum(every) / len(every))
