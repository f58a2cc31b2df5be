"""Logs of inspect: ``.eval``, a zip of JSON, and ``.json``. The package itself is not needed to read them."""

from __future__ import annotations

import io
import itertools
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tts.core import UsageError, explain
from tts.importing.columns import asked, chat_text, is_scalar
from tts.importing.labels import choose
from tts.importing.problems import Record
from tts.importing.rows import ZIP, Contents, Row, unpack_zstd

_ATTACHMENT = "attachment://"
_ZSTANDARD = 93
"""How zip files name a compression that newer logs use, and that the standard library does not know before 3.14."""
_LARGE = ("events", "events_data", "timelines")
"""What a sample has beside its answer, often many times as long."""


_Part = TypeVar("_Part", bound=BaseModel)


class _Usage(BaseModel):
    output_tokens: int | None = None


class _Choice(BaseModel):
    message: dict[str, Any] = {}
    stop_reason: str | None = None


class _Output(BaseModel):
    completion: str | None = None
    choices: list[_Choice] = []
    usage: _Usage | None = None


class _Score(BaseModel):
    value: Any = None


class _Sample(BaseModel):
    """What is read of a sample."""

    id: int | str
    epoch: int
    input: str | list[dict[str, Any]]
    choices: list[str] | None = None
    target: str | list[str]
    messages: list[dict[str, Any]] | None = None
    output: _Output | None = None
    scores: dict[str, _Score] | None = None
    metadata: dict[str, Any] | None = None
    attachments: dict[str, str] | None = None
    error: Any = None
    """None where the sample came to its end."""

    def whole(self, text: str) -> str:
        """A text, fetched where the log keeps it apart."""
        return (self.attachments or {}).get(text.removeprefix(_ATTACHMENT), text) if _ATTACHMENT in text else text


class _Samples(BaseModel):
    samples: list[_Sample]


class _Spec(BaseModel):
    task: str = ""
    task_id: str | None = None
    """The same in the log of an evaluation and in that of its retry."""


class _Header(BaseModel):
    status: str | None = None
    """None in the log of an evaluation that was interrupted."""
    eval: _Spec


@dataclass(frozen=True, slots=True)
class InspectLog:
    """One log."""

    path: Path
    task: str
    task_id: str | None
    samples: Sequence[tuple[_Sample, Row]]
    """Each with all that the log says of it, in order of epochs, and then of ids."""


def read_inspect(contents: Contents, field: str) -> InspectLog | None:
    """The log in a file; None where the file is none. Raises UsageError where it cannot be read or has no samples."""
    if contents.data.startswith(ZIP):
        header, rows = _zipped(contents, field)
    elif contents.suffix in (".json", ".eval") and contents.data.lstrip()[:1] == b"{":
        header = _parsed(contents)
        if not ("eval" in header and "status" in header):
            return None
        rows = header.get("samples") or []
    else:
        return None
    log = _checked(_Header, header, str(contents.path))
    if not rows:
        said = f" (its status is {log.status!r})" if log.status else ""
        raise UsageError(f"{field}: {contents.path} holds no samples{said}; run the evaluation, or name another log")
    samples = _checked(_Samples, {"samples": rows}, str(contents.path)).samples
    pairs = sorted(zip(samples, map(_slim, rows), strict=True), key=lambda pair: _order(pair[0]))
    return InspectLog(contents.path, log.eval.task or contents.stem, log.eval.task_id, pairs)


def once(logs: Sequence[InspectLog]) -> tuple[list[InspectLog], int]:
    """Each sample of an evaluation once, and how many were left out: the log of a retry repeats those of the first try.

    Of several the last that came to its end counts, else the last.
    """
    kept: dict[tuple[object, ...], tuple[bool, int]] = {}
    for number, log in enumerate(logs):
        for sample, _ in log.samples:
            key = (log.task_id or number, sample.id, sample.epoch)
            kept[key] = max(kept.get(key, (False, 0)), (sample.error is None, number))
    unique = [
        replace(log, samples=[s for s in log.samples if kept[log.task_id or i, s[0].id, s[0].epoch][1] == i])
        for i, log in enumerate(logs)
    ]
    return unique, sum(len(log.samples) for log in logs) - sum(len(log.samples) for log in unique)


def inspect_records(log: InspectLog, metric: str | None) -> list[Record]:
    """The samples of a log. ``metric``: SCORER, or SCORER.KEY of one that gives several values."""
    verdicts = choose([dict(_values(sample)) for sample, _ in log.samples], metric)
    return [
        _record(f"{log.path}: sample {sample.id} epoch {sample.epoch}", sample, row, verdict)
        for (sample, row), verdict in zip(log.samples, verdicts, strict=True)
    ]


def _record(where: str, sample: _Sample, row: Row, verdict: Any) -> Record:
    output, level = sample.output or _Output(), (sample.metadata or {}).get("level")
    choice = output.choices[0] if output.choices else _Choice()
    text = output.completion or chat_text(choice.message)
    return Record(where, row, {
        "id": sample.id,
        "gold": sample.target if isinstance(sample.target, list) else [sample.target],
        "text": [sample.whole(text) or None],
        "question": sample.whole(asked(sample.input)),
        "prompt": _prompt(sample),
        "content": json.dumps([_contents(sample), sample.choices]),
        "level": level if is_scalar(level) else None,
        "tokens": [output.usage.output_tokens if output.usage else None],
        "correct": [verdict],
        "finish": [choice.stop_reason],
    })  # fmt: skip


def _prompt(sample: _Sample) -> str:
    """What the model was told before its first answer."""
    told = itertools.takewhile(lambda message: message.get("role") != "assistant", sample.messages or ())
    return "\n\n".join(sample.whole(chat_text(message)) for message in told)


def _order(sample: _Sample) -> tuple[int, str]:
    return sample.epoch, sample.id if isinstance(sample.id, str) else str(sample.id).zfill(20)


def _contents(sample: _Sample) -> object:
    """What the model was asked, without the messages' own random ids."""
    if isinstance(sample.input, str):
        return sample.whole(sample.input)
    return [[message.get("role"), sample.whole(chat_text(message))] for message in sample.input]


def _values(sample: _Sample) -> Iterator[tuple[str, Any]]:
    """By scorer; a scorer's several values by SCORER.KEY."""
    for name, score in (sample.scores or {}).items():
        if isinstance(score.value, dict):
            yield from ((f"{name}.{key}", one) for key, one in score.value.items())
        else:
            yield name, score.value


def _checked(kind: type[_Part], value: object, where: str) -> _Part:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        reason = explain(error, kind, absent="put a whole copy of the log there")
        raise UsageError(f"{where}: {reason}") from None


def _parsed(contents: Contents) -> dict[str, Any]:
    try:
        value = json.loads(contents.data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{contents.path}: not JSON: {error}; put a whole copy there") from None
    return value if isinstance(value, dict) else {}


def _zipped(contents: Contents, field: str) -> tuple[Mapping[str, Any], list[Any]]:
    """The header, and the samples, of a log that may have been interrupted: it then has no header yet."""
    try:
        with zipfile.ZipFile(io.BytesIO(contents.data)) as archive:
            names = archive.NameToInfo  # of entries with one name, the last one counts
            header = next((n for n in ("header.json", "_journal/start.json") if n in names), None)
            if header is None:
                raise UsageError(f"{field}: {contents.path} is a zip file and no log of inspect; unpack it")
            entries = [info for name, info in names.items() if name.startswith("samples/") and name.endswith(".json")]
            samples = [_slim(json.loads(_member(archive, entry))) for entry in entries]
            return json.loads(_member(archive, names[header])), samples
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RecursionError, zlib.error, struct.error) as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"{field}: {contents.path} cannot be read as a log of inspect ({reason})") from None


def _slim(sample: Any) -> Any:
    return {k: v for k, v in sample.items() if k not in _LARGE} if isinstance(sample, dict) else sample


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.compress_type != _ZSTANDARD:
        return archive.read(info)
    assert archive.fp is not None
    archive.fp.seek(info.header_offset)
    name, extra = struct.unpack("<HH", archive.fp.read(30)[26:30])  # lengths, in the entry's own header
    archive.fp.seek(name + extra, io.SEEK_CUR)
    data = unpack_zstd(archive.fp.read(info.compress_size))
    if zlib.crc32(data) != info.CRC:
        raise zipfile.BadZipFile(f"bad checksum of {info.filename}")
    return data
