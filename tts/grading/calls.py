"""What a worker computes for the grader: equality and canonical values of answers, by math-verify and sympy."""

from __future__ import annotations

from tts.grading import compare

_WARMING = (
    (r"\frac{x+1}{\sqrt{2}}", "(1+x) 2^{-1/2}"),
    (r"x^2 \leq 1", "[-1,1]"),
    ("x+2y=3", r"y=\frac{3-x}{2}"),
    (r"(0,1) \cup (1,2)", r"(0,2)"),
    (r"\sum_{k=1}^n k", r"\log_2 3"),
)


def warm() -> None:
    """Build the tables that first calls build, so that no pair pays for them."""
    for gold, answer in _WARMING:
        compare.equal(gold, answer)


def equal(gold: str, answer: str) -> bool:
    """Whether an answer equals a reference."""
    return compare.equal(gold, answer)


def key(answer: str) -> tuple[str, str | None] | None:
    """Value and kind of an answer; None where it has no canonical value."""
    found = compare.key(answer)
    return None if found is None else (found.value, found.kind)
