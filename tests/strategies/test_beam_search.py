"""Beam search against the paper's four steps, written as slowly as possible."""

from __future__ import annotations

import pytest
from worlds import GUIDE, Branch, World, options, outline, solve, worlds

from tts.strategies.beam_search import BeamSearch


def reference(world: World, search: BeamSearch, n: int) -> list[Branch]:
    """Snell et al. 2024, 5.2: sample N, score, keep the best N / M, sample M from each, repeat."""
    done: list[Branch] = []
    beams = [world.branch(search, Branch(), i) for i in range(n)]
    while beams:
        ranked = sorted(beams, key=lambda b: -world.value(b.text, search.aggregation))  # stable: ties by lower index
        survivors = ranked[: n // search.beam_width - len(done)]
        done += [b for b in survivors if b.ended]
        beams = [world.branch(search, b, i) for b in survivors if not b.ended for i in range(search.beam_width)]
    return done


@pytest.mark.parametrize(("n", "width"), [(4, 4), (8, 4), (6, 2), (3, 1), (12, 3)])
def test_it_is_the_papers_algorithm(n: int, width: int) -> None:
    for world in worlds(40):
        search = BeamSearch(beam_width=width, **options(world.seed))
        found = solve(search, n, world)
        assert outline(found) == outline(reference(world, search, n))
        assert len(found) == n // width


def test_a_finished_beam_that_scores_less_than_the_unfinished_is_pruned() -> None:
    """It competes by score, rather than being kept because it has ended."""
    pruned = 0
    for world in worlds(40, end=0.3):
        search = BeamSearch(beam_width=2, **options(world.seed))
        kept = {c.path for c in solve(search, 8, world)}
        pruned += sum(c.finished and path not in kept for path, c in world.drawn.items())
    assert pruned


def test_the_history_names_beams_scores_and_survivors() -> None:
    world = World(5)
    search = BeamSearch(beam_width=2, verifier=GUIDE)
    found = solve(search, 4, world)
    seen = [b for entry in world.history for b in entry["beams"]]
    assert set(seen) == set(world.drawn)
    last = [entry["beams"][i] for entry in world.history for i in entry["kept"] if entry["finished"][i]]
    assert last == [c.path for c in found]
    assert all(len(e["beams"]) == len(e["values"]) == len(e["finished"]) for e in world.history)
