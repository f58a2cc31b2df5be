"""How well the grader agrees with labels that others gave: ``python -m lab.agreement FOLDER``.

FOLDER holds ``answer_equivalence.jsonl``, ``samples/gsm8k_openai_model_solutions.jsonl`` and
``samples/qwen25math_100x8_rm_scored.jsonl``; docs/grading.md tells the reasons of the differences that this prints by
id.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.core.errors import TtsError, UsageError
from tts.grading.extraction import extract_answer
from tts.grading.grader import Grader

GSM8K_METHODS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")


@dataclass(frozen=True)
class Labelled:
    """A pair with somebody's label; ``id`` tells where it stands."""

    id: str
    gold: str
    answer: str | None
    equal: bool


@dataclass(frozen=True)
class Agreement:
    """How a set of labelled pairs was graded.

    Attributes:
        total: pairs graded.
        differing: ids of the pairs with another verdict than their label.
        slowest_s: the longest that one pair took, in seconds.
        timeouts: pairs whose comparison was cut off.
    """

    total: int
    differing: tuple[str, ...]
    slowest_s: float
    timeouts: int

    @property
    def agreeing(self) -> int:
        """Pairs graded as labelled."""
        return self.total - len(self.differing)


def equivalence_pairs(path: Path) -> Iterator[Labelled]:
    """Pairs of ``answer_equivalence.jsonl``: references and answers of several test suites, some in the middle of a
    text."""
    for row in _rows(path):
        yield Labelled(row["id"], row["gold"], row["pred"], row["equal"])


def gsm8k_samples(path: Path) -> Iterator[Labelled]:
    """Answers extracted from the four solutions of each problem, with the labels of the file."""
    for row in _rows(path):
        for method in GSM8K_METHODS:
            solution = row[method]
            yield Labelled(
                f"{row['id']}/{method}", row["gold"], extract_answer(solution["solution"]), solution["is_correct"]
            )


def qwen_samples(path: Path) -> Iterator[Labelled]:
    """Answers extracted from the eight responses of each problem, with the labels of the file."""
    for row in _rows(path):
        for number, (response, correct) in enumerate(zip(row["response"], row["correct"], strict=True)):
            yield Labelled(f"{row['id']}/{number}", row["gold"], extract_answer(response), correct)


def measure(pairs: Iterator[Labelled], grader: Grader) -> Agreement:
    """Grade labelled pairs and count the agreement. The grader's first worker is started before the clock runs."""
    grader.warm()
    total = timeouts = 0
    slowest = 0.0
    differing = []
    for pair in pairs:
        start = time.perf_counter()
        verdict = grader.equivalent(pair.gold, pair.answer)
        slowest = max(slowest, time.perf_counter() - start)
        total += 1
        timeouts += verdict.outcome == "timeout"
        if verdict.equal != pair.equal:
            differing.append(pair.id)
    return Agreement(total, tuple(differing), slowest, timeouts)


def main(arguments: list[str] | None = None) -> int:
    """Print one line a file, then the ids that differ."""
    parser = argparse.ArgumentParser(
        prog="python -m lab.agreement", description="Agreement of the grader with given labels."
    )
    parser.add_argument("folder", type=Path, help="the data folder")
    folder: Path = parser.parse_args(arguments).folder
    sources = (
        ("answer_equivalence.jsonl", equivalence_pairs),
        ("samples/gsm8k_openai_model_solutions.jsonl", gsm8k_samples),
        ("samples/qwen25math_100x8_rm_scored.jsonl", qwen_samples),
    )
    try:
        with Grader() as grader:
            for name, read in sources:
                found = measure(read(folder / name), grader)
                share = found.agreeing / found.total
                _say(
                    f"{name}: {found.agreeing} of {found.total} ({share:.2%}), "
                    f"slowest {found.slowest_s:.2f} s, {found.timeouts} timeouts"
                )
                _say("  differing: " + (", ".join(found.differing) or "none"))
    except TtsError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}; expected a data file there") from None
    for line in lines:
        yield json.loads(line)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
