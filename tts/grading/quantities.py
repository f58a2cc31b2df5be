r"""Formulas and plain numbers in running text: which there are, and which ends last.

Formulas are set off by dollars or brackets (``$x^2$``, ``\(x^2\)``), or written plainly: ``3 + sqrt(2)``, ``5√3/2``,
``2^10``. Every pattern here is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from tts.grading.words import before_words

_MATH = re.compile(
    r"(?<!\\)\$\$(?P<a>[^$]{1,2000})\$\$|(?<![\\$])\$(?P<b>(?:\\\$|[^$\n]){1,2000}?)(?<!\\)\$(?!\d)"
    r"|\\\[(?P<c>(?:[^\\]|\\(?![\[\]])){1,2000})\\\]|\\\((?P<d>(?:[^\\]|\\(?![()])){1,2000})\\\)"
)
_FRACTION = re.compile(r"-?\\[dt]?frac\s?\{[^{}]{1,200}\}\s?\{[^{}]{1,200}\}")
_NUMBER = re.compile(  # "R2D2" holds no number, "共有13只" does: only Latin letters make a word of a digit
    r"(?<![A-Za-z0-9_.^])(?<!\^\{)(?<!\^-)(?<!\^\{-)(?:[-+−](?=[$€£]?[\d.]))?[$€£]?"  # nor does the 2 of "cm^2"
    r"(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)"
    r"(?:\s?/\s?\d+)?(?:[eE][-+]?\d+)?(?:\s?\\?%)?"
)
_FUNCTION = (
    r"(?<![A-Za-z\\])(?:sqrt|cbrt|pi|(?:arc|a)?(?:sin|cos|tan)h?|cot|sec|csc|log|ln|exp|abs|floor|ceil|gcd|lcm)"
    r"(?![A-Za-z])"
)
_SIGNS = "√∛∜π⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ₀₁₂₃₄₅₆₇₈₉½⅓⅔¼¾⅛⅜⅝⅞"
_PLAIN = re.compile(  # a run of what plain formulas are made of: words, "=" and full stops end it
    rf"(?:{_FUNCTION}|\d+(?:,\d{{3}})*(?:\.\d+)?|[{_SIGNS}∞]|[-+−±*/^()!·×⋅]|(?<![A-Za-z'’\\])[b-hj-z](?![A-Za-z])"
    r"|[ ](?=\S))+"
)
_FORMULA_WORDS = frozenset({"and", "or", "percent", "percentage", "pct"})
_MAX_WRITTEN = 400
_WITH_UNIT = re.compile(r"[-−]?[\d.,]+ ?[a-z][²³]")
_SURE = re.compile(rf"[{_SIGNS}^]|{_FUNCTION}")


def last_quantity(text: str) -> str | None:
    """The formula, fraction or plain number that ends last.

    A formula counts where it holds a digit or a command, else where there is nothing better and it is no mere name.
    """
    formula = _last(_formulas(text))
    after = formula.end() if formula else 0
    fraction = _last(_FRACTION.finditer(text, after))
    number = _last(_NUMBER.finditer(text, fraction.end() if fraction else after))
    written = _last_written(text, after)
    if written and (number is None or number.end() <= written[1]):
        return written[0]
    plain = number or fraction
    if plain:
        return plain.group().strip()
    named = formula or _last(match for match in enclosed_formulas(text) if re.search(r"[-=+*/<>(]", content(match)))
    return content(named) if named else None


def leading_quantity(text: str) -> str | None:
    """The formula or number with which a text begins, where words follow it: ``12`` of "12 apples are left"."""
    start = before_words(text)
    if start == text or not re.match(r"[-+−]?[$€£\\({\[\d.√∛π|]|[A-Za-z]\w?\s?[-+*/^=(]", start):
        return None
    return start if re.search(r"\d|\\[A-Za-z]|[√π]", start) else None


def enclosed_formulas(text: str) -> Iterator[re.Match[str]]:
    """What dollars or brackets set off and is a formula, not prose between two prices; see `content`."""
    return (match for match in _MATH.finditer(text) if is_formula(match))


def set_off_by_words(text: str) -> bool:
    """Whether words stand around an enclosed formula; a percent word belongs to the formula."""
    around = _MATH.sub(lambda match: " " if is_formula(match) else match.group(), text)
    return around != text and any(word.lower() not in _FORMULA_WORDS for word in re.findall(r"[^\W\d_]{2,}", around))


def is_formula(match: re.Match[str]) -> bool:
    """Dollars also enclose prose ("costs $5 and sells for $7"): plain words tell."""
    plain = re.sub(r"\\text\s?\{[^{}]*\}|\\[A-Za-z]+|\b(?:sin|cos|tan|log|and|mod)\b", " ", content(match))
    return bool(plain.strip() or "\\" in content(match)) and ("{" in plain or re.search(r"[A-Za-z]{3,}", plain) is None)


def content(match: re.Match[str]) -> str:
    """What stands between the delimiters of an enclosed formula."""
    return next(group for group in match.groups() if group is not None).strip()


def _formulas(text: str) -> Iterator[re.Match[str]]:
    return (match for match in enclosed_formulas(text) if re.search(r"\d|\\[A-Za-z]", content(match)))


def _last_written(text: str, after: int) -> tuple[str, int] | None:
    """The last formula written plainly, and where it ends; None where nothing shows that one is meant."""
    written = None
    if not _SURE.search(text, after):
        return None
    for match in _PLAIN.finditer(text, after):
        if len(match.group()) > _MAX_WRITTEN or not _SURE.search(match.group()):
            continue
        formula = _without_sentence(match.group())
        if _WITH_UNIT.fullmatch(formula):
            continue
        if re.search(r"\d|[π√]", formula) and _SURE.search(formula.lstrip("^")) and _pairs_up(formula):
            written = formula, match.end()
    return written


def _without_sentence(run: str) -> str:
    """A run without what belongs to the sentence around it: signs at its ends, and a bracket too many."""
    before = None
    while run != before:
        before = run
        run = re.sub(r"^[-−] +", "", run.lstrip("+*/^)·×⋅! ").rstrip("+-−±*/^(·×⋅ "))
        if run.endswith(")") and run.count(")") > run.count("("):
            run = run[:-1]
        elif run.startswith("(") and run.count("(") > run.count(")"):
            run = run[1:]
    return run


def _pairs_up(formula: str) -> bool:
    depth = 0
    for character in formula:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0


def _last(matches: Iterator[re.Match[str]]) -> re.Match[str] | None:
    tail = deque(matches, maxlen=1)
    return tail[0] if tail else None
