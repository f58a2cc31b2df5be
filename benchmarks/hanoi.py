r"""Tower of Hanoi, difficulty = number of disks: ``hanoi`` or ``hanoi:disks=3-6,per_level=5,seed=0,states=random``.

One of the puzzles with which Shojaee et al. (2025, "The Illusion of Thinking") vary how long a solution must be and
nothing else. A simulator decides: every legal sequence of moves that ends in the wanted state is correct, shortest or
not.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, replace
from pathlib import Path

from tts.benchmarks.arguments import key_values, number_range, whole_number
from tts.benchmarks.benchmark import Benchmark, Loaded
from tts.benchmarks.exemplars import Exemplar
from tts.benchmarks.hanoi_moves import PEGS, HanoiChecker, solve, spell
from tts.core import Problem, Question, UsageError

DISKS = (1, 10)
"""Fewest and most disks; 10 take up to 1023 moves."""
MOST_PER_LEVEL = {"tower": 6, "random": 100}
"""There are six ways to choose where a whole tower stands and where it goes; one disk has no others."""
GENERATOR = "1"
"""Version of the generator; another one makes other problems of the same seed."""

_KEYS = ("disks", "per_level", "seed", "states")
_EXAMPLE = "disks=3-6,per_level=5,seed=0,states=tower"


@dataclass(frozen=True, kw_only=True)
class HanoiBenchmark(Benchmark):
    """Generated Tower of Hanoi problems; ``data_dir`` is not looked at."""

    disks: tuple[int, ...] = tuple(range(1, 9))
    """Numbers of disks, ascending."""
    per_level: int = 6
    """Problems for each number of disks (one disk has six at most)."""
    seed: int = 0
    """The published problems are those of seed 0."""
    states: str = "tower"
    """``tower``: the whole tower is moved from peg to peg; ``random``: start and goal are any two states."""

    def with_argument(self, argument: str) -> Benchmark:
        """This benchmark with ``disks=3-6``, ``per_level=5``, ``seed=0`` and ``states=tower`` or ``states=random``."""
        found = key_values(self.name, argument, _EXAMPLE, _KEYS)
        states = found.get("states", self.states)
        if states not in MOST_PER_LEVEL:
            raise UsageError(
                f"benchmark: {self.name}: states={states}, expected tower or random; write {self.name}:states=tower"
            )
        most = MOST_PER_LEVEL[states]
        return replace(
            self,
            name=f"{self.name}:{argument}",
            disks=number_range(self.name, "disks", found["disks"], *DISKS) if "disks" in found else self.disks,
            per_level=whole_number(self.name, "per_level", found.get("per_level", str(self.per_level)), 1, most),
            seed=whole_number(self.name, "seed", found.get("seed", str(self.seed)), 0, 2**31 - 1),
            states=states,
        )

    def load(self, *, data_dir: Path | None = None, limit: int | None = None) -> Loaded:
        """The problems, one of each number of disks in turn, so that any limit mixes the levels."""
        levels = [pairs(n, self.per_level, self.seed, self.states) for n in self.disks]
        places = [(i, level[i]) for i in range(self.per_level) for level in levels if i < len(level)]
        problems = tuple(problem(start, goal, i) for i, (start, goal) in places[:limit])
        return Loaded(problems, f"generated from seed {self.seed}", f"generator-{GENERATOR}")


def pairs(disks: int, count: int, seed: int, states: str) -> list[tuple[str, str]]:
    """The first ``count`` pairs of different states, start and goal, as letters: the peg of disk 1, 2, ...

    Fewer where there are not as many; a longer list begins with the shorter one.
    """
    rng = random.Random(f"hanoi, seed {seed}, {disks} disks, {states}, generator {GENERATOR}")
    if states == "tower" or disks == 1:
        towers = [(a * disks, b * disks) for a, b in itertools.permutations(PEGS, 2)]
        return sorted(towers, key=lambda _: rng.random())[:count]
    chosen: dict[tuple[str, str], None] = {}
    while len(chosen) < min(count, 3**disks * (3**disks - 1)):
        start, goal = ("".join(PEGS[int(rng.random() * 3)] for _ in range(disks)) for _ in range(2))
        if start != goal:
            chosen[start, goal] = None
    return list(chosen)


def problem(start: str, goal: str, index: int) -> Problem:
    """The problem of two states. ``index``: its place."""
    disks = len(start)
    name = f"{disks:02d}-{index:03d}/{start}-{goal}"
    states = {"start": start, "goal": goal}
    question = Question(name, question_text(start, goal), "Tower of Hanoi", str(disks), states)
    return Problem(question, spell(solve(start, goal)))


def question_text(start: str, goal: str) -> str:
    """How the problem is put."""
    disks = len(start)
    sizes = "1 disk" if disks == 1 else f"{disks} disks, numbered from 1 (the smallest) to {disks} (the largest)"
    return (
        f"In a Tower of Hanoi with three pegs A, B and C and {sizes}, a move takes the top disk of a peg "
        "to another peg, never onto a smaller disk. The pegs hold, from bottom to top:\n"
        f"{_pegs(start)}\n"
        f"The goal is:\n{_pegs(goal)}\n"
        "Find a sequence of moves that leads to the goal. Write each move as FROM->TO, for instance A->C, "
        "and separate the moves by commas."
    )


def _pegs(state: str) -> str:
    disks = range(len(state), 0, -1)
    return "\n".join(f"{p}: " + (" ".join(str(d) for d in disks if state[d - 1] == p) or "empty") for p in PEGS)


def exemplar(start: str, goal: str) -> Exemplar:
    """A worked example."""
    moves, state, steps = solve(start, goal), start, []
    for move in moves:
        disk = state.index(move[0])
        state = state[:disk] + move[1] + state[disk + 1 :]
        steps.append(f"Move disk {disk + 1} from {move[0]} to {move[1]}.")
    return Exemplar(question_text(start, goal), f"{' '.join(steps)} The final answer is $\\boxed{{{spell(moves)}}}$.")


HANOI = HanoiBenchmark(
    name="hanoi",
    description=f"Tower of Hanoi of 1-10 disks, checked by simulation; hanoi:{_EXAMPLE}",
    exemplars=tuple(exemplar(*pair) for pair in (("AB", "CC"), ("CA", "BA"), ("BAA", "BAC"), ("ABA", "ACB"))),
    checker=HanoiChecker(),
)
