r"""Countdown and the Game of 24: ``countdown`` or ``countdown:numbers=4-6,per_level=20,seed=0,target=24``.

Given numbers, each to be used exactly once with ``+ - * /``, must make a target; difficulty = how many numbers. With
a random target it is Countdown as Gandhi et al. (2024, "Stream of Search") study search with it (there each number is
used once too); four numbers with target 24 are the Game of 24 of Yao et al. (2023, "Tree of Thoughts"). Every problem
has a solution by construction. Any expression of the numbers with the target's exact value is correct.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from pathlib import Path

from tts.benchmarks.arguments import key_values, number_range, whole_number
from tts.benchmarks.benchmark import Benchmark, Loaded
from tts.benchmarks.countdown_expressions import read
from tts.benchmarks.exemplars import COUNTDOWN_EXEMPLARS
from tts.core import Problem, Question, UsageError
from tts.grading import Checked, Checker
from tts.grading.boxes import last_boxed

NUMBERS = (3, 6)
"""Fewest and most given numbers."""
MOST_PER_LEVEL = 100
"""Three numbers up to 13 make 24 in not many more ways."""
LARGEST = {"24": 13, "random": 99}
"""Largest given number: a card's for 24."""
TARGETS = (10, 100)
"""Smallest and largest random target."""
GENERATOR = "1"
"""Version of the generator; another one makes other problems of the same seed."""

_KEYS = ("numbers", "per_level", "seed", "target")
_EXAMPLE = "numbers=4-6,per_level=20,seed=0,target=24"
_STATEMENT = re.compile(r"\banswer\b[\s*_]*(?:is\b)?[\s*_]*[:：]?[\s*_]*(?P<said>[^\n]*)", re.IGNORECASE)


class CountdownChecker(Checker):
    """Reads the expression and computes it with fractions."""

    def extract(self, text: str) -> str | None:
        """The last box, else what follows the last "answer:", else the last line where that is an expression."""
        boxed = last_boxed(text)
        if boxed is not None:
            return boxed
        *_, stated = ("", *(m["said"].strip(" \t*_") for m in _STATEMENT.finditer(text)))
        if stated:
            return stated
        _, _, line = text.rstrip().rpartition("\n")
        expression = read(line)
        return line.strip() if expression is not None and expression.operator else None

    def canonical(self, answer: str) -> str:
        """Brackets and order aside, the same sum of the same products."""
        expression = read(answer)
        return answer.strip() if expression is None else expression.text

    def check(self, problem: Problem, answer: str) -> Checked:
        """Whether it uses each number once, no other, and has the target's value exactly.

        Tells its ``value``, and whether it has ``other_numbers``.
        """
        (numbers, target), expression = _wanted(problem), read(answer)
        if expression is None:
            return Checked(False, {"value": None})
        other = sorted(expression.numbers) != numbers
        detail = {"value": str(expression.value), **({"other_numbers": True} if other else {})}
        return Checked(not other and expression.value == target, detail)


def _wanted(problem: Problem) -> tuple[list[int], int]:
    """Numbers, in order, and target: the problem's public ones, or those of its reference. Raises UsageError."""
    public, reference = problem.question.public, read(problem.answer)
    if public:
        return sorted(public["numbers"]), int(public["target"])
    if reference is None:
        raise UsageError(f"benchmark countdown: the reference {problem.answer!r} is no expression; mend it")
    return sorted(reference.numbers), int(reference.value)


@dataclass(frozen=True, kw_only=True)
class CountdownBenchmark(Benchmark):
    """Generated Countdown problems; ``data_dir`` is not looked at."""

    numbers: tuple[int, ...] = tuple(range(NUMBERS[0], NUMBERS[1] + 1))
    """How many numbers are given, ascending."""
    per_level: int = 20
    """Problems for each of them."""
    seed: int = 0
    """The published problems are those of seed 0."""
    target: str = "random"
    """``24`` or ``random``."""

    def with_argument(self, argument: str) -> Benchmark:
        """This benchmark with ``numbers=4-6``, ``per_level=20``, ``seed=0`` and ``target=24`` or ``target=random``."""
        found = key_values(self.name, argument, _EXAMPLE, _KEYS)
        target = found.get("target", self.target)
        if target not in LARGEST:
            raise UsageError(
                f"benchmark: {self.name}: target={target}, expected 24 or random; write {self.name}:target=24"
            )
        numbers = number_range(self.name, "numbers", found["numbers"], *NUMBERS) if "numbers" in found else self.numbers
        return replace(
            self,
            name=f"{self.name}:{argument}",
            numbers=numbers,
            per_level=whole_number(
                self.name, "per_level", found.get("per_level", str(self.per_level)), 1, MOST_PER_LEVEL
            ),
            seed=whole_number(self.name, "seed", found.get("seed", str(self.seed)), 0, 2**31 - 1),
            target=target,
        )

    def load(self, *, data_dir: Path | None = None, limit: int | None = None) -> Loaded:
        """The problems, one of each level in turn, so that any limit mixes the levels."""
        levels = [solutions(n, self.per_level, self.seed, self.target) for n in self.numbers]
        problems = tuple(problem(level[i], i) for i in range(self.per_level) for level in levels)
        return Loaded(problems[:limit], f"generated from seed {self.seed}", f"generator-{GENERATOR}")


def solutions(count: int, problems: int, seed: int, target: str) -> list[str]:
    """Expressions of ``count`` numbers, no two with the same numbers and value; more begin with fewer."""
    rng = random.Random(f"countdown, seed {seed}, {count} numbers, target {target}, generator {GENERATOR}")
    chosen: dict[tuple[int, ...], str] = {}
    while len(chosen) < problems:
        value = int(target) if target != "random" else _between(rng, *TARGETS)
        text = _split(rng, value, count, LARGEST[target])
        if text is not None:
            expression = read(text)
            assert expression is not None and expression.value == value
            chosen.setdefault((value, *sorted(expression.numbers)), text)
    return list(chosen.values())


def problem(solution: str, index: int) -> Problem:
    """The problem that an expression solves; ``index``: its place in its level."""
    expression = read(solution)
    assert expression is not None
    level = len(expression.numbers)
    numbers = ", ".join(map(str, sorted(expression.numbers)))
    question = Question(
        f"{level}-{index:03d}",
        f"Use each of the numbers {numbers} exactly once, with +, -, *, / and parentheses, "
        f"to write an expression that equals {expression.value}.",
        subject="countdown",
        level=str(level),
        public={"numbers": sorted(expression.numbers), "target": int(expression.value)},
    )
    return Problem(question, solution)


def _split(rng: random.Random, value: int, count: int, largest: int) -> str | None:
    """A random expression of ``count`` numbers from 1 to ``largest``; None where this draw does not lead to one."""
    if count == 1:
        return str(value) if value <= largest else None
    operator = "+-*/"[_between(rng, 0, 3)]
    factors = [d for d in range(2, value) if value % d == 0]
    if (operator == "*" and not factors) or (operator == "+" and value < 2):
        return None
    right = {
        "+": lambda: _between(rng, 1, value - 1),
        "-": lambda: _between(rng, 1, largest),
        "*": lambda: factors[_between(rng, 0, len(factors) - 1)],
        "/": lambda: _between(rng, 2, 12),
    }[operator]()
    left = {"+": value - right, "-": value + right, "*": value // right, "/": value * right}[operator]
    share = _between(rng, 1, count - 1)
    a, b = _split(rng, left, share, largest), _split(rng, right, count - share, largest)
    if a is None or b is None:
        return None
    return f"{_bracketed(a, operator, False)} {operator} {_bracketed(b, operator, True)}"


def _bracketed(text: str, operator: str, right: bool) -> str:
    """An operand, in brackets where it needs them."""
    if text.isdigit() or operator == "+":
        return text
    return text if operator == "-" and not right else f"({text})"


def _between(rng: random.Random, low: int, high: int) -> int:
    """A whole number from low to high; ``random()`` alone is the same in every version of Python."""
    return low + int(rng.random() * (high - low + 1))


COUNTDOWN = CountdownBenchmark(
    name="countdown",
    description=f"Countdown and Game of 24 with 3-6 numbers, checked exactly; countdown:{_EXAMPLE}",
    exemplars=COUNTDOWN_EXEMPLARS,
    checker=CountdownChecker(),
)
