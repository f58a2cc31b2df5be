"""A run's candidates as rows of one file, for people who bring their own tools."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tts.analysis import connect
from tts.core import UsageError

_BATCH = 10_000
_QUERY = """
    SELECT p.benchmark, p.problem, p.question, p.answer AS reference, p.level, p.subject, c.strategy, c.setting, c.seed,
           c.n, d.idx, d.answer, d.class, d.correct, d.finished, d.output_tokens, d.scores, d.samples
    FROM candidates d JOIN cells c ON c.id = d.cell JOIN problems p ON p.id = c.problem
    ORDER BY p.id, c.strategy, c.setting, c.seed, c.n, d.idx
"""


def export_candidates(run: Path, out: Path, kind: str) -> int:
    """Write one row a graded candidate to ``out`` (``kind``: jsonl or parquet); returns their number.

    Raises UsageError where ``run`` is no run directory or ``out`` cannot be written.
    """
    with closing(connect(run)) as db:
        rows = _rows(db)
        try:
            return _write_jsonl(rows, out) if kind == "jsonl" else _write_parquet(rows, out)
        except OSError as error:
            raise UsageError(f"--out: {out} cannot be written ({error.strerror}); name another file") from None


def _rows(db: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    cursor = db.execute(_QUERY)
    names = [column[0] for column in cursor.description]
    for values in cursor:
        row = dict(zip(names, values, strict=True))
        parts = [_sample(db, context, path) for context, path in json.loads(row.pop("samples"))]
        row["correct"], row["finished"] = bool(row["correct"]), bool(row["finished"])
        row["text"] = "".join(text for text, _, _ in parts)
        row["finish_reason"] = parts[-1][1]
        row["logprob"] = None if any(p[2] is None for p in parts) else sum(p[2] for p in parts)
        yield row


def _sample(db: sqlite3.Connection, context: int, path: list[str | int]) -> tuple[str, str, float | None]:
    """Text, finish reason and summed log-probability of one completion."""
    key = json.dumps(path, separators=(",", ":"), ensure_ascii=False)
    sql = "SELECT text, finish_reason, logprobs FROM samples WHERE context = ? AND path = ?"
    text, reason, logprobs = db.execute(sql, (context, key)).fetchone()
    return text, reason, None if logprobs is None else float(np.frombuffer(logprobs, "<f2").sum(dtype=np.float64))


def _write_jsonl(rows: Iterator[dict[str, Any]], out: Path) -> int:
    count = 0
    with out.open("w", encoding="utf-8") as f:
        for row in rows:
            parsed = {name: json.loads(row[name]) for name in ("setting", "scores")}
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
