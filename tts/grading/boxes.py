r"""What stands in ``\boxed{}`` and ``\fbox{}``.

One pass over the text pairs all braces, so that 100 kB of nested boxes cost no more than 100 kB of prose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOX = re.compile(r"\\(?:boxed|fbox)(?![A-Za-z])\s*")
_BARE = re.compile(r"[^\s$]+")
_UNCLOSED_LIMIT = 200
"""Characters of an unclosed box that still count as its content: a lost brace, not a lost page."""

# What may stand between two boxes that together are one answer: separators, and a few words around an "and" or "or".
_MARKUP = re.compile(r"\\(?:quad|qquad|text(?:bf|rm|it)?|mbox|[()\[\],;:! ])|[\s$(){}\[\]*.&]+")
_SEPARATOR = re.compile(r"\band\b|\bor\b|[,;]", re.IGNORECASE)
_AND_OR = re.compile(r"\b(?:and|or)\b", re.IGNORECASE)
_NAMED = re.compile(r"\b[A-Za-z](?:_\{?\w+\}?)?\s*=\s*$")
_WORD = re.compile(r"[A-Za-z]+")
_NEW_CLAIM = frozenset(
    [
        "so",
        "thus",
        "but",
        "hence",
        "therefore",
        "then",
        "finally",
        "next",
        "now",
        "instead",
        "wait",
        "actually",
        "no",
        "not",
        "rather",
        "is",
        "are",
        "was",
        "were",
        "be",
        "get",
        "gets",
        "give",
        "gives",
        "gave",
        "have",
        "has",
        "equal",
        "equals",
        "find",
        "found",
        "check",
        "because",
        "since",
        "if",
        "where",
        "which",
    ]
)
_MAX_GAP_WORDS = 3
_MAX_GAP = 80


@dataclass(frozen=True)
class Box:
    """A box's content, and the half-open range of the text that the whole box takes."""

    content: str
    start: int
    end: int


def last_boxed(text: str) -> str | None:
    r"""The content of the last box, or None where there is no box with content.

    Boxes that the text itself joins ("``\boxed{1}`` and ``\boxed{2}``", or with a comma) are one answer, ``1, 2``.
    Anything else between two boxes (a new sentence, "so", "then", a verb) makes the later one a new claim, which alone
    counts.
    """
    boxes = [box for box in find_boxes(text) if box.content]
    if not boxes:
        return None
    joined = [boxes[-1]]
    for box in reversed(boxes[:-1]):
        if not _joins(text[box.end : joined[0].start]):
            break
        joined.insert(0, box)
    distinct = dict.fromkeys(box.content for box in joined)
    return ", ".join(distinct)


def find_boxes(text: str) -> list[Box]:
    """All outermost boxes from left to right; a box within a box gives its own content (``boxed{boxed{5}}`` is 5)."""
    matches = list(_BOX.finditer(text))
    if not matches:
        return []
    closing = pair_braces(text, matches[0].start())
    boxes: list[Box] = []
    for match in matches:
        if boxes and match.start() < boxes[-1].end:
            if match.start() - boxes[-1].start <= len("\\boxed{") + 2:  # \boxed{\boxed{5}}: the inner one says it
                inner = _box_at(text, match.start(), match.end(), closing)
                boxes[-1] = Box(inner.content, boxes[-1].start, boxes[-1].end)
            continue
        boxes.append(_box_at(text, match.start(), match.end(), closing))
    return boxes


def _box_at(text: str, start: int, after: int, closing: dict[int, int]) -> Box:
    if text[after : after + 1] != "{":  # \boxed 5
        bare = _BARE.match(text, after)
        content = bare.group().rstrip(".,;:") if bare else ""
        return Box(content, start, bare.end() if bare else after)
    end = closing.get(after)
    if end is None:  # cut off, or a lost brace: the rest of the line
        line = text[after + 1 : after + 1 + _UNCLOSED_LIMIT + 1].split("\n", 1)[0]
        content = line.strip().rstrip("$.").strip() if len(line) <= _UNCLOSED_LIMIT else ""
        return Box(content, start, after + 1 + len(line))
    return Box(text[after + 1 : end].strip(), start, end + 1)


def pair_braces(text: str, start: int) -> dict[int, int]:
    """Position of each opening brace -> position of its closing one; ``\\{`` and ``\\}`` are text, not braces."""
    closing: dict[int, int] = {}
    open_at: list[int] = []
    for match in re.finditer(r"\\.|[{}]", text[start:], re.DOTALL):
        if match.group() == "{":
            open_at.append(match.start() + start)
        elif match.group() == "}" and open_at:
            closing[open_at.pop()] = match.start() + start
    return closing


def _joins(gap: str) -> bool:
    if len(gap) > _MAX_GAP or "\n\n" in gap or re.search(r"[.!?](?:\s|$)|\.\.", gap):
        return False
    plain = _NAMED.sub("", _MARKUP.sub(" ", gap).strip())
    if not _SEPARATOR.search(plain):
        return False
    words = [word.lower() for word in _WORD.findall(_AND_OR.sub(" ", plain))]
    if any(word in _NEW_CLAIM for word in words):
        return False
    return not words or (len(words) <= _MAX_GAP_WORDS and bool(_AND_OR.search(plain)))
