"""HMMT, BrUMO and CMIMC of 2025: contests with closed-form answers, in one format."""

from __future__ import annotations

from typing import Any

from tts.benchmarks.benchmark import Benchmark
from tts.benchmarks.hub import Hub, HubRow


def _contest(contest: str, description: str, name: str, size: int) -> Benchmark:
    def row(row: HubRow) -> dict[str, Any]:
        columns = row.columns
        kinds = columns.get("problem_type") or []
        return {
            "id": f"{contest}/{columns['problem_idx']}",
            "problem": columns["problem"],
            "answer": columns["answer"],
            "subject": kinds if isinstance(kinds, str) else ", ".join(kinds),
        }

    return Benchmark(
        name=name,
        description=description,
        size=size,
        hub=Hub(f"MathArena/{contest}", "train"),
        filename=f"{contest}.jsonl",
        row=row,
        columns=("problem_idx",),
    )


HMMT25 = _contest("hmmt_feb_2025", "HMMT February 2025: 30 problems, closed-form answers", "hmmt25", 30)
BRUMO25 = _contest("brumo_2025", "BrUMO 2025: 30 problems, closed-form answers", "brumo25", 30)
CMIMC25 = _contest("cmimc_2025", "CMIMC 2025: 40 problems, closed-form answers", "cmimc25", 40)
