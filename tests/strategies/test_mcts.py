"""MCTS against a search that keeps no statistics and counts everything again from the answers found so far."""

from __future__ import annotations

import math

import pytest
from worlds import GUIDE, Branch, World, options, outline, solve, worlds

from tts.strategies.mcts import MCTS

Place = tuple[int, ...]
"""A node, by the indices that lead to it from the root."""


class Recount:
    """PUCT by the book: visits and means of a node are those of the earlier simulations through it."""

    def __init__(self, world: World, search: MCTS):
        self.world, self.search = world, search
        self.found: list[tuple[Place, float]] = []
        self.nodes: dict[Place, Branch] = {(): Branch()}

    def child(self, place: Place, i: int) -> Place:
        self.nodes.setdefault((*place, i), self.world.branch(self.search, self.nodes[place], i))
        return (*place, i)

    def children(self, place: Place) -> list[Place]:
        return [self.child(place, i) for i in range(self.search.children)]

    def through(self, place: Place) -> list[float]:
        return [value for end, value in self.found if end[: len(place)] == place]

    def closed(self, place: Place) -> bool:
        if self.nodes[place].ended:
            return bool(self.through(place))
        return bool(self.through(place)) and all(self.closed(c) for c in self.children(place))

    def puct(self, place: Place) -> float:
        seen = self.through(place)
        q = math.fsum(seen) / len(seen) if seen else self.value(place)
        prior = 1 / self.search.children
        return q + self.search.c_puct * prior * math.sqrt(len(self.through(place[:-1]))) / (1 + len(seen))

    def value(self, place: Place) -> float:
        return self.world.value(self.nodes[place].text, self.search.aggregation)

    def run(self, n: int) -> list[Branch]:
        while len(self.found) < n and not self.closed(()):
            place: Place = ()
            while not self.nodes[place].ended:
                place = max(
                    (c for c in self.children(place) if not self.closed(c)), key=lambda c: round(self.puct(c), 9)
                )
            self.found.append((place, self.value(place)))
        return [self.nodes[place] for place, _ in self.found]


@pytest.mark.parametrize(("n", "children", "c"), [(1, 4, 1.25), (6, 2, 1.25), (8, 3, 0.0), (8, 3, 10.0), (20, 2, 0.5)])
def test_it_is_puct(n: int, children: int, c: float) -> None:
    for world in worlds(20):
        search = MCTS(children=children, c_puct=c, **options(world.seed))
        assert outline(solve(search, n, world)) == outline(Recount(world, search).run(n))


def test_it_never_returns_an_answer_twice_and_stops_when_the_tree_has_no_more() -> None:
    world = World(1, end=1.0)
    found = solve(MCTS(children=3, verifier=GUIDE), 10, world)
    assert [c.path for c in found] and {c.path for c in found} == {("sample", i) for i in range(3)}


def test_exploration_spreads_over_more_first_steps() -> None:
    def first_steps(c: float) -> int:
        spread = 0
        for world in worlds(20, end=0.05):
            search = MCTS(children=4, c_puct=c, verifier=GUIDE)
            spread += len({answer.path[1] for answer in solve(search, 8, world)})
        return spread

    assert first_steps(0.0) < first_steps(20.0)


def test_the_value_that_is_backed_up_is_the_verifiers() -> None:
    world = World(7)
    found = solve(MCTS(children=2, verifier=GUIDE), 5, world)
    ends = [e for e in world.history if "answer" in e]
    assert [e["answer"] for e in ends] == [c.path for c in found]
    assert [e["value"] for e in ends] == [world.value(c.text) for c in found]
    root = [e["means"][0] for e in ends]
    assert root == pytest.approx([math.fsum(e["value"] for e in ends[: i + 1]) / (i + 1) for i in range(len(ends))])
