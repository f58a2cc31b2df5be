"""Training examples for the policies: fresh attempts, and revisions with earlier attempts in context."""

from __future__ import annotations

from dataclasses import dataclass

from lab.students import Rates, attempt
from lab.tokenizer import ASSISTANT, BREAK, END, IDS, RETRY, USER, encode
from tts.benchmarks.arith import question_text
from tts.benchmarks.expressions import LEVELS, Expression, Stream, draw

REVISIONS = 0.10
"""Share of examples that are revisions."""
EARLIER = 4
"""Most attempts before a revision."""
REDRAW = 0.75
"""A right earlier attempt is drawn again with this probability, so most earlier attempts are wrong."""
CARE = 0.5
"""The revising student's rates of mistakes, relative to a fresh student's."""


@dataclass(frozen=True, slots=True)
class Example:
    """One sequence to learn from."""

    ids: list[int]
    start: int
    """Index of the first token that is learnt; everything before it is context."""


def question(expression: Expression) -> str:
    """The text of the problem, one line."""
    return f"Compute {expression.text}."


def prompt_ids(text: str) -> list[int]:
    """A question's tokens as the chat template renders them."""
    return [IDS[USER], *encode(text), IDS[ASSISTANT]]


def answer_ids(steps: list[str]) -> list[int]:
    """A solution's tokens, the end token last."""
    return [*encode(BREAK.join(steps)), IDS[END]]


def training_expression(stream: Stream) -> Expression:
    """A random expression from the training side of the split, all levels equally likely."""
    level = stream.between(LEVELS[0], LEVELS[-1])
    while (expression := draw(stream, level)).held_out:
        pass
    return expression


def example(stream: Stream, rates: Rates) -> Example:
    """Draw one training example."""
    expression = training_expression(stream)
    ids = prompt_ids(question_text(expression))
    if stream.chance(REVISIONS):
        right = expression.solution()[-1]
        for _ in range(stream.between(1, EARLIER)):
            steps = attempt(expression, stream, rates)
            if steps[-1] == right and stream.chance(REDRAW):
                steps = attempt(expression, stream, rates)
            ids += [*answer_ids(steps), IDS[RETRY]]
        rates = rates.scaled(CARE)
    return Example(ids + answer_ids(attempt(expression, stream, rates)), len(ids))


def batches(name: str, rates: Rates, examples: int, tokens: int) -> list[list[Example]]:
    """A pool of examples, a pure function of ``name``, cut into batches of alike lengths, in random order.

    A batch holds at most ``tokens`` tokens after padding.
    """
    stream = Stream(name)
    pool = sorted((example(stream, rates) for _ in range(examples)), key=lambda e: len(e.ids))
    cut: list[list[Example]] = [[]]
    for item in pool:
        if (len(cut[-1]) + 1) * len(item.ids) > tokens:
            cut.append([])
        cut[-1].append(item)
    for i in range(len(cut) - 1, 0, -1):
        j = stream.below(i + 1)
        cut[i], cut[j] = cut[j], cut[i]
    return cut
