r"""The equations that a text states: ``a = b = c`` in prose, in LaTeX and on lines of their own.

    equations("So 5 + 3 = 8, and \(\sqrt{16} = 4\).")

An equation is read as arithmetic where both sides are, else as two formulas where both are nothing but formulas.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from tts.verifiers.arithmetic import Quantity, read_end, read_start

_MAX_FORMULA = 200
_CALCULATOR = re.compile(r"<<[^<>]*>>")  # GSM8K's annotations repeat what they stand in
_ASIDE = r"(?:\s|&|\\\\|\\[()\[\]]|\$\$|\*\*)*"
_BESIDE_EQUALS = re.compile(f"{_ASIDE}={_ASIDE}")
_CONTINUED = re.compile(r"\\\\[\s&]*(?=[-+]|\\times|\\cdot)")
_ELLIPSIS = re.compile(r"(?<=\d)(?:\.\.\.|…|\s?\\l?dots\b)")
_NOT_EQUAL = re.compile(
    r"[<>!~:]=|=[<>~]|==+|[≠≤≥≈≡≅⇒→<>]|\\(?:neq?|leq?|geq?|approx|equiv|cong|sim|to|Rightarrow|implies|iff|lt|gt)\b|->"
)
_BOUNDARY = re.compile(r"\n|\\\\|\\[()\[\]]|\$\$|;|,\s|\.(?=\s|$)|[?]|\\(?:quad|qquad)\b|\$(?=[\s.,;:]|$)|\\boxed\b")
_WORDS = re.compile(r"\\(?:text|textbf|textit|mathrm|mbox)\s?\{([^{}]*)\}")
_SPACING = re.compile(r"\\(?:left|right|displaystyle|limits|,|;|!|:| )|[&$]|\\\$|\*\*|(?m:^\s*[*•-]\s)")
_FRACTION = re.compile(r"\\[dtc]?frac\s?(?:\{([^{}]*)\}|(\d))\s?(?:\{([^{}]*)\}|(\d))")
_MIXED = re.compile(r"(?<![\d.])(\d+)\s?\\[dtc]?frac\s?\{(\d+)\}\s?\{(\d+)\}")
_SIGNS = (
    (re.compile(r"\\times|\\cdot|\\ast|[×·⋅✕∗]"), "*"),
    (re.compile(r"\\div|÷"), "/"),
    (re.compile("[−–]"), "-"),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\{,\}|\\,(?=\d{3})"), ","),
)
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_CONSTANT = frozenset({"frac", "dfrac", "tfrac", "sqrt", "pi", "cdot", "times", "div", "left", "right", "binom"})
"""Commands that a formula without unknowns is made of."""


@dataclass(frozen=True)
class Equation:
    """One stated equality."""

    left: str
    right: str
    values: tuple[Quantity, Quantity] | None
    """Of both sides where both are plain arithmetic."""


def equations(text: str) -> list[Equation]:
    """Every equation of a text that may be checked, in order; of a chain, one for each pair of neighbours."""
    text = _CONTINUED.sub(" ", _ELLIPSIS.sub("", _CALCULATOR.sub("", text)))
    text = _BESIDE_EQUALS.sub("=", _NOT_EQUAL.sub("\n", text))
    found = []
    for clause in _BOUNDARY.split(text):
        for left, right in pairwise(clause.split("=")):
            a, b = read_end(plain(left)), read_start(plain(right))
            if a is not None and b is not None:
                found.append(Equation(left.strip(), right.strip(), (a, b)))
            elif is_formula(left) and is_formula(right):
                found.append(Equation(left.strip(" $"), right.strip(" $"), None))
    return found


def plain(text: str) -> str:
    r"""LaTeX's plain arithmetic in ASCII: ``\frac{3}{5} \times 30`` is ``((3)/(5)) * 30``."""
    for pattern, sign in _SIGNS:
        text = pattern.sub(sign, text)
    text = _MIXED.sub(r"(\1+(\2)/(\3))", _SPACING.sub(" ", _WORDS.sub(r" \1 ", text)))
    while (flat := _FRACTION.sub(lambda m: f"(({m[1] or m[2]})/({m[3] or m[4]}))", text)) != text:
        text = flat
    return text.replace("^{", "^(").replace("{", "(").replace("}", ")").strip()


def is_formula(text: str) -> bool:
    """Nothing but a formula: no words, and something to compare."""
    bare = _COMMAND.sub(" ", text)
    return (
        len(text) <= _MAX_FORMULA
        and _balanced(text)
        and not re.search(r"[A-Za-z]{2}|[^\x00-\x7f]|[_:;?\"']|\\text", bare + text.partition("\\text")[1])
        and bool(re.search(r"[A-Za-z0-9]", text))
    )


def _balanced(text: str) -> bool:
    depths = dict.fromkeys("([{", 0)
    for character in text:
        if character in "([{":
            depths[character] += 1
        elif character in ")]}":
            opening = "([{"[")]}".index(character)]
            depths[opening] -= 1
            if depths[opening] < 0:
                return False
    return not any(depths.values())


def unknowns(formula: str) -> frozenset[str]:
    """Its letters, and the commands that are no constants or signs."""
    letters = re.findall(r"[A-Za-z]", _COMMAND.sub(" ", formula))
    return frozenset(letters) | (frozenset(_COMMAND.findall(formula)) - _CONSTANT)
