r"""``x = 5``: the name that an answer is given to, and its value.

Problems ask "find x", references and models write "5" or "x = 5" as they please. So a name is dropped where only one
side has it. It must be a name, not an equation: ``2x + z = 1`` is no way to write 1. Where both sides have names these
must agree, except that ``f(x) = ...``, ``f(t) = ...`` and ``y = ...`` name the same function.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tts.grading.compare.shapes import outer_positions

_EQUALS = re.compile(r"(?<![<>!\\])=(?!=)")
_APPROX = re.compile(r"\\approx(?![A-Za-z])|\\doteq")
_ORDER = re.compile(r"\\(?:leq|geq)(?![A-Za-z])|[<>]")
_MEMBER = re.compile(r"\\in(?![A-Za-z])")
_LETTER = r"(?:[A-Za-z]|\\(?!in|cup|cap|frac|sqrt|sin|cos|tan|log|ln|pi\b|exp)[A-Za-z]+)"
_SUBSCRIPT = r"(?:\s?_\s?(?:\{[^{}]*\}|\w))?"
_SIMPLE = rf"{_LETTER}{_SUBSCRIPT}'*(?:\s?\^\s?\{{?['*]\}}?)?"
_CAPITALS = r"(?:[A-Z]'?){2,5}"
_CALL = rf"(?P<function>{_SIMPLE}|\\text\s?\{{[^{{}}]*\}})\s?\(\s?(?P<argument>[^()]*)\s?\)"
_WORDS = r"\\text\s?\{[^{}]*\}"
_FIGURE = rf"(?:\\angle|\\triangle)\s?{_CAPITALS}|\\overline\s?\{{{_CAPITALS}\}}"
_ONE = rf"(?:{_SIMPLE}|{_CAPITALS}|{_WORDS}|[A-Za-z]{{2,12}}|{_FIGURE})"
_PLAIN_CALL = rf"{_SIMPLE}\s?\([^()]*\)"
_BARS = rf"\|\s?(?:{_ONE}|{_PLAIN_CALL})\s?\|"
_SIDE = rf"(?:{_BARS}|{_PLAIN_CALL}|S_\{{[A-Z]+\}}|{_ONE}{_SUBSCRIPT})"
_NAME = re.compile(
    rf"{_SIDE}(?:\s?[:/]\s?{_SIDE})?|\\frac\s?\{{\s?{_SIDE}\s?\}}\{{\s?{_SIDE}\s?\}}|\(\s?{_SIDE}(?:\s?,\s?{_SIDE})+\s?\)"
)
_FUNCTION = re.compile(_CALL)
_TOKEN = re.compile(r"\\[A-Za-z]+|[A-Za-z]|.", re.DOTALL)


@dataclass(frozen=True)
class Named:
    """A value, and the name it is given to (None where it has none)."""

    name: str | None
    value: str


def split_name(text: str) -> Named:
    r"""Name and value of a cleaned answer: ``x = a = b`` gives x and b; ``x = a \approx b`` gives x and a; ``x \in A``
    gives x and A."""
    approximate = outer_positions(text, _APPROX)
    if approximate:
        before, after = text[: approximate[0][0]].strip(), text[approximate[0][1] :].strip()
        # The exact side is the answer, unless nothing but a name stands there.
        text = after if not before or _is_name(before) else before
        if text == after and before:
            return Named(before, after)
    member = outer_positions(text, _MEMBER)
    if len(member) == 1 and _is_name(text[: member[0][0]].strip()):
        return Named(text[: member[0][0]].strip(), text[member[0][1] :].strip())
    interval = _as_interval(text)
    if interval:
        return interval
    sides = _sides(text)
    if len(sides) == 1:
        return Named(None, text)
    value = sides[-1]
    if not value or not all(sides):
        return Named(None, text)
    for side in sides[:-1]:
        if _is_name(side):
            return Named(side, value)
    if not any(_has_variable(side) for side in sides):  # 2 + 3 = 5
        return Named(None, value)
    return Named(None, text)


def same_name(a: str, b: str) -> bool:
    """Whether two names stand for the same thing, spaces and braces aside."""
    return re.sub(r"[\s{}]", "", a) == re.sub(r"[\s{}]", "", b)


def same_function(a: Named, b: Named) -> tuple[str, str] | None:
    """The two values in one variable, where the names are f(x) and f(t), or f(x) and a single letter; else None."""
    if a.name is None or b.name is None:
        return None
    f, g = _FUNCTION.fullmatch(a.name), _FUNCTION.fullmatch(b.name)
    if f and g and same_name(f["function"], g["function"]):
        return a.value, rename(b.value, g["argument"].strip(), f["argument"].strip())
    letter = b.name if f else a.name if g else ""
    return (a.value, b.value) if re.fullmatch(r"[A-Za-z]", letter) else None


def same_left_side(a: str, b: str) -> tuple[str, str] | None:
    """The right sides of two equations whose left sides are spelled alike; else None."""
    sides_a, sides_b = _sides(a), _sides(b)
    if len(sides_a) == len(sides_b) == 2 and all(sides_a + sides_b) and same_name(sides_a[0], sides_b[0]):
        return sides_a[1], sides_b[1]
    return None


def rename(text: str, old: str, new: str) -> str:
    r"""The text with one single-letter variable renamed; letters within commands (the n of ``\ln``) are left alone."""
    if len(old) != 1 or len(new) != 1 or old == new:
        return text
    return "".join(new if token == old else token for token in _TOKEN.findall(text))


def base_name(name: str) -> str:
    """The name without its subscript: x_1 and x_2 are both x."""
    return re.sub(r"_\s?(?:\{[^{}]*\}|\w)", "", re.sub(r"\s", "", name))


def is_relation(text: str) -> bool:
    """Whether an inequality sign stands outside all brackets."""
    return bool(outer_positions(text, _ORDER))


def is_equation(text: str) -> bool:
    """Whether an equals sign stands outside all brackets."""
    return bool(outer_positions(text, _EQUALS))


def _as_interval(text: str) -> Named | None:
    r"""``0 < x \leq 1`` and ``x \leq 1`` as the name x and an interval; None for other relations."""
    signs = outer_positions(text, _ORDER)
    if len(signs) not in (1, 2) or "=" in text:
        return None
    starts, ends = [0, *(end for _, end in signs)], [*(start for start, _ in signs), len(text)]
    sides = [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    orders = [text[start:end] for start, end in signs]
    falling = [order in (">", "\\geq") for order in orders]
    if not all(sides) or len(set(falling)) > 1:
        return None
    if falling[0]:
        sides.reverse()
        orders.reverse()
    if len(sides) == 2:  # now one of: name < bound, bound < name
        if _is_name(sides[0]) and not _is_name(sides[1]):
            sides, orders = ["-\\infty", *sides], ["<", *orders]
        elif _is_name(sides[1]) and not _is_name(sides[0]):
            sides, orders = [*sides, "\\infty"], [*orders, "<"]
        else:
            return None
    low, name, high = sides
    if not _is_name(name):
        return None
    opening, closing = ("(" if orders[0] in "<>" else "["), (")" if orders[1] in "<>" else "]")
    return Named(name, f"{opening}{low},{high}{closing}")


def _sides(text: str) -> list[str]:
    """What stands between the outer equals signs."""
    signs = outer_positions(text, _EQUALS)
    starts, ends = [0, *(end for _, end in signs)], [*(start for start, _ in signs), len(text)]
    return [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def _is_name(text: str) -> bool:
    return len(text) <= 80 and _NAME.fullmatch(text) is not None


def _has_variable(text: str) -> bool:
    return re.search(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", "", text)) is not None
