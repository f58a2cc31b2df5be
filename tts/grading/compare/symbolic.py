"""Formulas: parsed by math-verify, compared by their values. For worker processes only: this imports sympy.

Two formulas are equal where they have the same value. Values are computed to 50 digits, for formulas with variables at
fixed, generic points: quicker than symbolic simplification, and decisive both ways. What has no value (relations,
sets, unknown functions) goes to math-verify's own comparison, in both directions, since that treats reference and
answer differently.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy
from latex2sympy2_extended.latex2sympy2 import NormalizationConfig
from math_verify import LatexExtractionConfig, parse, verify

from tts.grading.compare.numbers import PlainNumber, has_short_decimal, shows

logging.getLogger("math_verify").setLevel(logging.CRITICAL)

_WORKING_DIGITS = 50
_AGREEING_DIGITS = 40
_POINTS = 6
_MAX_DEPTH = 24
_MAX_MAGNITUDE = 3000
"""Decimal digits before the point of the largest value that is computed in full."""
_MAX_EXACT_BITS = 200_000
_SUMS = (sympy.Sum, sympy.Product)
_LIMITS = (sympy.Integral, sympy.Limit, sympy.Derivative)
_WITHOUT_VALUES = (sympy.zoo, sympy.nan, sympy.MatrixBase, sympy.MatrixExpr)
_NOTHING = sympy.Float(10) ** -100
_ZERO = sympy.Float(10) ** -_AGREEING_DIGITS

# Units and boxes are gone before this point (tts.grading.spelling), and math-verify's own list of units holds single
# letters, which would make 3g and 3h both 3.
_READING = LatexExtractionConfig(
    normalization_config=NormalizationConfig(
        basic_latex=True, units=False, malformed_operators=True, nits=False, boxed="none", equations=False
    )
)
_COMMAND = re.compile(r"\\text\s?\{[^{}]*\}|\\[A-Za-z]+")
_VARIABLE = re.compile(r"[A-DF-HJ-Za-df-hj-z]")
_DECIMAL = re.compile(r"(?<![\w.])\d*\.\d+")


@dataclass(frozen=True)
class Values:
    """What a formula is worth.

    Attributes:
        points: its value at each of the fixed points, None where it has none there; one entry for a constant.
        exact: the value of a rational constant.
        variables: names of the free variables.
    """

    points: tuple[Any, ...]
    exact: sympy.Rational | None
    variables: frozenset[str]


@lru_cache(maxsize=512)
def read_formula(text: str) -> Any | None:
    """The sympy object of a cleaned formula, or None where math-verify cannot read it."""
    if _depth(text) > _MAX_DEPTH:  # the parser's time grows steeply with nesting
        return None
    found = parse(f"${text}$", [_READING], fallback_mode="no_fallback", parsing_timeout=None)
    return found[0] if found and not isinstance(found[0], str) else None


@lru_cache(maxsize=512)
def values_of(text: str, *, whole: bool = False, points: int = _POINTS) -> Values | None:
    """Values of a cleaned formula; None for what has none: relations, sets, matrices, unknown functions, text.

    With ``whole``, variables take small natural numbers: a sum to n has no value at n = 2.7.
    """
    expression = read_formula(text)
    if not isinstance(expression, sympy.Expr) or expression.has(*_WITHOUT_VALUES):
        return None
    if expression.free_symbols and (expression.has(*_LIMITS) or (expression.has(*_SUMS) and not whole)):
        return None
    expression = expression.xreplace({number: sympy.Rational(str(number)) for number in expression.atoms(sympy.Float)})
    variables = sorted(expression.free_symbols - _imaginary(expression), key=str)
    found = tuple(_value_at(expression, variables, point, whole) for point in range(points if variables else 1))
    if all(value is None for value in found):
        return None
    exact = _exact(expression, found[0]) if not variables else None
    return Values(found, exact, frozenset(map(str, variables)))


def formulas_equal(gold: str, answer: str) -> bool:
    """Whether two cleaned formulas are equal; symmetric."""
    if _differ_in_case(gold, answer):
        return False
    whole = any(isinstance(read, sympy.Expr) and read.has(*_SUMS) for read in map(read_formula, (gold, answer)))
    a, b = values_of(gold, whole=whole, points=1), values_of(answer, whole=whole, points=1)
    if a and b and not _DECIMAL.search(gold + answer) and _real(a) and _real(b) and not _agree(a, b, _ZERO):
        return False  # most wrong answers end here
    a, b = values_of(gold, whole=whole), values_of(answer, whole=whole)
    if a is None or b is None:
        return _verified(gold, answer)
    if _equal_values(a, b):
        return True
    return _stands_for(gold, a, answer, b) or _stands_for(answer, b, gold, a)


def decimal_shows(decimal: PlainNumber, formula: str) -> bool:
    """Whether a plain decimal is the value of a constant formula, to the places that it shows."""
    values = values_of(formula)
    if values is None or values.variables or values.points[0] is None or not values.points[0].is_real:
        return False
    if values.exact is not None and has_short_decimal(_fraction(values.exact)):
        return bool(_fraction(values.exact) == decimal.value)
    value = _fraction(sympy.Rational(str(values.points[0])))
    return shows(decimal, value, value)


def key_of(text: str) -> tuple[str, str] | None:
    """(kind, value) of a formula: formulas of one kind are equal exactly where their values are. None where it has no
    values.

    Decimals count as exact. Values too large for their shown digits to tell apart give None.
    """
    values = values_of(text)
    if values is None:
        return None
    if values.exact is not None:
        return "=", str(values.exact)
    if any(
        value is not None and _digits_before_point(value) > _WORKING_DIGITS - _AGREEING_DIGITS
        for value in values.points
    ):
        return None
    shown = ("-" if value is None else str(sympy.N(value, _AGREEING_DIGITS - 10)) for value in values.points)
    return "~" + ",".join(sorted(values.variables)), ";".join(shown)


def _verified(gold: str, answer: str) -> bool:
    """math-verify's own verdict, with either as the reference."""
    a, b = read_formula(gold), read_formula(answer)
    if a is None or b is None:
        return False
    # "2x + z = 1" against "1": math-verify takes any equation's right side for the answer. Names were dropped before
    # (tts.grading.compare.names), so what is still an equation on one side only is a different statement.
    if isinstance(a, sympy.Eq) != isinstance(b, sympy.Eq):
        return False
    return bool(verify(a, b, timeout_seconds=None) or verify(b, a, timeout_seconds=None))


def _equal_values(a: Values, b: Values) -> bool:
    if a.exact is not None and b.exact is not None:
        return bool(a.exact == b.exact)
    if a.variables and b.variables and a.variables != b.variables and not (a.variables & b.variables):
        return False
    return _agree(a, b, _ZERO)


def _agree(a: Values, b: Values, tolerance: Any) -> bool:
    """Equal wherever both are real (roots and logarithms differ in branches elsewhere); where neither ever is, equal
    as complex numbers."""
    length = max(len(a.points), len(b.points))
    pairs = [
        pair for pair in zip(_stretch(a.points, length), _stretch(b.points, length), strict=True) if None not in pair
    ]
    real = [(x, y) for x, y in pairs if x.is_real and y.is_real]
    if real and (len(real) >= 2 or length == 1):
        return all(_close(x, y, tolerance) for x, y in real)
    return bool(pairs) and all(_close(x, y, tolerance) for x, y in pairs)


def _real(values: Values) -> bool:
    return bool(values.points[0].is_real)


def _close(x: Any, y: Any, tolerance: Any) -> bool:
    """Within the tolerance: relative below 1; above, absolute where values must agree to the last computed digit
    (2^999 + x is not 2^999)."""
    size = max(sympy.Abs(x), sympy.Abs(y))
    if size < _NOTHING:
        return True
    return bool(sympy.Abs(x - y) <= tolerance * (min(size, 1) if tolerance == _ZERO else max(size, 1)))


def _stands_for(approximate: str, a: Values, exact: str, b: Values) -> bool:
    """Whether a formula with decimals stands for one without: ``x + 1.4142`` for ``x + sqrt(2)``.

    Decimals must have four significant digits; the exact side must hold something that has no short decimal (a root,
    pi, a third), else it would be written out.
    """
    decimals = _DECIMAL.findall(approximate)
    if not decimals or _DECIMAL.search(exact):
        return False
    digits = min(len(decimal.replace(".", "").lstrip("0")) for decimal in decimals)
    places = min(len(decimal.split(".")[1]) for decimal in decimals)
    if digits < 4 or (b.exact is not None and has_short_decimal(_fraction(b.exact))):
        return False
    formula = read_formula(exact)
    if formula is None:
        return False
    irrational = formula.atoms(sympy.Pow, sympy.NumberSymbol, sympy.Function)
    endless = any(not has_short_decimal(_fraction(number)) for number in formula.doit().atoms(sympy.Rational))
    if not irrational and not endless:
        return False
    return _agree(a, b, sympy.Float(10) ** -places)


def _value_at(expression: Any, variables: list[Any], point: int, whole: bool) -> Any | None:
    at = {symbol: _coordinate(str(symbol), point, whole) for symbol in variables}
    at.update(dict.fromkeys(_imaginary(expression), sympy.I))
    try:
        placed = expression.xreplace(at)
        placed = placed.doit() if whole else placed
        value = placed.evalf(_WORKING_DIGITS, maxn=200)
        digits = _digits_before_point(value)
        if digits > _MAX_MAGNITUDE:
            return None
        if digits > _WORKING_DIGITS - _AGREEING_DIGITS:
            value = placed.evalf(_WORKING_DIGITS + digits, maxn=200 + 2 * digits)
    except (ArithmeticError, ValueError, TypeError, AttributeError, NotImplementedError, RecursionError):
        return None
    if not isinstance(value, sympy.Expr) or not value.is_number or value.has(sympy.nan, sympy.zoo, sympy.oo):
        return None
    real, imaginary = value.as_real_imag()
    if not (real.is_Float or real.is_Rational) or not (imaginary.is_Float or imaginary.is_Rational):
        return None
    negligible = sympy.Abs(imaginary) <= _ZERO * max(sympy.Abs(real), sympy.Float(1))
    return real if negligible else real + imaginary * sympy.I


def _digits_before_point(value: Any) -> int:
    size = sympy.Abs(value)
    return int(sympy.log(size, 10).evalf(10)) if size.is_Float and size > 1 else 0


@lru_cache(maxsize=4096)
def _coordinate(name: str, point: int, whole: bool) -> sympy.Rational:
    """A generic rational for a variable at a point, in (1/5, 3); the later half of the points also has negative ones.

    With ``whole``, a natural number from 3 to 12.
    """
    number = int.from_bytes(
        hashlib.blake2b(f"{name}/{point}".encode("utf-8", "replace"), digest_size=4).digest(), "big"
    )
    if whole:
        return sympy.Integer(3 + number % 10)
    magnitude = sympy.Rational(2000 + number % 28_001, 10_007)
    return -magnitude if point >= _POINTS // 2 and number >> 31 else magnitude


def _differ_in_case(a: str, b: str) -> bool:
    """Whether the variables differ, but only by their case: math-verify reads M as m. (E and e, I and i may be
    constants.)"""
    names_a, names_b = (set(_VARIABLE.findall(_COMMAND.sub(" ", text))) for text in (a, b))
    return names_a != names_b and {name.lower() for name in names_a} == {name.lower() for name in names_b}


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _imaginary(expression: Any) -> set[Any]:
    return {symbol for symbol in expression.free_symbols if str(symbol) == "i"}


def _exact(expression: Any, value: Any) -> sympy.Rational | None:
    """The exact value of a rational constant, where it is small enough to be written out."""
    if (
        value is None
        or not value.is_real
        or (expression.has(sympy.Function, sympy.NumberSymbol) and not expression.has(sympy.factorial))
    ):
        return None
    if value != 0 and sympy.log(sympy.Abs(value), 2).evalf(10) > _MAX_EXACT_BITS:
        return None
    done = expression.doit()
    if not done.is_Rational:
        done = sympy.radsimp(sympy.expand(done)) if done.count_ops() < 60 else done
    return done if done.is_Rational else None


def _stretch(points: tuple[Any, ...], length: int) -> tuple[Any, ...]:
    return points if len(points) == length else points * length


def _fraction(number: Any) -> Fraction:
    return Fraction(int(number.p), int(number.q))
