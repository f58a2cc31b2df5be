"""The steps of an answer."""

from __future__ import annotations


def split_steps(text: str, delimiter: str) -> list[str]:
    """The steps of an answer; pieces without content, such as one after a final delimiter, are none."""
    return [step.strip() for step in text.split(delimiter) if step.strip()]
