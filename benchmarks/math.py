"""MATH (Hendrycks et al., 2021): its test split of 5000 problems, and the 500 of them known as MATH-500."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tts.benchmarks.benchmark import Benchmark
from tts.benchmarks.hub import Hub, HubRow

SUBJECTS = (
    "algebra",
    "counting_and_probability",
    "geometry",
    "intermediate_algebra",
    "number_theory",
    "prealgebra",
    "precalculus",
)


def last_boxed(solution: str) -> str:
    r"""What the last ``\boxed`` or ``\fbox`` of a reference solution holds; empty where there is none."""
    start = max(solution.rfind("\\boxed"), solution.rfind("\\fbox"))
    if start < 0:
        return ""
    rest = solution[start:].removeprefix("\\boxed").removeprefix("\\fbox").lstrip()
    if not rest.startswith("{"):
        return rest.partition("$")[0].strip()
    depth = 0
    for end, char in enumerate(rest):
        depth += (char == "{") - (char == "}")
        if depth == 0:
            return rest[1:end].strip()
    return ""


def _math500(row: HubRow) -> dict[str, Any]:
    return {**row.columns, "id": row.columns["unique_id"]}


def _subject(columns: Mapping[str, Any]) -> str:
    """The configuration that a row is from: ``counting_and_probability`` of ``Counting & Probability``."""
    subject: str = columns["type"].strip().lower().replace("&", "and").replace(" ", "_")
    if subject not in SUBJECTS:
        raise ValueError(f"type {columns['type']!r} is none of the seven subjects")
    return subject


def _math(row: HubRow) -> dict[str, Any]:
    columns = row.columns
    return {
        "id": f"math_test/{row.config}/{row.index}",
        "problem": columns["problem"],
        "answer": last_boxed(columns["solution"]),
        "solution": columns["solution"],
        "subject": columns["type"],
        "level": columns["level"].removeprefix("Level "),
    }


MATH500 = Benchmark(
    name="math500",
    description="MATH-500: 500 of the MATH test problems (Lightman et al., 2023)",
    size=500,
    hub=Hub("HuggingFaceH4/MATH-500", "test"),
    filename="math500.jsonl",
    row=_math500,
    columns=("unique_id",),
)

MATH = Benchmark(
    name="math",
    description="MATH: 5000 competition problems in 7 subjects and 5 levels, the test split",
    size=5000,
    hub=Hub("EleutherAI/hendrycks_math", "test", SUBJECTS),
    filename="math_test.jsonl",
    row=_math,
    columns=("type", "solution"),
    config_of=_subject,
)
