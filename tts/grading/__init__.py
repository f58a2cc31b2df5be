"""Grading: what a completion answers, whether that equals the reference, and which answers are the same.

    answer = extract_answer(completion)            # "\\frac{1}{2}", or None
    is_equivalent("0.5", answer)                   # True
    with Grader(workers=2) as grader:
        grader.equivalent("0.5", answer)           # Verdict(equal=True, outcome="ok")
        grader.classify(["1/2", "0.5", None, "2"]) # labels (0, 0, -1, 1)

Importing this loads no sympy: that happens in worker processes. What counts as equal is told in docs/grading.md.
"""

from tts.grading.checker import Checked, Checker
from tts.grading.equivalence import GRADER_VERSION, is_equivalent
from tts.grading.extraction import extract_answer
from tts.grading.forms import ANSWER_FORMS, check_forms, forms_for
from tts.grading.grader import Classes, Grader, Verdict
from tts.grading.service import EQUIVALENCE, Checkers, Gradable, Graded, Grading, Settled
from tts.grading.thinking import after_thinking, first_think_tag, opened_thinking
from tts.grading.workers import Call, CallFailedError, Runner, WorkerError, shared_pool

__all__ = [
    "ANSWER_FORMS",
    "EQUIVALENCE",
    "GRADER_VERSION",
    "Call",
    "CallFailedError",
    "Checked",
    "Checker",
    "Checkers",
    "Classes",
    "Gradable",
    "Graded",
    "Grader",
    "Grading",
    "Runner",
    "Settled",
    "Verdict",
    "WorkerError",
    "after_thinking",
    "check_forms",
    "extract_answer",
    "first_think_tag",
    "forms_for",
    "is_equivalent",
    "opened_thinking",
    "shared_pool",
]
