r"""One spelling for what is written in many: LaTeX cosmetics, units, currencies, and the like.

Answers are compared by their value, but a parser first has to read them. Each rule below undoes one habit of writing
and says why that is safe. The rules only respell: none of them looks at the other answer, and none can make two
different values the same, apart from the two conventions of the field that are named where they stand (units and
currency signs carry no value).

Everything here is linear in the length of the text and imports nothing but `re`, so that it also runs in the parent
process.
"""

from __future__ import annotations

import re

_CONTROL = {"\f": r"\f", "\b": r"\b", "\t": r"\t", "\r": r"\r", "\a": r"\a", "\v": r"\v"}
_BROKEN_ESCAPE = re.compile(
    r"[\f\x08\t\r\a\v](?=(?:rac|box|eta|egin|inom|ar|oxed|ext|imes|heta|an|au|frac|riangle|ight|ho|lpha|pprox|ngle|ec|ee|dfrac)\b"
    r"|(?:rac|ext|oxed|egin|box|inom)\{)"
)
_UNICODE = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "—": "-",
        "﹣": "-",
        "－": "-",
        "×": r"\times ",
        "⋅": r"\cdot ",
        "·": r"\cdot ",
        "÷": "/",
        "∕": "/",
        "⁄": "/",
        "π": r"\pi ",
        "∞": r"\infty ",
        "≤": r"\leq ",
        "≥": r"\geq ",
        "≠": r"\neq ",
        "≈": r"\approx ",
        "±": r"\pm ",
        "∪": r"\cup ",
        "∩": r"\cap ",
        "∈": r"\in ",
        "∅": r"\emptyset ",
        "°": r"^{\circ}",
        "²": "^{2}",
        "³": "^{3}",
        "θ": r"\theta ",
        "α": r"\alpha ",
        "β": r"\beta ",
        "φ": r"\phi ",
        "λ": r"\lambda ",
        "ω": r"\omega ",
        "⟨": r"\langle ",
        "⟩": r"\rangle ",
        "½": r"\frac{1}{2}",
        "¼": r"\frac{1}{4}",
        "¾": r"\frac{3}{4}",
        "⅓": r"\frac{1}{3}",
        "⅔": r"\frac{2}{3}",
        "％": "%",
        "，": ",",
        "：": ":",
        "；": ";",
        "（": "(",
        "）": ")",
        "［": "[",
        "］": "]",
        "＝": "=",
        "＋": "+",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "′": "'",
        "’": "'",
        "“": '"',
        "”": '"',
    }
)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u200b-\u200f\u2060\ufeff]")

_SUBSTITUTIONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # A comma with a negative space, or in braces, is typeset as a thousands separator on purpose.
        (r"(?<=\d),\s?\\!\s?(?=\d{3})", ""),
        (r"(?<=\d)\s?\{\s?,\s?\}\s?(?=\d{3})", ""),
        (r"(?<=\d)\\,(?=\d{3}(?!\d))", ""),
        (r"(?<!\\)\\!", ""),
        # Sizes, styles and spaces change how a formula looks, never what it says.
        (
            r"\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits|mleft|mright)(?![A-Za-z])\s?\.?(?<!\d\.)",
            "",
        ),
        (r"(?<!\\)\\[,;:> ]|\\q?quad(?![A-Za-z])|\\(?:thin|med|thick)space(?![A-Za-z])|~", " "),
        (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        (
            r"\\(?:text(?:bf|it|rm|normal|sf|tt)|mbox|hbox|math(?:rm|bf|it|sf|tt)|operatorname\*?|rm|bf)(?=\s?\{)",
            r"\\text",
        ),
        (r"\{\\(?:rm|bf|it) ", r"\\text{"),
        (r"\\(?:lvert|rvert|vert)(?![A-Za-z])", "|"),
        (r"\\(?:lbrace)(?![A-Za-z])", r"\\{"),
        (r"\\(?:rbrace)(?![A-Za-z])", r"\\}"),
        (r"\\(?:le|leqslant)(?![A-Za-z])|<=", r"\\leq "),
        (r"\\(?:ge|geqslant)(?![A-Za-z])|>=", r"\\geq "),
        (r"\\lt(?![A-Za-z])", "<"),
        (r"\\gt(?![A-Za-z])", ">"),
        (r"\\ne(?![A-Za-z])|!=", r"\\neq "),
        (r"\\(?:thickapprox|simeq)(?![A-Za-z])", r"\\approx "),
        (r"\\(?:varnothing)(?![A-Za-z])", r"\\emptyset "),
        (r"(?<![A-Za-z\\])(?:infinity|inf)(?![A-Za-z])", r"\\infty "),
        (r"\\infin(?![A-Za-z])", r"\\infty "),
        (r"\\degrees?(?![A-Za-z])|\^\{?\s?\\circ\s?\}?", r"^{\\circ}"),
        (r"\\%", "%"),
        (r"\s?(?:\\text\s?\{\s?(?:percentage|percent|pct)\s?\}|\b(?:percentage|percent|pct)\b)", "%"),
        # A number in a text font is a number.
        (r"\\text\s?\{\s?(\(?[-+]?[\d.,/ ]*\d\)?)\s?\}", r"\1"),
        # \frac12 and \sqrt3 take one token each, and so do \frac 12 and \sqrt 3.
        (r"\\frac\s?([0-9A-Za-z])\s?([0-9A-Za-z])", r"\\frac{\1}{\2}"),
        (r"\\frac\s?([0-9A-Za-z])\s?\{", r"\\frac{\1}{"),
        (r"(\\frac\s?\{[^{}]*\})\s?([0-9A-Za-z])", r"\1{\2}"),
        (r"\\frac\s+\{", r"\\frac{"),
        (r"(\\frac\{[^{}]*\})\s+\{", r"\1{"),
        (r"\\sqrt\s?([0-9A-Za-z])", r"\\sqrt{\1}"),
        (r"(?<![A-Za-z\\])sqrt\s?\(([^()]*)\)", r"\\sqrt{\1}"),
        (r"(?<![A-Za-z\\])pi(?![A-Za-z])", r"\\pi "),
        # 4.5e7, as programs print it.
        (r"(?<![A-Za-z0-9.])(\d+(?:\.\d*)?|\.\d+)[eE]([-+]?\d{1,4})(?![A-Za-z0-9.])", r"\1 \\times 10^{\2}"),
        (r"\\cdot(?=\s?10\^)", r"\\times"),
        (r"\*\*", "^"),
        # A point without a digit before it.
        (r"(?<![\d.A-Za-z}])\.(?=\d)", "0."),
        (r"\s+", " "),
    )
)

_CURRENCY = re.compile(r"\\\$|[$€£¥₹]|\\(?:euro|pounds|texteuro)(?![A-Za-z])|\b(?:USD|EUR|Rs\.?)(?=\s?\d)")
_MATH_MARKS = re.compile(r"(?<!\\)\\[()\[\]](?!\w)|(?<!\\)\\[(\[]")
_BOUNDARY = re.compile(r"^[\s*_`\"',;:]+|[\s*_`\"',;:]+$")
_EMPTY_TEXT = re.compile(r"\\text\s?\{\s?\}")
_DOUBLED = re.compile(r"\\\\(?=[A-Za-z{}$%(),!])")
_ROWS = re.compile(r"\\begin\{(?:[pbvBV]?matrix|smallmatrix|array|cases|aligned|align\*?)\}")

_TEXT_UNIT = re.compile(
    r"(?<=[\d})\]a-z%!|])\s*\\text\s?\{(?P<words>[^{}]*)\}(?:\s?\^\s?(?:\{\s?-?\d\s?\}|\d))?\s?\.?$"
)
_UNIT_NAMES = (
    "mm|cm|dm|km|ft|in|inch|inches|yd|mi|mph|kph|kmh|mg|kg|lb|lbs|oz|ml|mL|cl|gal|hr|hrs|min|mins|sec|secs|ms|Hz|kHz|MHz|kW|MW|"
    "kJ|eV|keV|MeV|GeV|Pa|kPa|mol|rad|deg|sq|cu|rpm|yr|yrs|nm|pm|am|a\\.m\\.|p\\.m\\.|cents?|dollars?|degrees?|units?"
)
_SHORT_UNIT = re.compile(
    rf"(?<=[\d}})])\s*(?:{_UNIT_NAMES})(?:\s?/\s?[A-Za-z]+)?(?:\s?\^\s?(?:\{{\s?-?\d\s?\}}|-?\d))?\.?$"
)
_SPACED_LETTER_UNIT = re.compile(r"(?<=\d)\s(?:[mgshLNJWVKA])(?:\s?\^\s?(?:\{\s?-?\d\s?\}|-?\d))?$")
_WORD_UNIT = re.compile(r"(?<=[\d})])(?<!\^)\s*(?:(?:[A-Za-z]{3,}|of|in|a|an)\b(?:\s?\^\s?\d)?[\s./-]*)+$")
_NOT_A_UNIT = re.compile(r"\b(?:and|or|if|when|where|for|not|mod|sin|cos|tan|log|exp|sqrt|pi|infty|inf|is|are)\b")
_TRIG = re.compile(r"\\?(?:sin|cos|tan|cot|sec|csc)(?![A-Za-z])")
_DEGREES = re.compile(r"(\d+(?:\.\d+)?)\s?\^\{\\circ\}")
_THOUSANDS = re.compile(r"(?<![\d.,])([1-9]\d{0,2}(?:,\d{3})+)(?![\d,])")
_SPACED_THOUSANDS = re.compile(r"^([-+]?\d{1,3}(?: \d{3})+)((?:\.\d+)?)$")
_MIXED = re.compile(r"(?<![\d.}\w\\^])(\d+)\s?\\frac\{(\d+)\}\{(\d+)\}")
_MIXED_SLASH = re.compile(r"^([-+]?)(\d+)\s(\d+)\s?/\s?(\d+)$")


def clean(text: str) -> str:
    """The answer in the one spelling: see the module's rules. Same value, or text that is no formula and is left
    alone."""
    text = _mend(text)
    marked = "$" in text
    text = _CURRENCY.sub("", text)
    text = _MATH_MARKS.sub(" ", text) if marked or "\\(" in text or "\\[" in text else text
    for pattern, replacement in _SUBSTITUTIONS:
        text = pattern.sub(replacement, text)
    text = _trim(_EMPTY_TEXT.sub("", text))
    text = _drop_unit(text)
    text = _read_degrees(text)
    return _trim(_read_mixed(_join_thousands(text)))


def _mend(text: str) -> str:
    r"""Undo damage by other programs: ``\frac`` unescaped into a form feed and ``rac``, or every backslash doubled."""
    text = _BROKEN_ESCAPE.sub(lambda match: _CONTROL[match.group()], text)
    text = _UNPRINTABLE.sub("", text.translate(_UNICODE))
    runs = re.findall(r"\\+", text)
    if all(len(run) % 2 == 0 for run in runs) and re.search(r"\\\\[A-Za-z]{2,}", text):
        text = text.replace("\\\\", "\\")
    if not _ROWS.search(text):
        text = _DOUBLED.sub(r"\\", text)
    return text


def _trim(text: str) -> str:
    """Without spaces, emphasis, quotes, and the punctuation that the sentence around the answer left at its ends."""
    text = _BOUNDARY.sub("", text)
    while text.endswith((".", "\\")) and not text.endswith(("\\\\", "..")):
        text = text[:-1].rstrip()
    return _BOUNDARY.sub("", text) if text[-1:] in "'" and text.count("'") == 1 and len(text) > 3 else text


def _drop_unit(text: str) -> str:
    r"""Without a unit at the end: ``5 \text{ cm}^2``, ``5 cm``, ``5 square units``, ``5 apples``.

    A convention of this field (references carry units or not, by chance): two lengths in different units compare by
    their numbers. A single letter is a unit only within ``\text{}`` or after a space (``5 m``): ``5m`` is a product.
    """
    for _ in range(2):  # "5 cm \text{ (approximately)}": at most two
        for pattern in (_TEXT_UNIT, _SHORT_UNIT, _SPACED_LETTER_UNIT, _WORD_UNIT):
            match = pattern.search(text)
            if match and not _NOT_A_UNIT.search(match.group()) and _is_quantity(text[: match.start()]):
                text = text[: match.start()].rstrip()
                break
    return text


def _is_quantity(text: str) -> bool:
    r"""Something with a value stands here: a digit or a command, and the braces are even (no ``\text{5 cm}`` cut in
    two)."""
    return (
        bool(re.search(r"\d|\\[a-z]{2,}|^[a-z]$", text)) and text.count("{") == text.count("}") and "\\text" not in text
    )


def _read_degrees(text: str) -> str:
    r"""A degree sign is a unit, and dropped, except in an angle that a function takes: there it is a factor of
    pi/180."""
    if "\\circ" not in text:
        return text
    if _TRIG.search(text):
        return _DEGREES.sub(r"(\1\\pi/180)", text)
    return text.replace("^{\\circ}", "")


def _join_thousands(text: str) -> str:
    """``1,234,567`` is one number where it stands alone; within brackets commas separate."""
    spaced = _SPACED_THOUSANDS.match(text)
    if spaced:
        return spaced.group(1).replace(" ", "") + spaced.group(2)
    if re.search(r"[(\[{|]", text) and not re.match(r"^[-+]?\d{1,3}(?:,\d{3})+", text):
        return text
    if re.search(r",\s|,(?!\d{3}(?!\d))", text):  # "1,234, 5": some commas separate, so all may
        return text
    return _THOUSANDS.sub(lambda match: match.group().replace(",", ""), text)


def _read_mixed(text: str) -> str:
    r"""``2\frac{1}{3}`` and ``2 1/3`` are mixed numbers; a product of a number and a proper fraction is written with a
    sign."""

    def as_sum(match: re.Match[str]) -> str:
        whole, over, under = match.groups()
        proper = len(under) <= 6 and 0 < int(over) < int(under)
        return rf"({whole}+\frac{{{over}}}{{{under}}})" if proper else match.group()

    text = _MIXED.sub(as_sum, text)
    slash = _MIXED_SLASH.match(text)
    if slash and len(slash.group(4)) <= 6 and 0 < int(slash.group(3)) < int(slash.group(4)):
        sign, whole, over, under = slash.groups()
        return rf"{sign}({whole}+\frac{{{over}}}{{{under}}})"
    return text
