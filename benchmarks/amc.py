"""AMC 2023: the AMC 12 problems that were reworded from multiple choice to integer answers."""

from __future__ import annotations

from typing import Any

from tts.benchmarks.benchmark import Benchmark
from tts.benchmarks.hub import Hub, HubRow


def _amc23(row: HubRow) -> dict[str, Any]:
    number, answer = float(row.columns.get("id", row.index)), row.columns["answer"]
    return {
        "id": f"amc2023/{number:.0f}",
        "problem": row.columns["question"],
        "answer": answer.removesuffix(".0") if isinstance(answer, str) else answer,
    }


AMC23 = Benchmark(
    name="amc23",
    description="AMC 12 of 2023: 40 problems, integer answers",
    size=40,
    hub=Hub("math-ai/amc23", "test"),
    filename="amc2023.jsonl",
    row=_amc23,
    columns=("question", "answer"),
)
