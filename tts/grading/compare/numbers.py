r"""Plain numbers: read and compared with exact fractions, in the parent process, without a parser.

Most answers of most benchmarks are plain numbers, so most pairs are decided here. A number keeps how it was written,
because writing decides what may stand for what:

- integers and fractions are exact; a decimal is exact too, *and* may stand for a value that has no short decimal
  (0.3333 for 1/3, 3.1416 for pi), when it has at least four significant digits and is that value rounded or truncated
  to the places it shows;
- of two decimals, the shorter stands for the longer where it is the longer one rounded, from six significant digits on;
- ``15%`` is both 0.15 and 15: problems that ask for a percentage have references of either kind;
- ``204_5`` is a string of digits in a base. Where both name a base the values must agree; where one does not, the
  digits: a problem that asks "in base five" is answered with or without the subscript.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

MIN_DIGITS_FOR_EXACT = 4
"""Significant digits from which a decimal may stand for an exact value without a short decimal."""
MIN_DIGITS_FOR_DECIMAL = 6
"""Significant digits from which a decimal may stand for a longer decimal."""

_MAX_DIGITS = 1000
_MAX_EXPONENT = 400
_DIGITS = r"\d{1,1000}(?:\.\d{0,1000})?|\.\d{1,1000}"
_DECIMAL = re.compile(
    rf"(?P<sign>[-+]?)\s?(?P<digits>{_DIGITS})(?:\s?\\times\s?10\s?\^\s?(?:\{{\s?(?P<braced>[-+]?\d{{1,4}})\s?\}}|(?P<bare>\d)))?"
)
_FRACTION = re.compile(
    rf"(?P<sign>[-+]?)\s?(?:\\frac\{{\s?(?P<o1>[-+]?(?:{_DIGITS}))\s?\}}\{{\s?(?P<u1>[-+]?(?:{_DIGITS}))\s?\}}"
    rf"|(?P<o2>{_DIGITS})\s?/\s?(?P<u2>{_DIGITS}))"
)
_MIXED = re.compile(
    r"(?P<sign>[-+]?)\s?\((?P<whole>\d{1,1000})\+\\frac\{(?P<over>\d{1,1000})\}\{(?P<under>\d{1,1000})\}\)"
)
_POWER_OF_TEN = re.compile(r"(?P<sign>[-+]?)\s?10\s?\^\s?(?:\{\s?(?P<braced>[-+]?\d{1,3})\s?\}|(?P<bare>\d))")
_REPEATING = re.compile(
    r"(?P<sign>[-+]?)\s?(?P<whole>\d{0,100})\.(?P<fixed>\d{0,100})\s?\\overline\s?\{\s?(?P<cycle>\d{1,100})\s?\}"
)
_BASED = re.compile(
    r"(?P<digits>[0-9][0-9A-Za-z]{0,999})\s?_\s?"
    r"(?:\{\s?(?P<braced>\w{1,20}|\\text\s?\{\s?[\w ]{1,20}\})\s?\}|(?P<bare>\d))"
)
_BASE_NAMES = (
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
)


@dataclass(frozen=True)
class PlainNumber:
    """A number as written.

    Attributes:
        value: the exact value of what is written (for a percentage, of the figure before the sign).
        unit: the value of one unit of the last place of a decimal; None for integers, fractions and scientific powers,
            which are exact.
        digits: significant digits of a decimal; 0 where ``unit`` is None.
        percent: a percent sign follows.
    """

    value: Fraction
    unit: Fraction | None = None
    digits: int = 0
    percent: bool = False


@dataclass(frozen=True)
class BasedNumber:
    """Digits with a base written below them, such as ``204_5``."""

    digits: str
    base: int


def read_number(text: str) -> PlainNumber | None:
    """The plain number that a cleaned answer (`tts.grading.spelling.clean`) is, or None where it is something else."""
    percent = text.endswith("%")
    if percent:
        text = text[:-1].rstrip()
    while len(text) > 2 and text[0] in "({" and text[-1] in ")}" and not _MIXED.fullmatch(text):
        text = text[1:-1].strip()
    try:
        number = _decimal(text) or _fraction(text) or _power(text) or _repeating(text)
    except (ZeroDivisionError, ValueError):
        return None
    if number and percent:
        return PlainNumber(number.value, number.unit, number.digits, percent=True)
    return number


def read_based(text: str) -> BasedNumber | None:
    """The number in a named base that a cleaned answer is, or None; base ten is no special notation and gives None
    too."""
    match = _BASED.fullmatch(text)
    if not match:
        return None
    name = (match["braced"] or match["bare"]).replace("\\text", "").replace("base", "").strip(" (){}")
    if name.isdecimal() and len(name) <= 2:
        base = int(name)
    elif name.lower() in _BASE_NAMES:
        base = _BASE_NAMES.index(name.lower()) + 2
    else:
        return None
    digits = match["digits"].upper().lstrip("0") or "0"
    if not 2 <= base <= 36 or any(int(digit, 36) >= base for digit in digits):
        return None
    return BasedNumber(digits, base)


def numbers_equal(a: PlainNumber, b: PlainNumber) -> bool:
    """Whether two plain numbers are the same answer; symmetric."""
    if _same(a, b):
        return True
    if a.percent != b.percent:
        return _same(_of_hundred(a), _of_hundred(b))
    return False


def based_equal(a: BasedNumber, b: BasedNumber) -> bool:
    """Whether two numbers with named bases have one value."""
    return int(a.digits, a.base) == int(b.digits, b.base)


def shows(decimal: PlainNumber, low: Fraction, high: Fraction) -> bool:
    """Whether a decimal is the value known to lie in [low, high] (a tight bracket), rounded or truncated to its
    places."""
    if decimal.unit is None or decimal.digits < MIN_DIGITS_FOR_EXACT:
        return False
    middle = (low + high) / 2
    error = abs(middle - decimal.value)
    truncated = abs(middle) >= abs(decimal.value) and error < decimal.unit
    return error <= decimal.unit / 2 or truncated


def has_short_decimal(value: Fraction) -> bool:
    """Whether the decimal expansion ends: such a value is written out, so that no approximation stands for it."""
    under = value.denominator
    for prime in (2, 5):
        while under % prime == 0:
            under //= prime
    return under == 1


def _same(a: PlainNumber, b: PlainNumber) -> bool:
    if a.value == b.value:
        return True
    if a.unit is not None and b.unit is not None:
        short, long = (a, b) if a.unit > b.unit else (b, a)
        return short.digits >= MIN_DIGITS_FOR_DECIMAL and abs(short.value - long.value) <= (short.unit or 0) / 2
    decimal, exact = (a, b) if a.unit is not None else (b, a)
    return not has_short_decimal(exact.value) and shows(decimal, exact.value, exact.value)


def _of_hundred(number: PlainNumber) -> PlainNumber:
    if not number.percent:
        return number
    unit = None if number.unit is None else number.unit / 100
    return PlainNumber(number.value / 100, unit, number.digits)


def _decimal(text: str) -> PlainNumber | None:
    match = _DECIMAL.fullmatch(text)
    if not match:
        return None
    exponent = int(match["braced"] or match["bare"] or 0)
    if abs(exponent) > _MAX_EXPONENT:  # nothing measured is that large; a power tower is not computed here
        return None
    digits = match["digits"]
    scale = Fraction(10) ** exponent
    value = _read(digits) * scale * (-1 if match["sign"] == "-" else 1)
    if "." not in digits:
        return PlainNumber(value)
    places = len(digits) - digits.index(".") - 1
    significant = len(digits.replace(".", "").lstrip("0"))
    return PlainNumber(value, Fraction(1, 10**places) * scale, significant) if places else PlainNumber(value)


def _fraction(text: str) -> PlainNumber | None:
    match = _FRACTION.fullmatch(text)
    if match:
        value = _read(match["o1"] or match["o2"]) / _read(match["u1"] or match["u2"])
        return PlainNumber(-value if match["sign"] == "-" else value)
    match = _MIXED.fullmatch(text)
    if match:
        value = int(match["whole"]) + Fraction(int(match["over"]), int(match["under"]))
        return PlainNumber(-value if match["sign"] == "-" else value)
    return None


def _power(text: str) -> PlainNumber | None:
    match = _POWER_OF_TEN.fullmatch(text)
    if not match:
        return None
    exponent = int(match["braced"] or match["bare"])
    if abs(exponent) > _MAX_EXPONENT:
        return None
    return PlainNumber(Fraction(10) ** exponent * (-1 if match["sign"] == "-" else 1))


def _repeating(text: str) -> PlainNumber | None:
    match = _REPEATING.fullmatch(text)
    if not match:
        return None
    start = Fraction(int(match["whole"] + match["fixed"] or "0"), 10 ** len(match["fixed"]))
    cycle = Fraction(int(match["cycle"]), (10 ** len(match["cycle"]) - 1) * 10 ** len(match["fixed"]))
    return PlainNumber(-(start + cycle) if match["sign"] == "-" else start + cycle)


def _read(digits: str) -> Fraction:
    return Fraction(digits + "0" if digits.endswith(".") else digits)
