r"""Where a text says that its answer follows: "the answer is", "ANSWER:", GSM8K's ``####``.

Searched word by word rather than by one pattern of many alternatives: a text is then passed at the speed of finding a
letter, several times as fast.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["label", "hashes", "sentence", "option"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place after which an answer should follow.

    Attributes:
        kind: ``label`` ("Answer:", ``<answer>``), ``hashes`` (``####``), ``sentence`` ("the answer is") or ``option``
            ("option B").
        start, end: the half-open range of the words themselves; the answer follows.
    """

    kind: Kind
    start: int
    end: int


_ABROAD = (
    r"(?i:réponse|respuesta|resposta|risposta|antwort|antwoord|odpowiedź|cevap|jibu|ответ|答案|答え|答|정답|উত্তর|उत्तर"
    r"|సమాధానం|คำตอบ|الإجابة|đáp\s+án)"
)
_COLON = r"[*_`]{0,3}\s*[:：]"
_ADVERB = r"\s*(?:therefore|thus|simply|just|also|exactly|approximately)?\s*[:：]?"

_Patterns = Sequence[tuple[Kind, re.Pattern[str]]]
_LINES: _Patterns = (
    ("label", re.compile(rf"[Aa](?:nswers?|NSWERS?){_COLON}")),
    ("label", re.compile(rf"[Aa](?:ns|NS){_COLON}")),
    ("label", re.compile(r"(?:\n|\A)[ \t>*_]{0,8}[Aa][*_]{0,3}\s?[:：]")),
    ("label", re.compile(r"<(?:answer|ANSWER|Answer)>")),
    ("hashes", re.compile(r"(?:\n|\A)[ \t]*####[ \t]*(?=\S)")),
)
_SENTENCES: _Patterns = (
    ("sentence", re.compile(rf"[Aa](?:nswers?|NSWERS?)\s*(?:is|are|=|IS|ARE){_ADVERB}")),
    ("sentence", re.compile(r"[Ff](?:inal|INAL)\s+[Aa](?:nswer|NSWER)\W{0,6}\n+")),  # a heading, the answer below it
    ("option", re.compile(r"(?:[Oo]ption|[Cc]hoice|OPTION|CHOICE)\s+(?:is\s+)?(?=\(?[A-J]\b(?!\s+[a-z]))")),
)
_LABELS_ABROAD: _Patterns = (("label", re.compile(_ABROAD + _COLON)),)
_SENTENCES_ABROAD: _Patterns = (("sentence", re.compile(_ABROAD + r"\s*(?:est|es|ist|è|é|is|是|为)?\s*")),)
_LATIN = re.compile(r"antwort|antwoord|respuesta|resposta|risposta|cevap|jibu", re.IGNORECASE)


def find_marks(text: str, *, lines_only: bool = False) -> list[Mark]:
    """All marks in the order in which they end. ``lines_only``: labels and hashes, no sentences."""
    patterns = [*_LINES] if lines_only else [*_LINES, *_SENTENCES]
    if not text.isascii() or _LATIN.search(text):
        patterns += _LABELS_ABROAD if lines_only else (*_LABELS_ABROAD, *_SENTENCES_ABROAD)
    marks = [
        Mark(kind, match.start(), match.end())
        for kind, pattern in patterns
        for match in pattern.finditer(text)
        if not _within_word(text, match.start())
    ]
    return sorted(marks, key=lambda mark: (mark.end, -mark.start))


def _within_word(text: str, start: int) -> bool:
    """Whether a letter stands before: the "ans:" of "means:" is no label."""
    before = text[start - 1 : start] if start else ""
    return before.isascii() and before.isalpha() and text[start : start + 1].isalpha()
