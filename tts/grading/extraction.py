r"""The final answer that a completion states, as it is written there.

The order, strongest first; the first that yields something wins:

1. the last ``\boxed{}`` (see `tts.grading.boxes`);
2. the last explicit statement: "final answer ...", "the answer is ...", GSM8K's ``#### 18``, a line "A: 18" or
   "Answer: 18", "option (B)";
3. the last formula or plain number, whichever ends later;
4. a lone multiple-choice letter.

A box is what models are asked for, so prose after it does not overrule it. Statements are equals, and the last of them
is the writer's last word. Formulas and numbers of running text are a guess, made only where nothing is stated.

Every pattern here is linear in the length of the text: a completion is anything that a model can write.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from tts.grading.boxes import last_boxed
from tts.grading.thinking import DEFAULT_THINK_TAGS, ThinkTags, after_thinking

_STATEMENT = re.compile(
    r"(?:final\s+answer|answer)\s*(?:is|are|:|：|=)\s*(?:therefore|thus|simply|just|also|exactly|approximately)?\s*[:：]?"
    r"|final\s+answer\W{0,6}\n+"  # a heading, the answer below it
    r"|^[ \t>*_]{0,8}a(?:ns(?:wer)?)?[*_]{0,3}\s?[:：]"
    r"|(?:réponse|respuesta|antwort|ответ|答案|答)\s*(?:(?:est|es|ist|是|为)\s*)?[:：]?"
    r"|(?P<gsm>^[ \t]*####[ \t]*(?=[-+$€£(\\.\d])(?!\d+[.)]\s+[A-Za-z]))"
    r"|(?P<option>\b(?:option|choice)\s+(?:is\s+)?(?=\(?[A-J]\b(?!\s+[a-z])))",
    re.IGNORECASE | re.MULTILINE,
)
_STATEMENT_REACH = 400
"""Characters after "the answer is" in which the answer must stand."""

_CLAUSE_END = re.compile(
    r"\n|[.!?。！？](?=\s|$|\*|[^\x00-\x7f])|\bI hope\b|<\||\b(?:because|since|which|where|when|so that|as)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(r"[\s*_`\"'>:：]+")
_MATH = re.compile(
    r"(?<!\\)\$\$(?P<a>[^$]{1,2000})\$\$|(?<![\\$])\$(?P<b>(?:\\\$|[^$\n]){1,2000}?)(?<!\\)\$(?!\d)"
    r"|\\\[(?P<c>(?:[^\\]|\\(?![\[\]])){1,2000})\\\]|\\\((?P<d>(?:[^\\]|\\(?![()])){1,2000})\\\)"
)
_FRACTION = re.compile(r"-?\\[dt]?frac\s?\{[^{}]{1,200}\}\s?\{[^{}]{1,200}\}")
_NUMBER = re.compile(  # "R2D2" holds no number, "共有13只" does: only Latin letters make a word of a digit
    r"(?<![A-Za-z0-9_.])(?:[-+−](?=[$€£]?[\d.]))?[$€£]?"
    r"(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)"
    r"(?:\s?/\s?\d+)?(?:[eE][-+]?\d+)?(?:\s?\\?%)?"
)
_LETTER = re.compile(r"^[\s*_(\[\\text{]{0,12}([A-J])[\s*_)\].}:]{0,6}$")
_PARENTHESISED = re.compile(r"\(([A-J])\)")
_NOT_AN_ANSWER = re.compile(
    r"(?:not|correct|incorrect|wrong|right|given|obtained|found|as|that|therefore|thus|unknown|unclear|the same"
    r"|to|in|an|it|we)\b",
    re.IGNORECASE,
)
_FORMULA_WORDS = frozenset({"and", "or", "percent", "percentage", "pct"})
_SHORT_WORDS = 3
_SHORT_CLAUSE_WORDS = 8


def extract_answer(
    text: str, *, think_tags: ThinkTags = DEFAULT_THINK_TAGS, starts_in_thinking: bool = False
) -> str | None:
    """The final answer of a completion, trimmed but otherwise as written; None where it states none.

    Args:
        text: the completion, as decoded; any characters.
        think_tags: pairs (start, end). Only what follows the last end tag is looked at; a text that ends inside its
            thinking has no answer.
        starts_in_thinking: the prompt itself ended in a start tag, so that a completion without an end tag was cut off.
    """
    body = after_thinking(text, think_tags, starts_in_thinking=starts_in_thinking)
    if body is None:
        return None
    for look in (last_boxed, _last_statement, _last_quantity, _lone_letter):
        answer = look(body)
        if answer:
            return answer
    return None


def states_answer(text: str) -> bool:
    """Whether the text says outright which part of it is the answer: by a box, or by a statement ("the answer is
    ...")."""
    return last_boxed(text) is not None or _last_statement(text) is not None


def holds_formula(text: str) -> bool:
    """Whether words stand around a formula that is set off by dollars or brackets; a percent word belongs to the
    formula."""
    around = _MATH.sub(lambda match: " " if _is_formula(match) else match.group(), text)
    return around != text and any(word.lower() not in _FORMULA_WORDS for word in re.findall(r"[^\W\d_]{2,}", around))


def _last_statement(text: str) -> str | None:
    for match in reversed(list(_STATEMENT.finditer(text))):
        tail = text[match.end() : match.end() + _STATEMENT_REACH]
        answer = tail.lstrip("(")[0] if match["option"] else _stated(tail)
        if answer:
            return answer
    return None


def _stated(tail: str) -> str | None:
    """The answer in what follows "the answer is": the clause itself where it is short, else the quantity in it."""
    opening = _OPENING.match(tail)
    tail = tail[opening.end() :] if opening else tail
    if tail.startswith(("$$", "\\[")):  # a displayed formula may take several lines
        math = _MATH.match(tail)
        if math and _is_formula(math):
            return _content(math)
    end = _end_of_clause(tail)
    clause = _trim(tail[:end])
    if not clause:
        return None
    option = re.match(r"\(?([A-J])\)?$", clause) or re.match(r"\\text\{\(?([A-J])\)?\}$", clause)
    if option:
        return option.group(1)
    words = re.findall(r"[^\W\d_]{2,}", re.sub(r"\\[A-Za-z]+|\$[^$]*\$", " ", clause))
    quantity = _last_quantity(clause)
    if _NOT_AN_ANSWER.match(clause):
        return quantity
    starts_with_quantity = bool(re.match(r"[-+−]?[$€£\\({\[.\d]", clause)) or (len(words) <= 1 and clause.isascii())
    if starts_with_quantity and len(words) <= _SHORT_CLAUSE_WORDS:
        math = _MATH.fullmatch(clause)
        return _content(math) if math and _is_formula(math) else clause
    if quantity:
        return quantity
    return clause if len(words) <= _SHORT_WORDS else None


def _end_of_clause(tail: str) -> int:
    """Where the sentence ends; a full stop inside a formula, or of a decimal, does not end it."""
    spans = [match.span() for match in _MATH.finditer(tail)]
    for match in _CLAUSE_END.finditer(tail):
        if not any(start < match.start() < end for start, end in spans):
            return match.start()
    return len(tail)


def _last_quantity(text: str) -> str | None:
    """The formula, fraction or plain number that ends last. A formula counts where it holds a digit or a command, not
    a mere name."""
    formula = _last(_formulas(text))
    after = formula.end() if formula else 0
    fraction = _last(_FRACTION.finditer(text, after))
    number = _last(_NUMBER.finditer(text, fraction.end() if fraction else after))
    plain = number or fraction
    if plain:
        return plain.group().strip()
    return _content(formula) if formula else None


def _last(matches: Iterator[re.Match[str]]) -> re.Match[str] | None:
    found = deque(matches, maxlen=1)
    return found[0] if found else None


def _formulas(text: str) -> Iterator[re.Match[str]]:
    for match in _MATH.finditer(text):
        if _is_formula(match) and re.search(r"\d|\\[A-Za-z]", _content(match)):
            yield match


def _is_formula(match: re.Match[str]) -> bool:
    """Dollars also enclose prose ("costs $5 and sells for $7"): plain words tell."""
    plain = re.sub(r"\\text\s?\{[^{}]*\}|\\[A-Za-z]+|\b(?:sin|cos|tan|log|and|mod)\b", " ", _content(match))
    return bool(plain.strip() or "\\" in _content(match)) and (
        "{" in plain or re.search(r"[A-Za-z]{3,}", plain) is None
    )


def _lone_letter(text: str) -> str | None:
    """A multiple-choice letter: the last line is nothing else, or the last "(B)" in the text."""
    last_line = text.strip().rsplit("\n", 1)[-1]
    alone = _LETTER.match(last_line)
    if alone:
        return alone.group(1)
    letters = _PARENTHESISED.findall(text)
    return letters[-1] if letters else None


def _content(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group is not None).strip()


def _trim(clause: str) -> str:
    clause = clause.strip().strip("*_`\"'").strip()
    if clause.endswith((".", ",", ";", ":", "。")):
        clause = clause[:-1].rstrip()
    return clause.strip("*_`\"'").strip()
