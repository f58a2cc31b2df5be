"""Logs of two harnesses as problems with samples: lm-eval's ``samples_*.jsonl`` and inspect's ``.eval``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tts.core import UsageError, did_you_mean
from tts.importing.foreign import ForeignProblem, ForeignSample, Row, as_text, first_text, gold_answer, label

_DOCUMENT = ("question", "problem", "query", "input")


def lm_eval_problems(
    rows: Sequence[tuple[str, Row]], metric_filter: str | None
) -> Iterator[tuple[str, ForeignProblem]]:
    """Problems of one ``samples_*.jsonl``, which has a row for each document and filter.

    The samples are the unfiltered responses; the label is the filter's first metric, where a document has one response.
    """
    filters = list(dict.fromkeys(str(row.get("filter", "none")) for _, row in rows))
    wanted = metric_filter or filters[0]
    if wanted not in filters:
        near = did_you_mean(wanted, filters)
        raise UsageError(f"--filter: found {wanted!r}{near}, expected one of {', '.join(filters)}")
    for where, row in rows:
        if str(row.get("filter", "none")) == wanted:
            yield where, _document(row, where)


def _document(row: Row, where: str) -> ForeignProblem:
    for name in ("doc_id", "resps", "target"):
        if name not in row:
            raise UsageError(f"{where}: no column {name!r}; expected a row of lm-eval's --log_samples")
    texts = list(_responses(row["resps"]))
    if not texts or not all(isinstance(text, str) for text in texts):
        raise UsageError(
            f"{where}: resps holds no generated text; expected a task that generates (output_type: generate_until)"
        )
    verdict = None
    for metric in row.get("metrics") or ():
        if len(texts) == 1 and row.get(metric) in (0, 1):
            verdict = label(row[metric], f"{where}: {metric}")
            break
    target = row["target"][0] if isinstance(row["target"], list) and row["target"] else row["target"]
    document = row["doc"] if isinstance(row.get("doc"), dict) else {}
    return ForeignProblem(
        id=as_text(row["doc_id"], "doc_id", where),
        gold=gold_answer(as_text(target, "target", where)),
        question=first_text(document, _DOCUMENT),
        level=str(document["level"]) if document.get("level") is not None else None,
        samples=[ForeignSample(text, correct=verdict) for text in texts],
    )


def _responses(value: Any) -> Iterator[Any]:
    """One a repeat; lists of requests and of repeats are opened."""
    if isinstance(value, list):
        for one in value:
            yield from _responses(one)
    else:
        yield value


def inspect_problems(file: Path) -> Iterator[tuple[str, ForeignProblem]]:
    """Problems of one log; its epochs are samples. Raises UsageError where inspect is not installed."""
    try:
        from inspect_ai.log import read_eval_log
    except ImportError:
        raise UsageError(
            f"FILE: {file} is a log of inspect, which is not installed; pip install 'tts-scaling[inspect]'"
        ) from None
    if not file.is_file():
        raise UsageError(f"FILE: no file {file}; put it there or name another")
    try:
        log = read_eval_log(str(file))
    except Exception as error:  # of a zip file, of JSON, of pydantic
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"FILE: {file} cannot be read as a log of inspect ({reason})") from None
    for sample in log.samples or ():
        where = f"{file}: sample {sample.id} epoch {sample.epoch}"
        target = sample.target if isinstance(sample.target, str) else next(iter(sample.target), "")
        asked = sample.input if isinstance(sample.input, str) else sample.input[-1].text
        usage = sample.output.usage
        answer = ForeignSample(
            text=as_text(sample.output.completion, "completion", where),
            tokens=None if usage is None else int(usage.output_tokens),
            correct=_verdict(sample.scores or {}),
            finished=sample.output.stop_reason not in ("max_tokens", "model_length"),
        )
        yield where, ForeignProblem(str(sample.id), gold_answer(target), asked, None, [answer])


def _verdict(scores: Any) -> bool | None:
    """What the first scorer that says correct or incorrect says."""
    for score in scores.values():
        if score.value in ("C", "I"):
            return bool(score.value == "C")
        if isinstance(score.value, bool | int | float) and score.value in (0, 1):
            return bool(score.value)
    return None
