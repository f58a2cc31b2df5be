"""Lookahead search against beam search with a value that is rolled out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import GUIDE, Branch, World, options, outline, solve, worlds

from tts.strategies.beam_search import BeamSearch
from tts.strategies.lookahead import Lookahead


def rolled(world: World, search: Lookahead, beam: Branch) -> float:
    """The score at the end of up to k greedy steps."""
    for _ in range(search.lookahead):
        if not beam.ended:
            beam = world.branch(search, replace(beam, path=("ahead",)), 0, temperature=0.0)
    return world.value(beam.text, search.aggregation)


def reference(world: World, search: Lookahead, n: int) -> list[Branch]:
    """Snell et al. 2024, 5.2: beam search on the rolled-out score; only the first step is kept."""
    done: list[Branch] = []
    beams = [world.branch(search, Branch(), i) for i in range(n)]
    while beams:
        survivors = sorted(beams, key=lambda b: -rolled(world, search, b))[: n // search.beam_width - len(done)]
        done += [b for b in survivors if b.ended]
        beams = [world.branch(search, b, i) for b in survivors if not b.ended for i in range(search.beam_width)]
    return done


@pytest.mark.parametrize(("n", "width", "k"), [(8, 4, 1), (6, 2, 2), (4, 2, 3), (4, 2, 20), (3, 1, 1)])
def test_it_is_the_papers_algorithm(n: int, width: int, k: int) -> None:
    for world in worlds(30):
        search = Lookahead(beam_width=width, lookahead=k, **options(world.seed))
        assert outline(solve(search, n, world)) == outline(reference(world, search, n))


def test_no_lookahead_is_beam_search() -> None:
    for world in worlds(30):
        shared = {"beam_width": 2, **options(world.seed)}
        plain = world.again()
        found = solve(Lookahead(lookahead=0, **shared), 6, world)
        assert outline(found) == outline(solve(BeamSearch(**shared), 6, plain))
        assert world.drawn.keys() == plain.drawn.keys()
        assert world.history == plain.history


def test_roll_outs_are_greedy_paid_for_and_thrown_away() -> None:
    world = World(2, end=0.05)
    plain = world.again()
    found = solve(Lookahead(beam_width=2, lookahead=2, verifier=GUIDE), 4, world)
    ahead = [path for path in world.drawn if "ahead" in path]
    assert ahead
    assert not any("ahead" in c.path for candidate in found for c in candidate.completions)
    for path in ahead:  # two beams with the same ids have the same roll-out: it has no randomness of its own
        parts = [world.drawn[path[: i + 1]] for i in range(1, len(path)) if path[: i + 1] in world.drawn]
        prefix = [int(t) for c in parts[:-1] for t in c.token_ids]
        greedy = plain.sampling.model_copy(update={"temperature": 0.0, "stop": ("\n\n",), "step_tokens": 512})
        assert plain.draw(("any", 9), prefix, greedy).text == world.drawn[path].text
