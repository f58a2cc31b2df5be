"""The part of a completion that comes after its thinking.

Reasoning models write a long monologue before their answer, between two tags. Numbers and boxes in the monologue are
drafts, so extraction must not see them; and a completion cut off inside it has no answer at all, however many boxes
the draft holds.
"""

from __future__ import annotations

from collections.abc import Sequence

ThinkTags = Sequence[tuple[str, str]]

DEFAULT_THINK_TAGS: ThinkTags = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
)


def after_thinking(
    text: str, think_tags: ThinkTags = DEFAULT_THINK_TAGS, *, starts_in_thinking: bool = False
) -> str | None:
    """What follows the last end-of-thinking tag; None where the text ends inside its thinking.

    A text without any tag is returned whole, unless ``starts_in_thinking``: chat templates of many reasoning models
    put the start tag into the prompt, so that the completion holds at most the end tag, and none when it was cut off.
    """
    end = -1
    for _, end_tag in think_tags:
        at = text.rfind(end_tag)
        if at >= 0:
            end = max(end, at + len(end_tag))
    if end < 0 and starts_in_thinking:
        return None
    rest = text[max(end, 0) :]
    if any(start_tag in rest for start_tag, _ in think_tags):
        return None
    return rest
