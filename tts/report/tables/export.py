"""A run's candidates as rows of one file, for people who bring their own tools."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tts.core import Candidate, UsageError
from tts.store import CandidateRow, Reader

_BATCH = 10_000


def export_candidates(run: Path, out: Path, kind: str) -> int:
    """Write one row a graded candidate to ``out`` (``kind``: jsonl or parquet); returns their number.

    Raises UsageError where ``run`` is no run directory or ``out`` cannot be written.
    """
    with Reader(run) as reader:
        rows = (_row(reader, candidate) for candidate in reader.candidates())
        try:
            return _write_jsonl(rows, out) if kind == "jsonl" else _write_parquet(rows, out)
        except OSError as error:
            raise UsageError(f"--out: {out} cannot be written ({error.strerror}); name another file") from None


def _row(reader: Reader, c: CandidateRow) -> dict[str, Any]:
    answer = reader.candidate(json.loads(c.origin), whole=True) or Candidate((), "")
    return {
        "benchmark": c.benchmark,
        "problem": c.problem,
        "question": c.question,
        "reference": c.reference,
        "level": c.level,
        "subject": c.subject,
        "strategy": c.strategy,
        "setting": c.setting,
        "seed": c.seed,
        "n": c.n,
        "idx": c.idx,
        "answer": c.answer,
        "class": c.answer_class,
        "correct": c.correct,
        "verdict": c.verdict,
        "finished": c.finished,
        "output_tokens": c.output_tokens,
        "scores": c.scores,
        "text": answer.text,
        "finish_reason": answer.completions[-1].finish_reason if answer.completions else None,
        "logprob": _logprob(answer),
    }


def _logprob(answer: Candidate) -> float | None:
    """Of all that was drawn for an answer, summed; None where it was not kept."""
    kept = [c.logprobs for c in answer.completions]
    if not kept or any(logprobs is None for logprobs in kept):
        return None
    return float(sum(np.sum(logprobs, dtype=np.float64) for logprobs in kept if logprobs is not None))


def _write_jsonl(rows: Iterator[dict[str, Any]], out: Path) -> int:
    count = 0
    with out.open("w", encoding="utf-8") as f:
        for row in rows:
            parsed = {name: row[name] and json.loads(row[name]) for name in ("setting", "scores", "verdict")}
            f.write(json.dumps({**row, **parsed}, ensure_ascii=False) + "\n")
            count += 1
    return count


def _write_parquet(rows: Iterator[dict[str, Any]], out: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    integers, booleans = ("seed", "n", "idx", "class", "output_tokens"), ("correct", "finished")
    count, writer = 0, None
    while batch := list(islice(rows, _BATCH)):
        if writer is None:
            kinds = {name: pa.string() for name in batch[0]}
            kinds |= dict.fromkeys(integers, pa.int64()) | dict.fromkeys(booleans, pa.bool_())
            writer = pq.ParquetWriter(out, pa.schema(list({**kinds, "logprob": pa.float64()}.items())))
        writer.write_table(pa.Table.from_pylist(batch, writer.schema))
        count += len(batch)
    if writer is not None:
        writer.close()
    return count
