"""Minerva math (Lewkowycz et al., 2022): quantitative problems from university courses."""

from __future__ import annotations

from typing import Any

from tts.benchmarks.benchmark import Benchmark
from tts.benchmarks.hub import Hub, HubRow


def _minerva(row: HubRow) -> dict[str, Any]:
    return {
        "id": f"minerva_math/{row.index}",
        "problem": row.columns["question"],
        "answer": row.columns["answer"],
    }


MINERVA = Benchmark(
    name="minerva",
    description="Minerva math: 272 problems from university science courses, numbers and expressions",
    size=272,
    hub=Hub("math-ai/minervamath", "test"),
    filename="minerva_math.jsonl",
    row=_minerva,
    columns=("question", "answer"),
)
