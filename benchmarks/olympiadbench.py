"""OlympiadBench (He et al., 2024): its open-ended, text-only, English competition mathematics."""

from __future__ import annotations

from typing import Any

from tts.benchmarks.benchmark import Benchmark
from tts.benchmarks.hub import Hub, HubRow


def _olympiadbench(row: HubRow) -> dict[str, Any]:
    columns = row.columns
    answers = columns["final_answer"]
    return {
        "id": f"olympiadbench/{columns['id']}",
        "problem": "\n".join(filter(None, (columns.get("context"), columns["question"]))),
        "answer": answers if isinstance(answers, str) else ", ".join(answers),
        "solution": columns.get("solution"),
        "subject": columns.get("subfield"),
    }


OLYMPIADBENCH = Benchmark(
    name="olympiadbench",
    description="OlympiadBench: 674 open-ended English competition problems without images",
    size=674,
    hub=Hub("Hothan/OlympiadBench", "train", ("OE_TO_maths_en_COMP",)),
    filename="olympiadbench_oe_to_maths_en_comp.jsonl",
    row=_olympiadbench,
    columns=("question", "final_answer"),
)
