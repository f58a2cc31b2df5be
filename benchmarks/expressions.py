"""Arithmetic expressions of a chosen number of operations: drawing, spelling, reading back and solving them.

Pure Python with its own random stream, so that a seed names the same problems on every machine and version.

An expression is a sum of terms, read from left to right with one running total: ``47 - 3*12 + (8 - 5)``. Every true
intermediate result lies between 0 and 99.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

LEVELS = range(1, 13)
"""Difficulty: the number of operations."""
LIMIT = 99
"""Largest true intermediate result."""
TEST_SHARE = 10
"""One expression in this many, by hash, belongs to the test side of the split and is never trained on."""

_MASK = 2**64 - 1


class Stream:
    """A small random stream (SplitMix64) that depends on nothing but its name."""

    def __init__(self, name: str):
        self._state = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")

    def below(self, n: int) -> int:
        """A uniform integer in [0, n), for n far below 2**64."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return (z ^ (z >> 31)) % n

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.below(1 << 30) < probability * (1 << 30)

    def between(self, low: int, high: int) -> int:
        """A uniform integer in [low, high]."""
        return low + self.below(high - low + 1)


@dataclass(frozen=True, slots=True)
class Term:
    """One summand: a number ``a``, a product ``a*b``, or a bracket ``(a + b)`` or ``(a - b)``."""

    sign: Literal["+", "-"]
    a: int
    op: Literal["", "*", "+", "-"] = ""
    """The operation inside the term; empty for a plain number."""
    b: int = 0

    @property
    def value(self) -> int:
        """Its value without its sign."""
        return calculate(self.a, self.op, self.b) if self.op else self.a

    @property
    def text(self) -> str:
        """Its spelling without its sign."""
        if not self.op:
            return str(self.a)
        return f"{self.a}*{self.b}" if self.op == "*" else f"({self.a} {self.op} {self.b})"


@dataclass(frozen=True, slots=True)
class Expression:
    """A sum of terms; the first has a positive sign and is a number or a product."""

    terms: tuple[Term, ...]

    @property
    def text(self) -> str:
        """As a person writes it: ``47 - 3*12 + (8 - 5)``."""
        return self.terms[0].text + "".join(f" {t.sign} {t.text}" for t in self.terms[1:])

    @property
    def value(self) -> int:
        """What it is worth."""
        return sum(t.value if t.sign == "+" else -t.value for t in self.terms)

    @property
    def level(self) -> int:
        """Its number of operations."""
        return len(self.terms) - 1 + sum(bool(t.op) for t in self.terms)

    def solution(self) -> list[str]:
        """The steps of the right way: one operation each, left to right, a term's inside before it is added."""
        total, steps = 0, []
        for i, term in enumerate(self.terms):
            if term.op:
                steps.append(f"{term.a}{term.op}{term.b}={term.value}")
            if i:
                result = calculate(total, term.sign, term.value)
                steps.append(f"{total}{term.sign}{term.value}={result}")
                total = result
            else:
                total = term.value
        return [*steps, rf"\boxed{{{total}}}"]

    @property
    def held_out(self) -> bool:
        """Whether it is on the test side of the split: by a hash of its spelling, so both sides can never meet."""
        digest = hashlib.blake2b(f"arith {self.text}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little") % TEST_SHARE == 0


def calculate(x: int, op: str, y: int) -> int:
    """``x op y`` for ``+``, ``-`` and ``*``."""
    return x * y if op == "*" else x + y if op == "+" else x - y


def draw(stream: Stream, level: int) -> Expression:
    """A random expression of ``level`` operations, on either side of the split."""
    first = _product(stream, "+") if stream.chance(0.25) else Term("+", stream.between(2, LIMIT))
    terms, total, left = [first], first.value, level - bool(first.op)
    while left:
        term = _term(stream, left)
        result = calculate(total, term.sign, term.value)
        if 0 <= result <= LIMIT:
            terms.append(term)
            total, left = result, left - 1 - bool(term.op)
    return Expression(tuple(terms))


def _term(stream: Stream, left: int) -> Term:
    """A term of at most ``left`` operations, its own sign included."""
    sign: Literal["+", "-"] = "-" if stream.chance(0.5) else "+"
    kind = stream.below(100)
    if left < 2 or kind < 45:
        return Term(sign, stream.between(2, LIMIT))
    if kind < 82:
        return _product(stream, sign)
    a, b = stream.between(2, 20), stream.between(2, 20)
    inner: Literal["+", "-"] = "+" if a <= b or stream.chance(0.4) else "-"
    return Term(sign, a, inner, b)


def _product(stream: Stream, sign: Literal["+", "-"]) -> Term:
    """``a*b`` below 100 with one-digit ``a``."""
    a = stream.between(2, 9)
    return Term(sign, a, "*", stream.between(2, min(12, LIMIT // a)))


_TERM = re.compile(r" ?([+-]?) ?(?:(\d+)\*(\d+)|\((\d+) ([+-]) (\d+)\)|(\d+))")


def parse(text: str) -> Expression:
    """The expression spelt so; ValueError where ``text`` is not one of this module's spellings."""
    terms = []
    for m in _TERM.finditer(text):
        sign: Literal["+", "-"] = "-" if m[1] == "-" else "+"
        if m[2]:
            terms.append(Term(sign, int(m[2]), "*", int(m[3])))
        elif m[4]:
            terms.append(Term(sign, int(m[4]), "-" if m[5] == "-" else "+", int(m[6])))
        else:
            terms.append(Term(sign, int(m[7])))
    if not terms or Expression(tuple(terms)).text != text:
        raise ValueError(f"not an arith expression: {text!r}")
    return Expression(tuple(terms))
