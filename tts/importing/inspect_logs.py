"""Logs of inspect: ``.eval``, a zip of JSON, and ``.json``. The package itself is not needed to read them."""

from __future__ import annotations

import io
import itertools
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tts.core import UsageError
from tts.importing.columns import asked, chat_text
from tts.importing.labels import choose
from tts.importing.problems import Record
from tts.importing.rows import ZIP, Contents, Row, unpack_zstd

_ATTACHMENT = "attachment://"
_ZSTANDARD = 93
"""How zip files name a compression that newer logs use, and that the standard library does not know before 3.14."""
_LARGE = ("events", "events_data", "timelines")
"""What a sample has beside its answer, often many times as long."""


@dataclass(frozen=True, slots=True)
class InspectLog:
    """One log."""

    task: str
    samples: Sequence[Row]
    """In order of epochs, and then of ids."""


def read_inspect(contents: Contents, field: str) -> InspectLog | None:
    """The log in a file; None where the file is none. Raises UsageError where it cannot be read or has no samples."""
    if contents.data.startswith(ZIP):
        header, samples = _zipped(contents, field)
    elif contents.suffix in (".json", ".eval") and contents.data.lstrip()[:1] == b"{":
        header = _parsed(contents)
        if not (isinstance(header.get("eval"), dict) and "status" in header):
            return None
        samples = [_slim(sample) for sample in header.get("samples") or ()]
    else:
        return None
    spec = header.get("eval")
    task = str(spec.get("task") or contents.stem) if isinstance(spec, dict) else contents.stem
    if not samples:
        said = f" (its status is {header['status']!r})" if "status" in header else ""
        raise UsageError(f"{field}: {contents.path} holds no samples{said}; run the evaluation, or name another log")
    for number, sample in enumerate(samples):
        if not isinstance(sample, dict) or not {"id", "epoch", "input", "target"} <= sample.keys():
            raise UsageError(
                f"{contents.path}: sample {number} lacks id, epoch, input or target; expected a log of inspect"
            )
    return InspectLog(task, sorted(samples, key=_order))


def inspect_records(contents: Contents, log: InspectLog, metric: str | None) -> list[Record]:
    """The samples of a log. ``metric``: SCORER, or SCORER.KEY of one that gives several values."""
    verdicts = choose([dict(_scores(sample)) for sample in log.samples], metric)
    return [
        _record(f"{contents.path}: sample {sample['id']} epoch {sample['epoch']}", sample, verdict)
        for sample, verdict in zip(log.samples, verdicts, strict=True)
    ]


def _record(where: str, sample: Row, verdict: Any) -> Record:
    output = sample.get("output") or {}
    usage, metadata = output.get("usage") or {}, sample.get("metadata") or {}
    choices = output.get("choices") or [{}]
    text = output.get("completion") or chat_text(choices[0].get("message") or {})
    question = _whole(asked(sample["input"]), sample)
    return Record(where, sample, {
        "id": sample["id"],
        "gold": sample["target"] if isinstance(sample["target"], list) else [sample["target"]],
        "text": [_whole(text, sample) or None],
        "question": question,
        "prompt": _prompt(sample),
        "content": json.dumps([_contents(sample["input"], sample), sample.get("choices")]),
        "level": metadata.get("level") if isinstance(metadata.get("level"), str | int | float) else None,
        "tokens": [usage.get("output_tokens")],
        "correct": [verdict],
        "finish": [choices[0].get("stop_reason")],
    })  # fmt: skip


def _prompt(sample: Row) -> str:
    """What the model was told before its first answer."""
    messages = [m for m in sample.get("messages") or () if isinstance(m, dict)]
    told = itertools.takewhile(lambda message: message.get("role") != "assistant", messages)
    return "\n\n".join(_whole(chat_text(message), sample) for message in told)


def _order(sample: Row) -> tuple[int, str]:
    return int(sample["epoch"]), sample["id"] if isinstance(sample["id"], str) else str(sample["id"]).zfill(20)


def _contents(asked_: Any, sample: Row) -> Any:
    """What the model was asked, without the messages' own random ids."""
    if isinstance(asked_, list):
        messages = [message for message in asked_ if isinstance(message, dict)]
        return [[message.get("role"), _whole(chat_text(message), sample)] for message in messages]
    return _whole(asked_, sample)


def _whole(text: Any, sample: Row) -> Any:
    """A text, fetched where the log keeps it apart."""
    if isinstance(text, str) and text.startswith(_ATTACHMENT):
        return (sample.get("attachments") or {}).get(text.removeprefix(_ATTACHMENT), text)
    return text


def _scores(sample: Row) -> Iterator[tuple[str, Any]]:
    """Values by scorer; a scorer's several values by SCORER.KEY."""
    scores = sample.get("scores")
    for name, score in scores.items() if isinstance(scores, Mapping) else ():
        value = score.get("value") if isinstance(score, dict) else None
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", one) for key, one in value.items())
        else:
            yield name, value


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
