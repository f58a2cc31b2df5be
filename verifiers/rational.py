"""The exact value of an expression of plain arithmetic, from its tokens; powers and factorials are bounded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

_MAX_POWER = 64
_MAX_BITS = 4096
_MAX_FACTORIAL = 200


class UnreadableError(Exception):
    """Not an expression, or too large a one."""


class Reader:
    """Recursive descent: sums of products of powers; a number before a bracket multiplies it."""

    def __init__(self, tokens: Sequence[str]):
        """``tokens``: numbers, signs and brackets, each a text."""
        self.tokens = list(tokens)
        self.at = 0

    def read(self) -> Fraction:
        """The value. Raises UnreadableError, ZeroDivisionError, or RecursionError where nested too deeply."""
        value = self._sum()
        if self.at < len(self.tokens):
            raise UnreadableError
        return value

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self, *signs: str) -> str:
        if self._next() in signs:
            self.at += 1
            return self.tokens[self.at - 1]
        return ""

    def _sum(self) -> Fraction:
        value = self._product()
        while sign := self._take("+", "-"):
            value += self._product() if sign == "+" else -self._product()
        return value

    def _product(self) -> Fraction:
        value = self._signed()
        while True:
            if sign := self._take("*", "/"):
                other = self._signed()
                value = value * other if sign == "*" else value / other
            elif self._next() == "(":
                value *= self._power()
            else:
                return _small(value)

    def _signed(self) -> Fraction:
        if sign := self._take("+", "-"):
            return self._signed() if sign == "+" else -self._signed()
        return self._power()

    def _power(self) -> Fraction:
        base = self._postfix()
        if not self._take("^"):
            return base
        exponent = self._signed()
        if exponent.denominator != 1 or abs(exponent) > _MAX_POWER:
            raise UnreadableError
        return _small(base ** int(exponent))

    def _postfix(self) -> Fraction:
        value = self._atom()
        while sign := self._take("!", "%"):
            if sign == "%":
                value /= 100
            elif value.denominator == 1 and 0 <= value <= _MAX_FACTORIAL:
                value = Fraction(math.factorial(int(value)))
            else:
                raise UnreadableError
        return value

    def _atom(self) -> Fraction:
        if self._take("("):
            value = self._sum()
            if not self._take(")"):
                raise UnreadableError
            return value
        token = self._next()
        if not token or not (token[0].isdigit() or token[0] == "."):
            raise UnreadableError
        self.at += 1
        return _small(Fraction(token.replace(",", "")))


def _small(value: Fraction) -> Fraction:
    if max(abs(value.numerator), value.denominator).bit_length() > _MAX_BITS:
        raise UnreadableError
    return value
