"""lm-eval's ``samples_*.jsonl``: a row for each document and filter."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tts.core import UsageError, did_you_mean
from tts.importing.columns import first_text, is_scalar
from tts.importing.labels import choose
from tts.importing.problems import Record
from tts.importing.rows import Placed, Row

_QUESTIONS = ("question", "problem", "query", "input", "prompt")
_NO_METRICS = frozenset({"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics",
                         "doc_hash", "prompt_hash", "target_hash"})  # fmt: skip


def is_lm_eval(row: Row) -> bool:
    """Whether a row is one of lm-eval's."""
    return {"doc_id", "resps"} <= row.keys()


def task_name(stem: str) -> str:
    """The task in a log's file name: ``samples_TASK_DATE``."""
    return re.sub(r"_\d{4}-\d\d-\d\dT[\d.-]+$", "", stem.removeprefix("samples_")) or stem


def lm_eval_records(rows: Sequence[Placed], metric_filter: str | None, metric: str | None) -> list[Record]:
    """The documents of one file, once each: unfiltered responses, and one filter's verdicts.

    ``metric_filter``: None for the first; ``metric``: None for the first that says right or wrong. Raises UsageError
    where there is none of that name.
    """
    for where, row in rows:
        for name in ("doc_id", "resps", "target"):
            if name not in row:
                raise UsageError(f"{where}: no column {name!r}; expected a row of lm-eval's --log_samples")
    filters = _filters(rows)
    names = list(dict.fromkeys(filters))
    wanted = metric_filter or names[0]
    if wanted not in names:
        raise UsageError(f"--filter: found {wanted!r}{did_you_mean(wanted, names)}, expected one of {', '.join(names)}")
    kept = [placed for placed, name in zip(rows, filters, strict=True) if name == wanted]
    texts = [_texts(where, row) for where, row in kept]
    verdicts = choose([dict(_metrics(row)) for _, row in kept], metric)
    return [
        Record(where, row, {
            "id": row["doc_id"],
            "gold": row["target"] if isinstance(row["target"], list) else [row["target"]],
            "text": responses,
            "question": first_text(_document(row), _QUESTIONS),
            "content": _same(row.get("doc")),
            "prompt": _prompt(row),
            "level": level if is_scalar(level := _document(row).get("level")) else None,
            "correct": _each(verdict, len(responses)),
        })
        for (where, row), responses, verdict in zip(kept, texts, verdicts, strict=True)
    ]  # fmt: skip


def _filters(rows: Sequence[Placed]) -> list[str]:
    """The filter of each row; versions up to 0.4.5 do not name it: 1, 2, ... as rows repeat a document's responses."""
    times: Counter[str] = Counter()
    names = []
    for _, row in rows:
        if "filter" in row:
            names.append(str(row["filter"]))
        else:
            responses = _same([row["doc_id"], row["resps"]])
            times[responses] += 1
            names.append(str(times[responses]))
    return names


def _same(value: object) -> str:
    """Equal for equal values."""
    return json.dumps(value, sort_keys=True, default=str)


def _document(row: Row) -> Row:
    return row["doc"] if isinstance(row.get("doc"), dict) else {}


def _texts(where: str, row: Row) -> list[Any]:
    """One a repeat; None for an answer that is missing."""
    texts = list(_flat(row["resps"]))
    if not texts or _is_choice(row) or not all(isinstance(text, str | None) for text in texts):
        raise UsageError(
            f"{where}: resps holds no generated text; expected a task that generates (output_type: generate_until)"
        )
    return texts


def _is_choice(row: Row) -> bool:
    """Whether a document's requests are continuations to be weighed: a text where generation has its settings.

    Such responses are numbers, but newer versions write them as texts.
    """
    parts = _first_request(row)
    return len(parts) > 1 and isinstance(parts[1], str)


def _prompt(row: Row) -> str:
    """What the model was told."""
    parts = _first_request(row)
    return parts[0] if parts and isinstance(parts[0], str) else ""


def _first_request(row: Row) -> list[Any]:
    """A document's first request: its prompt, and how to go on."""
    arguments = row.get("arguments")
    requests = list(arguments.values()) if isinstance(arguments, dict) else arguments
    if not isinstance(requests, list) or not requests:
        return []
    parts = list(requests[0].values()) if isinstance(requests[0], dict) else requests[0]
    return parts if isinstance(parts, list) else []


def _flat(value: Any) -> Iterator[Any]:
    """Lists of requests and of repeats are opened."""
    if isinstance(value, list):
        for one in value:
            yield from _flat(one)
    else:
        yield value


def _metrics(row: Row) -> Iterator[tuple[str, Any]]:
    listed = row.get("metrics")
    names = listed if isinstance(listed, list) else [name for name in row if name not in _NO_METRICS]
    return ((name, row[name]) for name in names if isinstance(name, str) and name in row)


def _each(verdict: Any, responses: int) -> list[Any]:
    """A document's verdict for each response: it has one for all of them, which says nothing of each of several."""
    if isinstance(verdict, list) and len(verdict) == responses:
        return verdict
    return [verdict if responses == 1 else None] * responses
