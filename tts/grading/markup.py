r"""Markup that says how an answer looks, and nothing of what it is: emphasis, colour, size, and fonts around a label.

Braces are paired in one pass (see `tts.grading.boxes`), so that all of this is linear in the length of the text.
"""

from __future__ import annotations

import re

from tts.grading.boxes import pair_braces

_EMPHASIS = re.compile(
    r"\\(?:boldsymbol|bm|pmb|boldmath|emph|underline|uline|uuline|ul|hl|ensuremath|mathstrut"
    r"|(?:text|f?)color(?:box)?\s?(?:\[[^\[\]{}]{0,20}\])?\s?\{[^{}]{0,40}\}(?:\s?\{[^{}]{0,40}\}(?=\s?\{))?)\s?\{"
)
_SWITCH = re.compile(
    r"\\(?:(?:tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge|bfseries|itshape|em|boldmath)"
    r"(?![A-Za-z])|color\s?\{[^{}]{0,40}\})\s?"
)
_HTML = re.compile(r"</?(?:b|strong|i|em|u|mark|span|font|big|center|p|div)(?:\s[^<>]{0,80})?>", re.IGNORECASE)
_BOLD = re.compile(r"\\math(?:bf|it|sf|rm)\s?\{")
_FORMULA = re.compile(r"\\[A-Za-z]|[=+^\d]")
_MAX_NESTED = 8
_STRAY = re.compile(r"(?<!\\)\\(?=\d)")
"""A backslash before a digit: no command begins so."""
_MARKDOWN = re.compile(r"^\s*(\*\*|__|`)([^*_`]+)\1\s*$")
_LABELLED = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt|sc|md|up|normal)?|math(?:bf|rm|it|sf|tt)|mbox|hbox|bf|rm)\s?\{(?=[^{}]{0,80}?\banswer\b)",
    re.IGNORECASE,
)


def without_emphasis(text: str) -> str:
    r"""The text without bold, underlining, colours and sizes: ``\textcolor{red}{34}``, ``\large 34`` are ``34``."""
    plain = _MARKDOWN.sub(r"\2", text)
    if "\\" in plain:
        plain = _STRAY.sub("", _SWITCH.sub("", _unwrap(plain, _EMPHASIS)))
    if "<" in plain:
        plain = _HTML.sub("", plain)
    for _ in range(_MAX_NESTED):
        before, plain = plain, _opened(plain, grouped=plain != text)
        if plain == before:
            break
    return plain


def without_label_fonts(text: str) -> str:
    r"""The text with every font group that holds the word "answer" opened: ``\text{ANSWER: 34}`` is ``ANSWER: 34``."""
    return _unwrap(text, _LABELLED) if "\\" in text else text


def _opened(text: str, *, grouped: bool) -> str:
    r"""The text without a bold font around the whole of it, unless that makes a name (``\mathbf{v}``), or without its
    outer braces: ``grouped`` says that they set the bounds of a colour or size."""
    stripped = text.strip()
    match = _BOLD.match(stripped)
    brace = match.end() - 1 if match else 0
    if not (match or (grouped and stripped.startswith("{"))):
        return text
    inner = stripped[brace + 1 : -1].strip()
    whole = pair_braces(stripped, 0).get(brace) == len(stripped) - 1
    return inner if whole and (not match or _FORMULA.search(inner)) else text


def _unwrap(text: str, opening: re.Pattern[str]) -> str:
    """The text without the commands that ``opening`` finds, each up to its brace, and without those braces.

    An exponent or index keeps its braces: what it holds is still one group.
    """
    matches = list(opening.finditer(text))
    if not matches:
        return text
    closing = pair_braces(text, matches[0].start())
    cuts: list[tuple[int, int, str]] = []
    for match in matches:
        brace = match.end() - 1
        if brace not in closing:
            continue
        group = text[: match.start()].rstrip()[-1:] in ("^", "_")
        cuts.append((match.start(), match.end(), "{" if group else ""))
        if not group:
            cuts.append((closing[brace], closing[brace] + 1, ""))
    pieces, at = [], 0
    for start, end, instead in sorted(cuts):
        pieces += [text[at:start], instead]
        at = end
    return "".join([*pieces, text[at:]])
