r"""The final answer that a completion states, as it is written there.

A text is searched for one form of answer after another, and the first that yields something wins (see
`tts.grading.forms`). A box is what models are asked for, so prose after it does not overrule it, unless the prompt
asks for a line "ANSWER: ...". Statements are equals, and the last of them is the writer's last word. Formulas and
numbers of running text are a guess, made only where nothing is stated.

Every pattern here is linear in the length of the text: a completion is anything that a model can write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from tts.core import THINK_TAGS, ThinkTags
from tts.grading.boxes import find_boxes, last_boxed
from tts.grading.forms import DEFAULT_FORMS
from tts.grading.markup import without_emphasis, without_label_fonts
from tts.grading.quantities import content, enclosed_formulas, last_quantity
from tts.grading.statements import find_marks
from tts.grading.thinking import after_thinking
from tts.grading.words import words_of

_REACH = 400
"""Characters after "the answer is" in which the answer must stand."""

_CLAUSE_END = re.compile(
    r"\n|(?<!\\)[.!?。！？](?=\s|$|\*|[^\x00-\x7f])|\bI hope\b|<\||</"
    r"|\b(?:because|since|which|where|when|so that|as|but|although|though|rather than|instead of)\b|,\s*not\b",
    re.IGNORECASE,
)
_BRACKET = re.compile(r"\\\\|\\[{}]|\\[()\[\]]|[{}]")
_OPENING = re.compile(r"(?:[\s*_`\"'>:：~]|\\[ ,;:!]|\\q?quad(?![A-Za-z]))+")
_PLACEHOLDER = re.compile(
    r"[$<\[{(\\]{0,3}\s*(?:your\s+|the\s+)?(?:final\s+)?(?:answer|number|value|result)\s*[>\]})$]{0,3}", re.IGNORECASE
)
_LETTER = re.compile(r"^[\s*_(\[\\text{]{0,12}([A-J])[\s*_)\].}:]{0,6}$")
_PARENTHESISED = re.compile(r"\(([A-J])\)")
_NOT_AN_ANSWER = re.compile(
    r"(?:not|correct|incorrect|wrong|right|given|obtained|found|as|that|therefore|thus|unknown|unclear|the same"
    r"|to|in|an|it|we)\b",
    re.IGNORECASE,
)
_QUANTITY_START = re.compile(r"[-+−]?[$€£\\({\[.\d√∛π]")
_LABEL_FIRST = re.compile(
    r"(?:\\[A-Za-z]+\s?\{)*\s*(?:so|thus|hence|therefore)?,?\s*(?:the\s+)?(?:final\s+|correct\s+)?answer\b",
    re.IGNORECASE,
)
_ENVIRONMENT = re.compile(
    r"\\begin\{(?P<name>(?P<values>[bpvBV]?matrix|array|cases)|\w+\*?)\}(?s:.*?)\\end\{(?P=name)\}"
)
_OTHERS_ANSWER = re.compile(
    r"\b(?:check|verif|guess|estimat|partial|wrong|incorrect|student|given|sample|example|previous|first)\w*(?:['’]s)?"
    r"\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)
"""Before "answer:": then it is another one, or one to be checked."""
_IN_WORDS = re.compile(r"(?:all|no|none|any|every|infinitely many|there (?:is|are) (?:no|infinitely))\b", re.IGNORECASE)
_YES_OR_NO = re.compile(r"(?:yes|no|true|false)(?=\s*[,;:(–—])", re.IGNORECASE)
_SHORT_WORDS = 3
_HEADED_WORDS = 2
_SHORT_CLAUSE_WORDS = 8


def extract_answer(
    text: str,
    *,
    think_tags: ThinkTags = THINK_TAGS,
    starts_in_thinking: bool = False,
    forms: Sequence[str] = DEFAULT_FORMS,
) -> str | None:
    """The final answer of a completion, trimmed but otherwise as written; None where it states none.

    Args:
        text: the completion, as decoded; any characters.
        think_tags: pairs (start, end). Only what follows the last end tag is looked at; a text that ends inside its
            thinking has no answer.
        starts_in_thinking: the prompt itself ended in a start tag, so that a completion without an end tag was cut off.
        forms: names of ANSWER_FORMS in the order in which to look for them; KeyError for another name.
    """
    body = after_thinking(text, think_tags, starts_in_thinking=starts_in_thinking)
    if body is None:
        return None
    for form in forms:
        answer = _FINDERS[form](body)
        if answer:
            return answer
    return None


def states_answer(text: str) -> bool:
    """Whether the text says outright which part of it is the answer: by a box, or by a statement ("the answer is
    ...")."""
    return last_boxed(text) is not None or _last_statement(text) is not None


def _last_box(text: str) -> str | None:
    boxed = last_boxed(text)
    return _unlabelled(boxed) if boxed else None


def _last_line(text: str) -> str | None:
    return _last_said(text, lines_only=True)


def _last_statement(text: str) -> str | None:
    return _last_said(text, lines_only=False)


def _last_said(text: str, *, lines_only: bool, boxed: bool = False) -> str | None:
    """What follows the last mark that an answer follows. ``boxed``: the text is what a box holds."""
    text = without_label_fonts(text)
    for mark in reversed(find_marks(text, lines_only=lines_only)):
        tail = text[mark.end : mark.end + _REACH]
        if mark.kind == "option":
            return tail.lstrip("(")[0]
        before = text[max(0, mark.start - _REACH) : mark.start].rpartition("\n")[2].replace("\\$", "")
        if _OTHERS_ANSWER.search(before[-60:]):
            continue
        in_dollars = before.count("$$") % 2 == 1 or before.replace("$$", "").count("$") % 2 == 1
        whole, tail = tail, _enclosed(tail, in_dollars=in_dollars)
        rest, _, below = tail.partition("\n")
        if mark.kind == "hashes" and _is_heading(rest, below):
            continue
        answer = (lines_only and _last_statement(rest)) or _stated(tail, in_formula=boxed or tail != whole)
        if answer and not _PLACEHOLDER.fullmatch(answer):
            return answer
    return None


def _enclosed(tail: str, *, in_dollars: bool) -> str:
    r"""The tail up to where brackets or dollars close that were opened before it, as in ``\[ \text{ANSWER: } 5 \]``."""
    if in_dollars:  # or a price stands before: then no formula ends in the tail
        formula = re.split(r"(?<!\\)\$", tail, maxsplit=1)[0]
        tail = formula if formula.strip() and not words_of(formula) else tail
    braces = delimiters = 0
    for match in _BRACKET.finditer(tail):
        token = match.group()
        braces += (token == "{") - (token == "}")
        delimiters += (token in ("\\(", "\\[")) - (token in ("\\)", "\\]"))
        if braces < 0 or delimiters < 0:
            return tail[: match.start()]
    return tail


def _stated(tail: str, *, in_formula: bool) -> str | None:
    """The answer in what follows "the answer is": the clause itself where it is short, else the quantity in it.

    ``in_formula``: the tail is the rest of a formula or box.
    """
    opening = _OPENING.match(tail)
    tail = without_emphasis(tail[opening.end() :] if opening else tail)
    heading = opening is not None and "\n" in opening.group()
    first = next(enclosed_formulas(tail), None)
    if tail.startswith(("$$", "\\[")) and first and first.start() == 0:  # a displayed formula may take several lines
        return _opened(content(first))
    environment = _ENVIRONMENT.match(tail)
    if environment and not environment["values"]:  # a calculation in several lines
        return None
    clause = _trim(tail[: _end_of_clause(tail, in_formula=in_formula)])
    if not clause:
        return None
    if find_boxes(clause):
        return _opened(clause)
    option = re.match(r"\(?([A-J])\)?$", clause) or re.match(r"\\text\{\(?([A-J])\)?\}$", clause)
    if option:
        return option.group(1)
    words = words_of(clause)
    if _leads_on(tail.split("\n", 1)[0].rstrip(), heading=heading):
        return None
    quantity = last_quantity(clause)
    if _NOT_AN_ANSWER.match(clause):
        return quantity
    if judged := _YES_OR_NO.match(clause):
        return judged.group()
    if _IN_WORDS.match(clause) and len(words) <= _SHORT_CLAUSE_WORDS:
        return clause
    starts_with_quantity = bool(_QUANTITY_START.match(clause)) or (len(words) <= 1 and clause.isascii())
    if starts_with_quantity and len(words) <= _SHORT_CLAUSE_WORDS:
        return content(first) if first and first.span() == (0, len(clause)) else clause
    if quantity:
        return quantity
    return clause if len(words) <= _SHORT_WORDS else None


def _is_heading(rest: str, below: str) -> bool:
    """Whether a line with four hashes is Markdown's heading rather than GSM8K's answer, which has no text below it."""
    if re.match(r"\d+[.)]\s|\([a-z]{1,3}\)\s", rest):
        return True
    words, ends = words_of(rest), not below.strip()
    if re.match(r"[^\W\d_]", rest) and not re.search(r"[=^\\+({]", rest):
        return bool(words) or not ends
    return bool(words) and not ends


def _leads_on(line: str, *, heading: bool) -> bool:
    """Whether a line is no answer but leads to one: it ends in a colon, or is running text below a heading."""
    words = len(words_of(line))
    return (words > _HEADED_WORDS and (heading or line.endswith(":"))) or (heading and line.endswith((",", ":")))


def _end_of_clause(tail: str, *, in_formula: bool) -> int:
    """Where the sentence ends; a full stop inside a formula, or of a decimal, does not end it, nor a factorial."""
    spans = [match.span() for match in enclosed_formulas(tail)]
    spans += [match.span() for match in _ENVIRONMENT.finditer(tail)]
    for match in _CLAUSE_END.finditer(tail):
        if any(start < match.start() < end for start, end in spans):
            continue
        if match.group() == "!" and (in_formula or re.search(r"[\\^*·(/].*[\d)]$", tail[: match.start()])):
            continue
        return match.start()
    return len(tail)


def _opened(formula: str) -> str:
    """The content of a box in the formula, where there is one, without a label."""
    return _unlabelled(last_boxed(formula) or formula)


def _unlabelled(boxed: str) -> str:
    r"""What a box holds, without the label that some put into it: ``\boxed{\text{ANSWER: } 5}`` holds 5."""
    return _last_said(boxed, lines_only=False, boxed=True) or boxed if _LABEL_FIRST.match(boxed) else boxed


def _lone_letter(text: str) -> str | None:
    """A multiple-choice letter: the last line is nothing else, or the last "(B)" in the text."""
    last_line = text.strip().rsplit("\n", 1)[-1]
    alone = _LETTER.match(last_line)
    if alone:
        return alone.group(1)
    letters = _PARENTHESISED.findall(text)
    return letters[-1] if letters else None


def _trim(clause: str) -> str:
    clause = clause.strip().strip("*_`\"'").strip()
    if clause.endswith((".", ",", ";", ":", "。")):
        clause = clause[:-1].rstrip()
    return clause.strip("*_`\"'").strip()


_FINDERS: Mapping[str, Callable[[str], str | None]] = {
    "box": _last_box,
    "line": _last_line,
    "statement": _last_statement,
    "quantity": last_quantity,
    "letter": _lone_letter,
}
