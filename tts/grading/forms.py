r"""The forms in which completions state their answers, and which of them a prompt asks for.

- ``box``: the last ``\boxed{}``;
- ``line``: what the text marks as its answer: "ANSWER: 12" (also "Final answer: 12", "**Answer:** 12"), GSM8K's
  ``#### 12``, ``<answer>12</answer>``;
- ``statement``: a line as above, or a sentence ("the answer is 12", "option (B)"), whichever comes last;
- ``quantity``: the formula or plain number that ends last;
- ``letter``: a lone multiple-choice letter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts.core import UsageError, did_you_mean

ANSWER_FORMS = ("box", "line", "statement", "quantity", "letter")
"""Every form by name."""
DEFAULT_FORMS = ("box", "statement", "quantity", "letter")
"""The order in which a text is searched where nothing else is said."""
LINE_FORMS = ("line", *DEFAULT_FORMS)
"""The order where the prompt asks for a line such as "ANSWER: 12"."""

_BOX = re.compile(r"\\f?boxed\b|\\fbox\b|\bboxed\b", re.IGNORECASE)
_NO_BOX = re.compile(r"\b(?:not|n['’]t|without|no|never|instead\s+of|rather\s+than)\b[^.\n]{0,40}$", re.IGNORECASE)
_LABEL = r"(?:final\s+)?answer\s*[:：]"
_LINE = re.compile(
    "|".join(
        (
            rf"""[$<\[{{("'“‘`*]\s*{_LABEL}""",  # in quotes or brackets: "Answer: ..."
            rf"""\b{_LABEL}\s*[*_`"'”]*\s*[$<\[{{(\\]\s*\\?[A-Za-z]""",  # before a placeholder: Answer: $ANSWER
            rf"\b(?:after|form(?:at)?|says?|saying|reads?|reading|with|by|like|as)\s+(?:this\s*:?\s*)?{_LABEL}",
            r"""^\s*####|["'`]####|####\s*[<$\[{]""",
            r"<answer>",
        )
    ),
    re.IGNORECASE | re.MULTILINE,
)


def forms_for(prompt: str) -> tuple[str, ...]:
    """The order that a prompt asks for: LINE_FORMS where it wants a line with a label and no box, else DEFAULT_FORMS.

    ``prompt``: all that the model is told, worked examples included.
    """
    boxed = any(not _NO_BOX.search(prompt[: match.start()][-60:]) for match in _BOX.finditer(prompt))
    return DEFAULT_FORMS if boxed or not _LINE.search(prompt) else LINE_FORMS


def check_forms(forms: Sequence[str], field: str) -> tuple[str, ...]:
    """The forms as given. ``field``: where they were written, for the message of the UsageError."""
    expected = f"expected some of {', '.join(ANSWER_FORMS)} in the order in which to look"
    if not forms:
        raise UsageError(f"{field}: found none, {expected}")
    for form in forms:
        if form not in ANSWER_FORMS:
            raise UsageError(f"{field}: unknown form {form!r}{did_you_mean(form, ANSWER_FORMS)}; {expected}")
        if list(forms).count(form) > 1:
            raise UsageError(f"{field}: {form!r} stands there twice; leave one out")
    return tuple(forms)
