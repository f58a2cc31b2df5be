r"""Whether two answers are the same: from the cheap questions to the dear ones.

`decide` answers what needs no parser (equal spelling, plain numbers, words, clock times) and runs in the parent
process; `equal` answers everything and belongs in a worker. Both are symmetric: reference and answer are treated alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tts.grading.boxes import last_boxed
from tts.grading.compare.names import (
    Named,
    base_name,
    is_equation,
    is_relation,
    same_function,
    same_left_side,
    same_name,
    split_name,
)
from tts.grading.compare.numbers import based_equal, numbers_equal, read_based, read_number
from tts.grading.compare.shapes import Parts, take_apart, unwrap
from tts.grading.extraction import extract_answer, states_answer
from tts.grading.markup import without_emphasis
from tts.grading.quantities import leading_quantity, set_off_by_words
from tts.grading.spelling import clean
from tts.grading.words import is_running_text, read_clock, read_letters, read_option, read_words

MAX_LENGTH = 2000
"""Characters beyond which an answer is compared by its spelling only: no reference is that long, and parsers are not
linear."""

_MAX_PARTS = 64
_MAX_DEPTH = 6
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


def decide(gold: str, answer: str) -> bool | None:
    """The verdict where no parser is needed, else None. Linear in the lengths, no imports: for the parent process."""
    if gold == answer:
        return True
    gold, answer = reduce(gold, answer)
    if max(len(gold), len(answer)) > MAX_LENGTH:
        return gold.split() == answer.split()
    clocks = read_clock(gold), read_clock(answer)
    if None not in clocks and _says_clock(gold + answer):
        return clocks[0] == clocks[1]
    a, b = cleaned(gold), cleaned(answer)
    if not a or not b:
        return a == b and gold.strip() == answer.strip()
    if a == b:
        return True
    return _decide_cleaned(a, b)


def equal(gold: str, answer: str) -> bool:
    """The verdict on any pair. Imports sympy, and may take arbitrarily long: for workers with a time limit."""
    decided = decide(gold, answer)
    if decided is not None:
        return decided
    a, b = (cleaned(side) for side in reduce(gold, answer))
    return _equal(a, b, 0)


@dataclass(frozen=True)
class Key:
    """The canonical value of an answer: answers with equal values are equal.

    Attributes:
        value: the value, as a string.
        kind: answers of one kind are equal only where their values are; None where the value does not decide alone
            (decimals, which may stand for other values, and percentages).
    """

    value: str
    kind: str | None


def plain_key(answer: str) -> Key | None:
    """The key of a plain number; None for anything else. Needs no parser."""
    number = read_number(cleaned(answer)) if len(answer) <= MAX_LENGTH else None
    if number is None:
        return None
    if number.percent:
        return Key(f"{number.value}%", None)
    return Key(f"={number.value}", "=" if number.unit is None else None)


def key(answer: str) -> Key | None:
    """The key of an answer, None where it has no canonical value. Imports sympy; for workers."""
    from tts.grading.compare import symbolic

    text = cleaned(answer)
    if not text or len(text) > MAX_LENGTH or "%" in text or read_words(text) or read_based(text) or read_option(text):
        return None
    if split_name(text) != Named(None, text) or take_apart(text):
        return None
    found = symbolic.key_of(text)
    if found is None:
        return None
    kind, value = found
    return Key(kind + value, None if re.search(r"\d\.\d", text) else kind)


@lru_cache(maxsize=65536)
def cleaned(text: str) -> str:
    """The answer in one spelling; of an answer longer than the limit only its outer spaces are dropped."""
    return clean(without_emphasis(text)) if len(text) <= MAX_LENGTH else text.strip()


def reduce(gold: str, answer: str) -> tuple[str, str]:
    """Both sides as bare answers: a box is opened, and a sentence that holds the answer is searched for it.

    Sentences are searched where they state the answer outright, or where the other side is short: against the
    reference "12", "so there are 12 of them" can only mean its number. Two sentences without a statement are compared
    as texts.
    """
    gold, answer = _unbox(gold), _unbox(answer)
    gold_is_prose, answer_is_prose = _is_prose(gold), _is_prose(answer)
    if gold_is_prose and (not answer_is_prose or states_answer(gold)):
        gold = _searched(gold)
    if answer_is_prose and (not gold_is_prose or states_answer(answer)):
        answer = _searched(answer)
    return gold, answer


def _searched(text: str) -> str:
    """The answer in running text: what it states, else the quantity that it begins with, else its last one."""
    stated = states_answer(text)
    return (None if stated else leading_quantity(text)) or extract_answer(text, think_tags=()) or text


def _unbox(text: str) -> str:
    text = without_emphasis(text)
    if "boxed" not in text and "fbox" not in text:
        return text
    text = re.sub(r"\\\\(?=f?box)", r"\\", text)
    return last_boxed(text) or text


def _is_prose(text: str) -> bool:
    """Running text around the answer: words outside of formulas, or text of a script without Latin letters."""
    if len(text) > 20_000:
        return True
    start = text[:2000]
    if set_off_by_words(text):
        return True
    return bool(
        (re.search(r"[\u0590-\u0dff\u3040-\u30ff\u4e00-\u9fff]", start) and re.search(r"\d", start))
        or (is_running_text(start) and re.search(r"\d|\\[a-z]", text))
        or states_answer(text)
    )


def _says_clock(text: str) -> bool:
    return re.search(r"[AaPp]\.?\s?[Mm]\b|:\d\d:\d\d", text) is not None


def _decide_cleaned(a: str, b: str) -> bool | None:
    """The verdict on two cleaned answers of different spelling by numbers and words alone, or None."""
    x, y = read_number(a), read_number(b)
    if x and y:
        return numbers_equal(x, y)
    base_a, base_b = read_based(a), read_based(b)
    if base_a and base_b:
        return based_equal(base_a, base_b)
    if base_a or base_b:
        based, other = (base_a, b) if base_a else (base_b, a)
        bare = other.replace("_{10}", "").upper().lstrip("0")
        return bool(based and based.digits == bare) or (None if "," in other or "=" in other else False)
    words_a, words_b = read_words(a), read_words(b)
    if words_a and words_b:
        return words_a == words_b or (len(words_a) == len(words_b) == 1 and read_letters(a) == read_letters(b))
    if (words_a or words_b) and _bare_words(a) == _bare_words(b) != ():
        return True
    options = _options_equal(a, b)
    if options is not None:
        return options
    if (x or y) and _DECIMAL_COMMA.fullmatch(b if x else a):
        point = read_number((b if x else a).replace(",", "."))
        number = x or y
        return bool(point and number and number.unit is not None and numbers_equal(point, number)) or None
    return None


def _bare_words(text: str) -> tuple[str, ...]:
    r"""Letters as words even where they might be variables: beside ``\text{Yes}``, ``yes`` is a word."""
    return (
        read_words(rf"\text{{{read_letters(text)}}}") or ()
        if re.fullmatch(r"[A-Za-z ]{2,}|\\text\s?\{[^{}]*\}", text)
        else ()
    )


def _options_equal(a: str, b: str) -> bool | None:
    """``(B) 12`` is the option B and also the value 12; letters compare as letters, whatever their font and
    brackets."""
    letter_a, letter_b = read_letters(a), read_letters(b)
    if letter_a == letter_b and letter_a:
        return True
    option_a, option_b = read_option(a), read_option(b)
    if option_a and option_b:
        return option_a[0] == option_b[0]
    option, letter = (option_a, letter_b) if option_a else (option_b, letter_a)
    if option is None or not re.fullmatch("[A-J]", letter):
        return None
    return option[0] == letter


def _equal(a: str, b: str, depth: int) -> bool:
    if a == b:
        return True
    decided = _decide_cleaned(a, b)
    if decided is not None:
        return decided
    if depth > _MAX_DEPTH or not a or not b:
        return False
    for text, other in ((a, b), (b, a)):
        option = read_option(text)
        if option and option[1]:
            return _equal(clean(option[1]), other, depth + 1)
    parts_a, parts_b = take_apart(a), take_apart(b)
    if parts_a and parts_b and _parts_equal(parts_a, parts_b, depth):
        return True
    if not parts_a and not parts_b and (unwrap(a), unwrap(b)) != (a, b):
        return _equal(unwrap(a), unwrap(b), depth + 1)
    named_a, named_b = split_name(a), split_name(b)
    if (not parts_a and not parts_b) or (named_a.name or named_b.name):
        named = _named_equal(named_a, named_b, a, b, depth)
        if named is not None:
            return named
    if parts_a and parts_b:
        return False
    if parts_a or parts_b:
        parts, other = (parts_a, b) if parts_a else (parts_b, a)
        if parts and len(parts.items) == 1:
            return _equal(parts.items[0], other, depth + 1)
    return _formulas_equal(a, b)


def _named_equal(named_a: Named, named_b: Named, a: str, b: str, depth: int) -> bool | None:
    """The verdict by names and values; None where neither side has a name."""
    if named_a.name is None and named_b.name is None:
        if (named_a.value, named_b.value) != (a, b):
            return _equal(named_a.value, named_b.value, depth + 1)
        right_sides = same_left_side(a, b)
        return _equal(*right_sides, depth + 1) if right_sides else None
    if named_a.name is None or named_b.name is None:
        unnamed = named_a if named_a.name is None else named_b
        if is_relation(unnamed.value) or (is_equation(unnamed.value) and not take_apart(unnamed.value)):
            return None  # a relation on the other side, too: y = 2x against 2x - y = 0
        return _equal(named_a.value, named_b.value, depth + 1)
    if same_name(named_a.name, named_b.name):
        return _equal(named_a.value, named_b.value, depth + 1)
    for member, whole in ((named_b, a), (named_a, b)):
        if is_relation(whole) and not is_relation(member.value) and "=" not in a + b:
            return _formulas_equal(whole, member.value)  # |x| < 1 against x \in (-1, 1)
    values = same_function(named_a, named_b)
    return _equal(*values, depth + 1) if values else None


def _parts_equal(a: Parts, b: Parts, depth: int) -> bool:
    items_a, items_b = _distinct(a), _distinct(b)
    if len(items_a) != len(items_b) or len(items_a) > _MAX_PARTS or ("matrix" in (a.kind, b.kind) and a.kind != b.kind):
        return False
    if a.kind in ("list", "set") and b.kind in ("list", "set") and not _names_order(items_a, items_b):
        return _same_in_some_order(items_a, items_b, depth)
    if a.brackets and b.brackets and len(items_a) == 2 and a.brackets != b.brackets:  # [1,2) is no (1,2)
        return False
    if not all(parts.brackets in ("", "()", "[]", "||") for parts in (a, b)) and a.brackets != b.brackets:
        return False
    return all(_equal(x, y, depth + 1) for x, y in zip(items_a, items_b, strict=True))


def _distinct(parts: Parts) -> tuple[str, ...]:
    """In a set or a list of answers a repeated item says nothing new."""
    return (
        tuple(dict.fromkeys(map(clean, parts.items)))
        if parts.kind in ("list", "set")
        else tuple(map(clean, parts.items))
    )


def _names_order(items_a: tuple[str, ...], items_b: tuple[str, ...]) -> bool:
    """Bare values against values of different names ("x=1, y=2") go by order: it says which value is whose."""
    names_a, names_b = ([split_name(item).name for item in items] for items in (items_a, items_b))
    if any(names_a) == any(names_b):
        return False
    names = [name for name in (names_a if any(names_a) else names_b) if name]
    return len({base_name(name) for name in names}) > 1


def _same_in_some_order(items_a: tuple[str, ...], items_b: tuple[str, ...], depth: int) -> bool:
    left = list(items_b)
    for item in items_a:
        found = next((index for index, other in enumerate(left) if _equal(item, other, depth + 1)), None)
        if found is None:
            return False
        del left[found]
    return True


def _formulas_equal(a: str, b: str) -> bool:
    from tts.grading.compare import symbolic

    for text, other in ((a, b), (b, a)):
        number = read_number(text)
        if number and number.unit is not None and symbolic.decimal_shows(number, other):
            return True
    return symbolic.formulas_equal(a, b)
