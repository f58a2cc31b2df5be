"""Arithmetic expressions as models write them: read without evaluating code, valued exactly, spelled in one way."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

MOST_CHARACTERS = 400
"""A longer text is not read."""

_FRAC = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_SPELLINGS = (
    (re.compile(r"\\(?:left|right|big|Big|bigg|Bigg|displaystyle|quad|qquad)(?![A-Za-z])|\\[,;:! ]|[$`]"), " "),
    (re.compile(r"\\(?:times|cdot|ast)(?![A-Za-z])|[×·∗⋅✕]"), "*"),
    (re.compile(r"\\div(?![A-Za-z])|[÷∕]"), "/"),
    (re.compile(r"[−–—]"), "-"),
    (re.compile(r"(?<=[\d)\]}\s])[xX](?=[\s\d(\[{])"), "*"),
    (re.compile(r"[{\[]"), "("),
    (re.compile(r"[}\]]"), ")"),
    (re.compile(r"(?<=[\d)])\s*(?=\()|(?<=\))\s*(?=\d)"), "*"),
)
_OPERATOR = re.compile(r"[\d)]\s*[-+*/]")
_ALLOWED = re.compile(r"[\d+\-*/()\s]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expression:
    """A read expression."""

    value: Fraction
    numbers: tuple[int, ...]
    """The numbers in it, in order of appearance."""
    operator: str
    """Of the normal form: ``+`` for a sum or difference, ``*`` for a product or quotient, empty for a number."""
    front: tuple[str, ...]
    """Spelled terms or factors."""
    back: tuple[str, ...]
    """Spelled terms that are subtracted, or factors by which is divided."""

    @property
    def text(self) -> str:
        """The normal form: equal for expressions that differ in brackets and order only."""
        if not self.operator:
            return self.front[0]
        inverse = "-" if self.operator == "+" else "/"
        return f"({self.operator.join(self.front)}{''.join(inverse + b for b in self.back)})"


def read(text: str) -> Expression | None:
    r"""The expression of a text, also in LaTeX, and with ``= 24`` after or before it; None where it is none.

    Whole numbers, ``+ - * /``, signs and brackets; also ``\frac``, and products that are written without a sign.
    """
    if len(text) > MOST_CHARACTERS:
        return None
    for _ in range(20):
        text, count = _FRAC.subn(r"((\1)/(\2))", text)
        if not count:
            break
    for pattern, plain in _SPELLINGS:
        text = pattern.sub(plain, text)
    sides = [side.strip().rstrip(".,;").strip() for side in text.split("=")]
    side = next((s for s in sides if _OPERATOR.search(s)), sides[0])
    if not _ALLOWED.fullmatch(side):
        return None
    try:
        return _expression(ast.parse(side, mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None


def _expression(node: ast.expr) -> Expression:
    match node:
        case ast.Constant(value=int() as value):
            return Expression(Fraction(value), (value,), "", (str(value),), ())
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _expression(operand)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            nothing = Expression(Fraction(0), (), "+", (), ())
            return _join("+", nothing, _expression(operand), inverse=True)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _JOINS:
            return _JOINS[type(op)](_expression(left), _expression(right))
    raise ValueError("not an expression of these numbers")


def _join(operator: str, a: Expression, b: Expression, *, inverse: bool) -> Expression:
    if operator == "+":
        value = a.value - b.value if inverse else a.value + b.value
    else:
        value = a.value / b.value if inverse else a.value * b.value
    (front, back), (more, less) = ((e.front, e.back) if e.operator == operator else ((e.text,), ()) for e in (a, b))
    if inverse:
        more, less = less, more
    front, back = tuple(sorted(front + more)), tuple(sorted(back + less))
    return Expression(value, a.numbers + b.numbers, operator, front, back)


_JOINS: dict[type[ast.operator], Callable[[Expression, Expression], Expression]] = {
    ast.Add: lambda a, b: _join("+", a, b, inverse=False),
    ast.Sub: lambda a, b: _join("+", a, b, inverse=True),
    ast.Mult: lambda a, b: _join("*", a, b, inverse=False),
    ast.Div: lambda a, b: _join("*", a, b, inverse=True),
}
