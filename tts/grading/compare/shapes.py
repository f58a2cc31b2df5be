r"""Answers of several parts: lists, tuples, sets, intervals, vectors, matrices, systems.

An answer is taken apart at its outermost separators, by counting brackets; what is inside a part is the parser's
business. So ``(1,2), (3,4)`` is a list of two tuples, and ``(0,1) \cup (2,3)`` is one part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["list", "set", "tuple", "matrix"]


@dataclass(frozen=True)
class Parts:
    """An answer of several parts.

    Attributes:
        kind: ``list`` (bare commas: several answers, in any order), ``set`` (braces), ``tuple`` (round, square or
            angle brackets, or a column), ``matrix`` (rows, each a tuple).
        items: the parts' texts.
        brackets: the two outer characters of a tuple as written, such as ``[)``; empty for other kinds and for columns.
    """

    kind: Kind
    items: tuple[str, ...]
    brackets: str = ""


_BRACKET = re.compile(
    r"\\[{}|]|\\langle(?![A-Za-z])|\\rangle(?![A-Za-z])|\\begin\{[a-z*]+\}|\\end\{[a-z*]+\}|\\[A-Za-z]+|\\.|[()\[\]{}]"
)
_OPENING = ("(", "[", "{", "\\{", "\\langle")
_CLOSING = (")", "]", "}", "\\}", "\\rangle")
_SEPARATOR = re.compile(
    r"[,;]|\\text\s?\{\s?,?\s?(?:and|or)\s?\}|(?<![A-Za-z\\])(?:and|or)(?![A-Za-z])|(?<=\))(?:and|or)(?=\W)|(?<=\d)or(?=[A-Z])"
)
_MATRIX = re.compile(
    r"\(?\s?(?:\\begin\{(?:[pbvBV]|small)?matrix\}|\\begin\{array\}(?:\s?\{[^{}]*\})?)(?P<body>.*)\\end\{(?:(?:[pbvBV]|small)?matrix|array)\}\s?\)?",
    re.DOTALL,
)
_SYSTEM = re.compile(r"\\begin\{(?:cases|aligned|align\*?)\}(?P<body>.*)\\end\{(?:cases|aligned|align\*?)\}", re.DOTALL)
_ASSIGNMENT = re.compile(r"^[^=<>]{1,60}=[^=<>]+$")
_MAX_DEPTH = 24
"""Brackets within brackets from which an answer is not taken apart: nobody wrote it."""
_SET_BUILDER = re.compile(r"\\mid(?![A-Za-z])|(?<!\\)\||:")


def take_apart(text: str) -> Parts | None:
    """The parts of a cleaned answer; None where it is a single one."""
    if max(_depths(text) or [0]) > _MAX_DEPTH:
        return None
    matrix = _MATRIX.fullmatch(text)
    if matrix and text.count("\\begin") == 1:
        return _rows(matrix["body"], bars="vmatrix" in text or "Vmatrix" in text)
    system = _SYSTEM.fullmatch(text)
    if system and text.count("\\begin") == 1:
        rows = [row.replace("&", "").strip(" ,;") for row in re.split(r"\\\\", system["body"])]
        return Parts("list", tuple(row for row in rows if row))
    words = re.fullmatch(r"\\text\s?\{([^{}]*[,;][^{}]*)\}", text)
    if words:
        return _listed(words[1].strip())
    enclosed = _enclosed(text)
    if enclosed:
        brackets, inner = enclosed
        return _bracketed(brackets, inner)
    return _listed(text) or _both_signs(text)


def outer_positions(text: str, pattern: re.Pattern[str]) -> list[tuple[int, int]]:
    """Ranges where a pattern matches outside all brackets and environments; empty where brackets do not pair up."""
    depths = _depths(text)
    if depths is None:
        return []
    return [match.span() for match in pattern.finditer(text) if depths[match.start()] == 0]


def unwrap(text: str) -> str:
    """The text without round brackets around the whole of it."""
    enclosed = _enclosed(text)
    return enclosed[1] if enclosed and enclosed[0] == "()" else text


def _rows(body: str, *, bars: bool) -> Parts | None:
    if bars:  # a determinant, not a matrix
        return None
    rows = [
        [cell.strip() for cell in row.split("&")]
        for row in re.split(r"\\\\|\\cr(?![a-z])", body.replace("\\hline", ""))
    ]
    rows = [row for row in rows if row != [""]]
    if not rows:
        return None
    if all(len(row) == 1 for row in rows):
        return Parts("tuple", tuple(row[0] for row in rows))
    if len(rows) == 1:
        return Parts("tuple", tuple(rows[0]))
    return Parts("matrix", tuple("(" + ",".join(row) + ")" for row in rows))


def _enclosed(text: str) -> tuple[str, str] | None:
    r"""The brackets around the whole text, as two characters, and what they enclose."""
    for opening, closing in ((o, c) for o in _OPENING for c in _CLOSING):
        if text.startswith(opening) and text.endswith(closing) and (closing != "}" or not text.endswith("\\}")):
            inside = text[len(opening) : len(text) - len(closing)]
            depths = _depths(text)
            if depths is None or len(text) < 2 or min(depths[len(opening) : len(text) - len(closing)], default=1) < 1:
                return None
            return {"\\{": "{", "\\langle": "(", "{": "g"}.get(opening, opening) + {
                "\\}": "}",
                "\\rangle": ")",
                "}": "g",
            }.get(closing, closing), inside.strip()
    return None


def _bracketed(brackets: str, inner: str) -> Parts | None:
    listed = _listed(inner)
    if brackets == "{}":
        if _SET_BUILDER.search(inner):
            return None
        return Parts("set", listed.items if listed else (inner,)) if inner else None
    if brackets == "gg":  # braces that only group
        return take_apart(inner)
    if "g" in brackets or "{" in brackets or "}" in brackets:
        return None
    if listed:
        return Parts("tuple", listed.items, brackets)
    unwrapped = take_apart(inner)
    return unwrapped if unwrapped and brackets == "()" else None


def _listed(text: str) -> Parts | None:
    """Items between outer separators. Groups of assignments ("p=5, q=2; p=7, q=2") stay together, as tuples."""
    separators = outer_positions(text, _SEPARATOR)
    if not separators:
        return None
    strong = [span for span in separators if text[span[0]] != ","]
    groups = [group for group in _cut(text, strong) if group]
    split = [[item for item in _cut(group, outer_positions(group, _SEPARATOR)) if item] for group in groups]
    if len(groups) > 1 and len(split[0]) > 1 and all(_is_group(items, split[0]) for items in split):
        return Parts("list", tuple("(" + ",".join(items) + ")" for items in split))
    items = tuple(item for items in split for item in items)
    if len(items) > 1:
        return Parts("list", items)
    return None


def _is_group(items: list[str], first: list[str]) -> bool:
    same_names = [item.split("=")[0].strip() for item in items] == [item.split("=")[0].strip() for item in first]
    return same_names and all(_ASSIGNMENT.match(item) for item in items)


def _both_signs(text: str) -> Parts | None:
    r"""``a \pm b`` is two answers; several signs go together, upper with upper."""
    if not re.search(r"\\(?:pm|mp)(?![A-Za-z])", text):
        return None
    upper = re.sub(r"\\mp(?![A-Za-z])", "-", re.sub(r"\\pm(?![A-Za-z])", "+", text))
    lower = re.sub(r"\\mp(?![A-Za-z])", "+", re.sub(r"\\pm(?![A-Za-z])", "-", text))
    return Parts("list", (upper.removeprefix("+").strip(), lower))


def _cut(text: str, spans: list[tuple[int, int]]) -> list[str]:
    pieces, start = [], 0
    for begin, end in spans:
        pieces.append(text[start:begin].strip())
        start = end
    pieces.append(text[start:].strip())
    return pieces


def _depths(text: str) -> list[int] | None:
    """For each character, how many brackets are open at it (a bracket counts as outside of itself); None where they do
    not pair up."""
    depths = [0] * (len(text) + 1)
    depth, at = 0, 0
    for match in _BRACKET.finditer(text):
        depths[at : match.start()] = [depth] * (match.start() - at)
        token = match.group()
        opens = token in _OPENING or token.startswith("\\begin")
        closes = token in _CLOSING or token.startswith("\\end")
        inside = depth - 1 if closes else depth
        depths[match.start() : match.end()] = [inside] * len(token)
        depth += opens - closes
        if depth < 0:
            return None
        at = match.end()
    depths[at:] = [depth] * (len(text) + 1 - at)
    return depths if depth == 0 else None
