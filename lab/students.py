"""Solutions with human mistakes: what the tiny policy learns to write.

A student solves an expression step by step and falls for a few well-known misconceptions at known rates. Each chance
to go wrong is an independent draw, so the rates below are the distribution that a perfect learner would reproduce.
"""

from __future__ import annotations

from dataclasses import dataclass

from tts.benchmarks.expressions import Expression, Stream, Term, calculate


@dataclass(frozen=True, slots=True)
class Rates:
    """How often each mistake is made where it can be made."""

    sign: float = 0.64
    """``t - (a - b)`` worked as ``t - a - b``, and ``t - (a + b)`` as ``t - a + b``: more often wrong than right."""
    precedence: float = 0.33
    """``t + a*b`` worked from left to right as ``(t + a)*b``; only while the total ``t`` has at most two digits."""
    borrow: float = 0.12
    """A subtraction that needs a borrow done by columns, each the smaller digit from the larger: 52-17=45."""
    carry: float = 0.08
    """The carry forgotten: 47+38=75."""
    table: float = 0.06
    """The neighbouring entry of the multiplication table: 6*7=36 or 48."""
    slip: float = 0.015
    """Any result off by one."""

    def scaled(self, factor: float) -> Rates:
        """All rates times ``factor``."""
        return Rates(*(getattr(self, f) * factor for f in self.__slots__))


def attempt(expression: Expression, stream: Stream, rates: Rates) -> list[str]:
    """The steps that a student writes, the boxed answer last."""
    pen = _Pen(stream, rates)
    total = 0
    for i, term in enumerate(expression.terms):
        total = _add(pen, total, term) if i else _first(pen, term)
    return [*pen.steps, rf"\boxed{{{total}}}"]


def _first(pen: _Pen, term: Term) -> int:
    """The first term's value, which is the running total to begin with."""
    return pen.write(term.a, term.op, term.b) if term.op else term.a


def _add(pen: _Pen, total: int, term: Term) -> int:
    """Write the steps that bring ``term`` into the running total; return the new total."""
    other = "-" if term.sign == "+" else "+"
    if term.op == "*" and 0 <= total <= 99 and pen.errs(pen.rates.precedence):
        return pen.write(pen.write(total, term.sign, term.a), "*", term.b)
    if term.op in ("+", "-") and term.sign == "-" and pen.errs(pen.rates.sign):
        wrong = "-" if term.op == "-" else other
        return pen.write(pen.write(total, "-", term.a), wrong, term.b)
    value = pen.write(term.a, term.op, term.b) if term.op else term.a
    return pen.write(total, term.sign, value)


class _Pen:
    """Writes one operation a step, sometimes with a wrong result."""

    def __init__(self, stream: Stream, rates: Rates):
        self.steps: list[str] = []
        self.rates = rates
        self._stream = stream

    def errs(self, rate: float) -> bool:
        return self._stream.chance(rate)

    def write(self, x: int, op: str, y: int) -> int:
        """Add the step ``x op y = result`` and return its result."""
        result = self._result(x, op, y)
        spelt = f"({x})" if x < 0 and op == "*" else str(x)
        self.steps.append(f"{spelt}{op}{y}={result}" if y >= 0 else f"{spelt}{op}({y})={result}")
        return result

    def _result(self, x: int, op: str, y: int) -> int:
        true = calculate(x, op, y)
        if op == "*" and self.errs(self.rates.table):
            return x * (y - 1 if self._stream.chance(0.5) else y + 1)
        if op == "-" and x > y >= 0 and x % 10 < y % 10 and self.errs(self.rates.borrow):
            return _by_columns(x, y)
        if op == "+" and x >= 0 and y >= 0 and x % 10 + y % 10 > 9 and self.errs(self.rates.carry):
            return true - 10
        if self.errs(self.rates.slip):
            return true - 1 if self._stream.chance(0.5) else true + 1
        return true


def _by_columns(x: int, y: int) -> int:
    """Each column's larger digit minus its smaller one."""
    result, place = 0, 1
    while x or y:
        result += abs(x % 10 - y % 10) * place
        x, y, place = x // 10, y // 10, place * 10
    return result
