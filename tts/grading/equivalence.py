"""One pair, one verdict: the function for callers without a `Grader`."""

from __future__ import annotations

from functools import lru_cache

from tts.grading.compare import decide
from tts.grading.grader import Verdict, ask_equal
from tts.grading.workers import shared_pool

GRADER_VERSION = "1"
"""Raised with every change that can change a verdict: verdicts of another version do not count, and are made anew."""

_REMEMBERED = 16384


def is_equivalent(gold: str, answer: str | None, *, timeout_s: float = 2.0) -> bool:
    r"""Whether an answer is mathematically equal to the reference; None is never equal.

    Either side may be a bare answer or a text that ends in one (a box, a statement). Most pairs are decided at once;
    the others go to worker processes that all callers of this process share, and that live until it ends. A worker
    that exceeds the limit is killed and replaced.

    Args:
        gold: the reference.
        answer: what `extract_answer` returned.
        timeout_s: seconds that the comparison may take; after that the answer counts as unequal. The start of the
            first worker (about a second) is not counted.

    Raises:
        TtsError: a worker does not start.
    """
    if answer is None:
        return False
    decided = decide(gold, answer)
    return _graded(gold, answer, timeout_s).equal if decided is None else decided


@lru_cache(maxsize=_REMEMBERED)
def _graded(gold: str, answer: str, timeout_s: float) -> Verdict:
    return ask_equal(shared_pool(), gold, answer, timeout_s)
