r"""Answers in words: ``\text{Monday}``, "odd", ``\text{(B)}``; clock times; and which letters are a multiple-choice
option."""

from __future__ import annotations

import re
from itertools import pairwise

_TEXT = re.compile(r"\\text\s?\{([^{}]*)\}")
_OPTION = re.compile(r"\(?\s?(?P<letter>[A-J])\s?[).:]\s*(?P<rest>.*)|\((?P<only>[A-J])\)", re.DOTALL)
_PROSE = re.compile(r"[^\W\d_]+(?:[\s\-',.;/]+[^\W\d_]+)*[.!]?")
_ARTICLES = frozenset({"the", "a", "an"})
_CLOCK = re.compile(r"(?P<h>\d{1,2}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?\s*(?P<half>[AaPp])?\.?\s?(?:[Mm]\.?)?")
_FORMULA_NAME = re.compile(
    r"sqrt|cbrt|(?:arc|a)?(?:sin|cos|tan)h?|cot|sec|csc|log|ln|lg|exp|abs|floor|ceil|gcd|lcm|max|min|mod|pi|inf|infinity"
    r"|frac|and|or|cup|cap|union",
    re.IGNORECASE,
)
_RUNNING_WORD = re.compile(r"(?<![\w\\^])(?![A-Z]{2,3}(?![\w']))[^\W\d_]{2,}(?![\w(^])")
_NO_WORDS = re.compile(r"\\[A-Za-z]+\s?\{[^{}]*\}|\\[A-Za-z]+|\$[^$]*\$")
_BESIDE = re.compile(r"[\s,;:'’.!?*-]*")
_SURE_LETTERS = 4
"""Letters in a bare run from which it is a word; shorter ones (``abc``) may be a product of variables."""


def read_words(text: str) -> tuple[str, ...] | None:
    r"""The lower-case words of a cleaned answer that is text; None for anything with digits, operators or possible
    variables.

    Case, articles and punctuation carry no meaning in words. Letters in ``\text{}`` are words whatever their number;
    bare letters only in runs of four or more. A single letter keeps its case (m is no M).
    """
    inner = _TEXT.sub(r" \1 ", text).strip()
    if not _PROSE.fullmatch(inner):
        return None
    found = re.findall(r"[^\W\d_]+", inner)
    if inner == text.strip() and max(map(len, found)) < _SURE_LETTERS:
        return None
    if len(found) == 1 and len(found[0]) == 1:
        return (found[0],)
    kept = tuple(word.lower() for word in found if word.lower() not in _ARTICLES)
    return kept or None


def read_letters(text: str) -> str:
    r"""The text without its ``\text{}`` wrappers, spaces and brackets around it: ``\text{(B)}`` and ``B`` give
    ``B``."""
    return re.sub(r"\s+", "", _TEXT.sub(r"\1", text)).strip("()")


def read_option(text: str) -> tuple[str, str] | None:
    """``(B) 12`` and ``B. 12`` as (letter, what follows it, maybe empty); None where no option letter leads."""
    match = _OPTION.fullmatch(_TEXT.sub(r"\1", text).strip())
    if not match:
        return None
    return (match["only"], "") if match["only"] else (match["letter"], match["rest"].strip())


def read_clock(text: str) -> int | None:
    """Seconds after midnight of a time such as 20:34, 8:34 P.M. or 20:34:00; None where it is none."""
    match = _CLOCK.fullmatch(_TEXT.sub(r"\1", text).strip())
    if not match:
        return None
    hour = int(match["h"])
    half = (match["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23:
        return None
    return 3600 * hour + 60 * int(match["m"]) + int(match["s"] or 0)


def words_of(text: str) -> list[str]:
    r"""The words of running text, those that are no part of a formula.

    Names of functions (``sqrt``), what brackets follow (``f(x)``), points of geometry (``ABC``) and what is joined to
    digits are no words, nor is what stands in LaTeX's groups or between dollars.
    """
    return [match.group() for match in _words(text)]


def is_running_text(text: str) -> bool:
    """Whether words run on in the text: at least three, and two of them side by side, as a formula's names never do."""
    words = _words(text)
    return len(words) >= 3 and any(_BESIDE.fullmatch(text, a.end(), b.start()) for a, b in pairwise(words))


def before_words(text: str) -> str:
    """What stands before the first word of a text, without the punctuation between the two."""
    words = _words(text)
    return text[: words[0].start()].rstrip(" ,;:.-–—(") if words else text


def _words(text: str) -> list[re.Match[str]]:
    plain = _NO_WORDS.sub(lambda match: " " * len(match.group()), text)
    return [match for match in _RUNNING_WORD.finditer(plain) if not _FORMULA_NAME.fullmatch(match.group())]
