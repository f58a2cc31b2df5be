"""Plain arithmetic as people write it in a solution, read exactly: numbers, percentages, brackets and units.

``12 flamingos * 3``, ``$5 - $4.95``, ``20% of 50``, ``2(3 + 4)^2``. Nothing here runs for long: powers and factorials
are bounded, and what is not understood has no value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tts.verifiers.rational import Reader, UnreadableError

_MAX_LENGTH = 400
_MAX_UNIT_WORDS = 4
_TOKEN = re.compile(
    r"(?P<space>\s*)(?:(?P<number>\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"|(?P<word>[A-Za-z_]+(?:'[a-z]+)?)|(?P<sign>[-+*/^()!%])|(?P<other>\S))"
)
_BETWEEN = (  # words and letters that are operators between numbers
    (re.compile(r"(?<=[\d)%])\s+(?:times|multiplied by|x|X)\s+(?=[\d($.])"), " * "),
    (re.compile(r"(?<=\d)x(?=\d)"), "*"),
    (re.compile(r"(?<=[\d)%])\s+divided by\s+(?=[\d($.])"), " / "),
    (re.compile(r"(?<=[\d)%])\s+plus\s+(?=[\d($.])"), " + "),
    (re.compile(r"(?<=[\d)%])\s+minus\s+(?=[\d($.])"), " - "),
    (re.compile(r"(?<=[\d)])\s+percent\b"), "%"),
    (re.compile(r"(?:(?<=%)|(?<=\d/\d)|(?<=\d\)\)))\s+of\s+(?=[\d($.])"), " * "),
)
_ASIDE = re.compile(r"\(\s*[A-Za-z][A-Za-z ,']*\)")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NO_UNITS = _words(
    "and so then or which that is are was we he she it they the this these for in on at to with if because since as "
    "where when but from out per of by times plus minus more less than equals remainder mod modulo dozen hundred "
    "thousand million billion half twice double triple over divided multiplied squared cubed choose base st nd rd th"
)
"""Words that are no unit: they join sentences, or change the number beside them."""
_CHANGES = _words(
    "of by times plus minus remainder mod modulo dozen hundred thousand million billion half twice double triple over "
    "divided multiplied squared cubed choose base per"
)
"""Words beside which a number is not what it seems: ``half of 8``, ``3 dozen``."""
_JOINED = _words("km kg cm mm ml mL kb Kb KB Mb MB Gb GB hr hrs min mins sec ft lb lbs oz mph kph kWh cents")
"""Units that may follow a number without a space; other letters there are unknowns: ``3ab``."""
_BEFORE = ":,;\"'[|-•"
"""Punctuation that an expression may follow."""


@dataclass(frozen=True)
class Quantity:
    """An expression's exact value, and how it was written."""

    value: Fraction
    bare: bool
    """A number alone, with no operation."""
    place: Fraction | None = None
    """Of a decimal alone: one unit of the last place that it shows."""
    percent: bool = False
    """A percent sign stands in it."""
    unit: str = ""
    """The last unit word beside its numbers."""
    whole_division: bool = False
    """One whole number divided by another."""
    rounded: bool = False
    """It calculates with a decimal of two places or more."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    joined: bool
    """No space before it."""
    unit: str = ""


def read_end(text: str) -> Quantity | None:
    """The value of the expression that a text ends in: of ``We have 5 + 3``, 8. None where that is not certain."""
    tokens = _tokens(text)
    start = len(tokens)
    while start and tokens[start - 1].kind in ("number", "sign"):
        start -= 1
    if start < len(tokens) and tokens[start].text == "(" and _depth(tokens[start:]) > 0:
        start += 1  # "(5 + 3 = 8)"
        return _quantity(tokens[start:])
    found = _quantity(tokens[start:])
    if found is None or start == 0:
        return found
    before, first = tokens[start - 1], tokens[start]
    if before.kind == "other":
        return found if before.text in _BEFORE and first.kind == "number" else None
    if first.joined or first.kind == "sign" or before.text.lower() in _CHANGES or len(before.text) == 1:
        return None
    if start > 1 and tokens[start - 2].text == "\\":  # a command: "\pi (2)^2"
        return None
    return None if found.bare else found


def read_start(text: str) -> Quantity | None:
    """The value of the expression that a text begins with: of ``8 apples in all``, 8. None where not certain."""
    tokens = _tokens(text)
    end = depth = 0
    while end < len(tokens) and tokens[end].kind in ("number", "sign"):
        depth += {"(": 1, ")": -1}.get(tokens[end].text, 0)
        if depth < 0:
            break
        end += 1
    found = _quantity(tokens[:end])
    if found is None or end == len(tokens):
        return found
    after = tokens[end]
    if after.kind == "word":
        if after.joined or after.text.lower() in _CHANGES or (len(after.text) == 1 and after.text not in "aAI"):
            return None
        return None if any(t.text in ("remainder", "mod") for t in tokens[end:]) else found
    return found if after.text in "):,;\"'|]" else None


def agree(a: Quantity, b: Quantity) -> bool | None:
    """Whether two quantities are equal, a decimal being allowed to be rounded or cut at the last place it shows.

    None where they may both be right: two numbers without an operation (``1 hour = 60 minutes``), a measure and what
    it is worth (``5 quarters = 5 * 25``), a quotient without its remainder (``17 / 5 = 3``), what may be a
    rounding carried on (``2.8284^2 = 8``), or values that only a change of unit sets apart.
    """
    if a.bare and b.bare:
        return True if a.value == b.value else None
    ratios = {Fraction(1)}
    if a.percent != b.percent:
        ratios |= {Fraction(100), Fraction(1, 100)}
    for ratio in ratios:
        x, y = a.value * ratio, b.value
        if x == y or _shows(x, a.place, y) or _shows(y, b.place, x):
            return True
    if a.bare and a.unit:
        return None
    if a.whole_division and b.bare and b.value == a.value.__floor__():
        return None
    if a.rounded and b.value and abs(a.value / b.value - 1) < _CARRIED:
        return None
    if a.unit != b.unit and b.value and any(a.value / b.value in (f, 1 / f) for f in _CONVERSIONS):
        return None
    return False


_CONVERSIONS = tuple(Fraction(f) for f in (3, 4, 7, 10, 12, 16, 24, 36, 52, 60, 100, 365, 1000, 3600))
"""Ratios of common units."""
_CARRIED = Fraction(1, 1000)
"""Relative error below which a result may come from a number that was rounded before."""


def _shows(decimal: Fraction, place: Fraction | None, value: Fraction) -> bool:
    """Whether a decimal is the value rounded or cut at ``place``."""
    if place is None:
        return False
    cut = decimal * value >= 0 and 0 <= abs(value) - abs(decimal) < place
    return cut or 2 * abs(decimal - value) <= place


def _tokens(text: str) -> list[_Token]:
    """Numbers, signs and words; a number takes the unit words behind it with it."""
    if len(text) > _MAX_LENGTH:
        return [_Token("other", "...", False)]
    text = _ASIDE.sub(" ", text)
    for pattern, sign in _BETWEEN:
        text = pattern.sub(sign, text)
    raw = [
        _Token(str(m.lastgroup), m[str(m.lastgroup)], not m["space"] and m.start() > 0) for m in _TOKEN.finditer(text)
    ]
    found: list[_Token] = []
    i = 0
    while i < len(raw):
        token = raw[i]
        i += 1
        if token.kind == "number" or (token.text == "%" and found and found[-1].kind == "number"):
            end = _units(raw, i)
            token = _Token(token.kind, token.text, token.joined, raw[end - 1].text.lower() if end > i else "")
            i = end
        found.append(token)
    return found


def _units(raw: Sequence[_Token], start: int) -> int:
    """Where the unit words end that begin at ``start``: ``km/h``, ``main phone``."""
    end = start
    while end < len(raw) and end - start < _MAX_UNIT_WORDS and _is_unit(raw[end]):
        end += 1
        if end + 1 < len(raw) and raw[end].text == "/" and raw[end + 1].kind == "word":
            end += 2
    return end


def _is_unit(token: _Token) -> bool:
    word = token.text
    if token.kind != "word" or (token.joined and word not in _JOINED):
        return False
    return len(word) > 1 and "_" not in word and word.lower() not in _NO_UNITS


def _depth(tokens: Sequence[_Token]) -> int:
    return sum({"(": 1, ")": -1}.get(t.text, 0) for t in tokens)


def _quantity(tokens: Sequence[_Token]) -> Quantity | None:
    """The value of an expression that takes up all tokens."""
    if not any(t.kind == "number" for t in tokens):
        return None
    try:
        value = Reader([t.text for t in tokens]).read()
    except (UnreadableError, ZeroDivisionError, RecursionError):
        return None
    core = (
        [t for t in tokens if t.text not in "()%+-"]
        if tokens[0].text in "(+-"
        else [t for t in tokens if t.text not in "()%"]
    )
    bare = len(core) == 1
    percent = any(t.text == "%" for t in tokens)
    place = None
    if bare and "." in core[0].text:
        place = Fraction(1, 10 ** len(core[0].text.split(".")[1]) * (100 if percent else 1))
    units = [t.unit for t in tokens if t.unit]
    numbers = [t.text for t in tokens if t.kind == "number"]
    divided = [t.text for t in tokens if t.kind == "sign" and t.text not in "()"] == ["/"] and "." not in "".join(
        numbers
    )
    rounded = not bare and any(re.search(r"\.\d\d", number) for number in numbers)
    return Quantity(value, bare, place, percent, units[-1] if units else "", divided, rounded)
