r"""Generated multi-step arithmetic, difficulty = number of operations: ``arith`` or ``arith:levels=1-12,per_level=50``.

The problems are a pure function of level, index and seed; a longer split begins with the shorter one. The reference
solution has one operation a step, steps end with a blank line, the answer is boxed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tts.benchmarks.benchmark import Benchmark, Loaded
from tts.benchmarks.expressions import LEVELS, Expression, Stream, draw
from tts.core import Problem, Question, UsageError, did_you_mean

MOST_PER_LEVEL = 500
"""Level 1 has fewer than a thousand expressions on the test side of the split."""
GENERATOR = "1"
"""Version of the generator; another one makes other problems of the same seed."""


@dataclass(frozen=True, kw_only=True)
class ArithBenchmark(Benchmark):
    """The test split of generated arithmetic; ``data_dir`` is not looked at."""

    levels: tuple[int, ...] = tuple(LEVELS)
    """Numbers of operations, ascending."""
    per_level: int = 50
    """Problems a level."""
    seed: int = 0
    """The published split is that of seed 0."""

    def with_argument(self, argument: str) -> Benchmark:
        """This benchmark with ``levels=3`` or ``levels=1-12``, ``per_level=50`` and ``seed=0``, separated by commas."""
        found: dict[str, str] = {}
        for part in argument.split(","):
            key, equals, value = part.strip().partition("=")
            if key not in ("levels", "per_level", "seed") or not equals or key in found:
                near = did_you_mean(key, ("levels", "per_level", "seed"))
                raise UsageError(
                    f"benchmark: {self.name}: found {part!r}{near}, expected each of levels, per_level and seed "
                    f"at most once; write {self.name}:levels=1-12,per_level=50,seed=0"
                )
            found[key] = value.strip()
        return replace(
            self,
            name=f"{self.name}:{argument}",
            levels=self._levels(found["levels"]) if "levels" in found else self.levels,
            per_level=self._count("per_level", found, 1, MOST_PER_LEVEL, self.per_level),
            seed=self._count("seed", found, 0, 2**31 - 1, self.seed),
        )

    def load(self, *, data_dir: Path | None = None, limit: int | None = None) -> Loaded:
        """The problems, one of each level in turn, so that any limit mixes the levels."""
        splits = [test_split(level, self.per_level, self.seed) for level in self.levels]
        problems = tuple(problem(split[i], i) for i in range(self.per_level) for split in splits)
        return Loaded(problems[:limit], f"generated from seed {self.seed}", f"generator-{GENERATOR}")

    def _levels(self, text: str) -> tuple[int, ...]:
        low, dash, high = text.partition("-")
        try:
            first, last = int(low), int(high if dash else low)
        except ValueError:
            first, last = 0, 0
        if not LEVELS[0] <= first <= last <= LEVELS[-1]:
            raise UsageError(
                f"benchmark: {self.name}: levels={text}, expected a level or a range of levels within "
                f"{LEVELS[0]}-{LEVELS[-1]} (the number of operations); write for instance {self.name}:levels=3-8"
            )
        return tuple(range(first, last + 1))

    def _count(self, key: str, found: dict[str, str], least: int, most: int, default: int) -> int:
        text = found.get(key, str(default))
        if not text.isdecimal() or not least <= int(text) <= most:
            raise UsageError(
                f"benchmark: {self.name}: {key}={text}, expected a whole number from {least} to {most}; "
                f"write for instance {self.name}:{key}={default}"
            )
        return int(text)


def question_text(expression: Expression) -> str:
    """How the problem is put, in one line."""
    return f"Compute {expression.text}."


def problem(expression: Expression, index: int) -> Problem:
    """The problem of an expression; ``index``: its place in its level's split."""
    level = expression.level
    question = Question(
        id=f"{level:02d}-{index:03d}", text=question_text(expression), subject="arithmetic", level=str(level)
    )
    return Problem(question, str(expression.value), "\n\n".join(expression.solution()))


def test_split(level: int, count: int, seed: int = 0) -> list[Expression]:
    """The first ``count`` test expressions of a level, all different."""
    chosen: dict[str, Expression] = {}
    for expression in _held_out(level, seed):
        chosen.setdefault(expression.text, expression)
        if len(chosen) == count:
            break
    return list(chosen.values())


def _held_out(level: int, seed: int) -> Iterator[Expression]:
    """Endless draws from the test side of the split."""
    stream = Stream(f"arith test, seed {seed}, level {level}, generator {GENERATOR}")
    while True:
        expression = draw(stream, level)
        if expression.held_out:
            yield expression


ARITH = ArithBenchmark(
    name="arith",
    description="generated arithmetic of 1-12 operations; arith:levels=1-12,per_level=50,seed=0",
)
