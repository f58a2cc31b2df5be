"""How the answers of samples made elsewhere are found: their prompts are known in part only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tts.core import THINK_TAGS, ThinkTags, UsageError
from tts.grading import after_thinking, check_forms, first_think_tag

NOTHING = "none"
"""Said for no tags."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the user says of it; None where nothing is said."""

    answer_forms: tuple[str, ...] | None = None
    """In which order to look for answers; None: as the prompts ask."""
    think_tags: tuple[tuple[str, str], ...] | None = None
    """Tags around thinking; None: all that are known."""
    opens: str | None = None
    """The start tag that the prompts ended in, empty where they did in none; None: told by the texts."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Thinking that the prompts opened."""

    start: str
    """Its start tag."""
    end: str
    inferred: bool
    """Whether the texts told it, not the user."""
    cut: int
    """Texts that never end it."""


def parse_reading(answer_forms: str | None, think_tags: Sequence[str], opens: str | None) -> Reading:
    """What the flags say. Raises UsageError."""
    forms = None if answer_forms is None else [form.strip() for form in answer_forms.split(",")]
    return Reading(
        None if forms is None else check_forms(forms, "--answer-forms"),
        _pairs(think_tags),
        "" if opens == NOTHING else opens,
    )


def _pairs(given: Sequence[str]) -> tuple[tuple[str, str], ...] | None:
    """Tags of ``START,END`` each."""
    if not given or list(given) == [NOTHING]:
        return () if given else None
    pairs = []
    for one in given:
        start, comma, end = one.partition(",")
        if not (start and comma and end) or "," in end:
            raise UsageError(
                f"--think-tags: found {one!r}, expected START,END, for instance '<think>,</think>', or {NOTHING}"
            )
        pairs.append((start, end))
    return tuple(pairs)


def opened_thinking_of(texts: Iterable[str], reading: Reading) -> Opened | None:
    """The thinking that the prompts of all texts opened, where one says so or where the texts show it.

    They do where some end a thinking that they never began, and none begins one.
    """
    texts = [text for text in texts if text.strip()]
    tags = THINK_TAGS if reading.think_tags is None else reading.think_tags
    pair = _told(texts, tags) if reading.opens is None else _named(reading.opens, tags)
    if pair is None:
        return None
    cut = sum(after_thinking(text, (*tags, pair), starts_in_thinking=True) is None for text in texts)
    return Opened(*pair, inferred=reading.opens is None, cut=cut)


def _named(start: str, tags: ThinkTags) -> tuple[str, str] | None:
    """The tags that begin with ``start``; one that is not known is ended as XML does."""
    if not start:
        return None
    known = next((pair for pair in tags if pair[0] == start), None)
    return known or (start, f"{start[0]}/{start[1:]}")


def _told(texts: Sequence[str], tags: ThinkTags) -> tuple[str, str] | None:
    first = [found for text in texts if (found := first_think_tag(text, tags))]
    return None if not first or any(starts for _, starts in first) else first[0][0]
