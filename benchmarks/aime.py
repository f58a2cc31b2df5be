"""AIME: 30 problems a year from two papers of 15, answers are whole numbers from 0 to 999."""

from __future__ import annotations

import re
from typing import Any

from tts.benchmarks.benchmark import Benchmark
from tts.benchmarks.hub import Hub, HubRow


def _from_url(row: HubRow) -> dict[str, Any]:
    """The rows of 2024 tell paper and number only in the address of the problem's page."""
    found = re.search(r"AIME_(II?)_Problems/Problem_(\d+)", row.columns.get("url") or "")
    return {**row.columns, "id": f"aime2024/{found[1]}/{found[2]}" if found else row.columns.get("id")}


def _from_index(year: int, row: HubRow) -> dict[str, Any]:
    """The rows of later years are numbered through: 1 to 15 the first paper, 16 to 30 the second."""
    number = int(row.columns["problem_idx"])
    paper = f"I/{number}" if number <= 15 else f"II/{number - 15}"
    return {**row.columns, "id": f"aime{year}/{paper}"}


AIME24 = Benchmark(
    name="aime24",
    description="AIME 2024 I and II: 30 problems, integer answers",
    size=30,
    hub=Hub("HuggingFaceH4/aime_2024", "train"),
    filename="aime2024.jsonl",
    row=_from_url,
    columns=("url", "year"),
)

AIME25 = Benchmark(
    name="aime25",
    description="AIME 2025 I and II: 30 problems, integer answers",
    size=30,
    hub=Hub("MathArena/aime_2025", "train"),
    filename="aime2025.jsonl",
    row=lambda row: _from_index(2025, row),
    columns=("problem_idx",),
)

AIME26 = Benchmark(
    name="aime26",
    description="AIME 2026 I and II: 30 problems, integer answers",
    size=30,
    hub=Hub("MathArena/aime_2026", "train"),
    filename="aime2026.jsonl",
    row=lambda row: _from_index(2026, row),
    columns=("problem_idx",),
)
