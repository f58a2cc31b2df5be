"""DVTS against one greedy search a subtree, one after the other."""

from __future__ import annotations

import pytest
from worlds import GUIDE, Branch, World, options, outline, solve, worlds

from tts.strategies.beam_search import BeamSearch
from tts.strategies.dvts import DVTS


def reference(world: World, search: DVTS, n: int) -> list[Branch]:
    """Beeching et al. 2024: in each of N / M subtrees take the step with the highest score, until the answer ends."""
    answers = []
    for tree in range(n // search.beam_width):
        steps = [world.branch(search, Branch(), tree * search.beam_width + i) for i in range(search.beam_width)]
        chosen = max(steps, key=lambda b: world.value(b.text, search.aggregation))
        while not chosen.ended:
            steps = [world.branch(search, chosen, i) for i in range(search.beam_width)]
            chosen = max(steps, key=lambda b: world.value(b.text, search.aggregation))
        answers.append(chosen)
    return answers


@pytest.mark.parametrize(("n", "width"), [(4, 4), (8, 4), (6, 2), (3, 1), (12, 3)])
def test_it_is_the_papers_algorithm(n: int, width: int) -> None:
    for world in worlds(40):
        search = DVTS(beam_width=width, **options(world.seed))
        assert outline(solve(search, n, world)) == outline(reference(world, search, n))


def test_subtrees_do_not_compete() -> None:
    """Each first step's subtree keeps an answer; beam search drops some of them."""
    narrowed = 0
    for world in worlds(20):
        search = DVTS(beam_width=2, verifier=GUIDE)
        trees = {c.path[1] // 2 for c in solve(search, 8, world)}
        assert trees == {0, 1, 2, 3}
        beams = solve(BeamSearch(beam_width=2, verifier=GUIDE), 8, world.again())
        narrowed += {c.path[1] // 2 for c in beams} != trees
    assert narrowed


def test_one_subtree_is_beam_search_with_one_survivor() -> None:
    for world in worlds(20):
        shared = options(world.seed)
        tree = solve(DVTS(beam_width=4, **shared), 4, world)
        assert outline(tree) == outline(solve(BeamSearch(beam_width=4, **shared), 4, world.again()))


def test_the_history_follows_each_subtree_in_order() -> None:
    world = World(3)
    found = solve(DVTS(beam_width=2, verifier=GUIDE), 6, world)
    trees = [entry["tree"] for entry in world.history]
    assert trees == sorted(trees)
    for tree, answer in enumerate(found):
        kept = [e["children"][e["kept"]] for e in world.history if e["tree"] == tree]
        assert kept == [c.path for c in answer.completions]
