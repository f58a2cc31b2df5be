"""GSM8K (Cobbe et al., 2021): grade-school word problems."""

from __future__ import annotations

from typing import Any

from tts.benchmarks.benchmark import Benchmark
from tts.benchmarks.exemplars import WORD_EXEMPLARS
from tts.benchmarks.hub import Hub, HubRow


def _gsm8k(row: HubRow) -> dict[str, Any]:
    """The reference answer is what follows the last ``####`` of the worked solution."""
    solution = row.columns["answer"]
    _, mark, answer = solution.rpartition("####")
    if not mark:
        raise ValueError("the answer has no #### before its last number")
    return {
        "id": f"gsm8k/test/{row.index}",
        "problem": row.columns["question"],
        "answer": answer,
        "solution": solution,
    }


GSM8K = Benchmark(
    name="gsm8k",
    description="GSM8K: 1319 grade-school word problems, the test split",
    size=1319,
    hub=Hub("openai/gsm8k", "test", ("main",)),
    filename="gsm8k_test.jsonl",
    row=_gsm8k,
    columns=("question", "answer"),
    exemplars=WORD_EXEMPLARS,
)
