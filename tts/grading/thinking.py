"""The part of a completion that comes after its thinking.

Reasoning models write a long monologue before their answer, between two tags. Numbers and boxes in the monologue are
drafts, so extraction must not see them; and a completion cut off inside it has no answer at all, however many boxes
the draft holds.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tts.core import THINK_TAGS, ThinkTags

_ELEMENT = re.compile(r"<(/?)([\w:]+)>")
_MARKUP = re.compile(r"[<>\[\]|◁▷]")
_HARMONY = "<|channel|>analysis<|message|>"
_STRIPPED_HARMONY = re.compile(r"analysis(?=[^\sa-z])")

# A tag that stands in no table, at the end of a prompt; and the names of what else ends a prompt.
_LAST_TAG = re.compile(r"<([A-Za-z_][\w:.-]{0,40})>$|\[([A-Z][A-Z_]{2,40})\]$")
_NO_THINKING = re.compile(
    r"(?:final_?)?(?:answer|response|output|result|solution)|assistant|user|human|model|bot|system|gpt|ai|s|bos|eos|sep"
    r"|inst|sys|start_of_turn|end_of_turn|message|turn",
    re.IGNORECASE,
)


def after_thinking(text: str, think_tags: ThinkTags = THINK_TAGS, *, starts_in_thinking: bool = False) -> str | None:
    """What follows the last end-of-thinking tag; None where the text ends inside its thinking.

    Where nothing follows that tag, what stands outside of the thinking. A text without any tag is returned whole,
    unless ``starts_in_thinking``: chat templates of many reasoning models put the start tag into the prompt, so that
    the completion holds at most the end tag, and none when it was cut off.
    """
    if any(start == _HARMONY for start, _ in think_tags) and _STRIPPED_HARMONY.match(text):  # special tokens were lost
        return after_thinking(text, [("assistantanalysis", "assistantfinal")], starts_in_thinking=True)
    inside, last = starts_in_thinking, 0
    outside: list[str] = []
    for match in _tags_in(text, think_tags):
        starts = match.lastgroup == "start"
        if starts and not inside:
            outside.append(text[last : match.start()])
        elif not starts and not inside:  # an end without a start: the prompt had it
            outside.clear()
        inside, last = starts, match.end()
    if inside:
        return None
    rest = text[last:]
    return rest if rest.strip() else "".join(outside)


def opened_thinking(prompt: str, question: str, think_tags: ThinkTags = THINK_TAGS) -> tuple[str, str] | None:
    """The tags of the thinking that a rendered prompt opens for its completion; None where it opens none.

    Tags within ``question``, the user's last message, are the question's own, but for one that ends the prompt. A
    model's template may open a tag that is not in ``think_tags``, such as ``<ponder>``: then ``</ponder>`` ends it.
    Without ``think_tags`` nothing is thinking.
    """
    if not think_tags:
        return None
    prompt, question = prompt.rstrip(), question.strip()
    added = prompt.rpartition(question)[2] if question and question in prompt else ""
    last = list(_tags_in(added, think_tags))[-1:]
    opening = last[0].group().lower() if last and last[0].lastgroup == "start" else None
    for start, end in think_tags:
        if prompt.endswith(start) or start.lower() == opening:
            return start, end
    unknown = _LAST_TAG.search(prompt[-60:])
    if unknown is None or _NO_THINKING.fullmatch(unknown[1] or unknown[2]):
        return None
    return (f"<{unknown[1]}>", f"</{unknown[1]}>") if unknown[1] else (f"[{unknown[2]}]", f"[/{unknown[2]}]")


def first_think_tag(text: str, think_tags: ThinkTags = THINK_TAGS) -> tuple[tuple[str, str], bool] | None:
    """The tags of which one stands first in a text, and whether it is their start; None where there is none.

    A text whose first tag is an end never began its thinking: its prompt did.
    """
    matches = _tags_in(text, think_tags)
    if not matches:
        return None
    first, starts = matches[0], matches[0].lastgroup == "start"
    for pair in think_tags:
        tag = pair[0] if starts else pair[1]
        if re.fullmatch(re.escape(tag[0]) + _rest(tag), first.group()):
            return pair, starts
    return None


def _tags_in(text: str, think_tags: ThinkTags) -> list[re.Match[str]]:
    """The tags of a text in order, each in the group ``start`` or ``end``."""
    patterns = _patterns(tuple((start, end) for start, end in think_tags))
    matches = [match for first, pattern in patterns if first in text for match in pattern.finditer(text)]
    return sorted(matches, key=lambda match: match.start())


@lru_cache(maxsize=64)
def _patterns(think_tags: tuple[tuple[str, str], ...]) -> list[tuple[str, re.Pattern[str]]]:
    """By their first character, what finds tags: so a text is searched at the speed of finding that character.

    A start in plain words counts at a prompt's end only: others may say "here is my thought process:", too.
    """
    tags = {end: "end" for _, end in think_tags} | {start: "start" for start, _ in think_tags if _MARKUP.search(start)}
    patterns = []
    for first in dict.fromkeys(tag[0] for tag in tags):
        rests = {
            kind: [_rest(tag) for tag, k in tags.items() if tag[0] == first and k == kind] for kind in ("end", "start")
        }
        groups = "|".join(f"(?P<{kind}>{'|'.join(options)})" for kind, options in rests.items() if options)
        patterns.append((first, re.compile(re.escape(first) + f"(?:{groups})")))
    return patterns


def _rest(tag: str) -> str:
    """A tag without its first character; one such as ``<think>`` in any case, spaced, or with a suffix."""
    element = _ELEMENT.fullmatch(tag)
    if not element:
        return re.escape(tag[1:])
    return rf"{element[1]}(?i:{re.escape(element[2])})(?::[^\s<>]{{1,40}})?\s?>"
