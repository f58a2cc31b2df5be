"""Files of other tools as rows: JSON lines, a JSON array, CSV or Parquet, plain or compressed."""

from __future__ import annotations

import ast
import bz2
import csv
import gzip
import hashlib
import io
import json
import lzma
import re
import sys
import tokenize
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.core import UsageError, did_you_mean

Row = Mapping[str, Any]
Placed = tuple[str, Row]
"""A row after its place in the file, as messages name it."""

_FIRST_LINE = re.compile(rb"(?:\xef\xbb\xbf)?\s*([^\n]*)")
_MEND = "mend or delete the line (one JSON object a line)"
ZIP = b"PK\x03\x04"
_PARQUET = b"PAR1"
_BOM = b"\xef\xbb\xbf"
_DELIMITERS = {".csv": ",;\t|", ".tsv": "\t"}
"""What may stand between cells, by a file's ending."""
_KINDS: Mapping[type, str] = {dict: "an object", list: "a list", str: "a text", int: "a number", float: "a number",
                              bool: "true or false", type(None): "null", bytes: "bytes"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contents:
    """A file as it was read."""

    path: Path
    data: bytes
    """Unpacked where the file is compressed."""
    sha256: str
    """Of the file itself."""

    @property
    def suffix(self) -> str:
        """The ending that says what is in it: ``.csv`` of ``a.csv.gz``."""
        return next((s for s in reversed(self.path.suffixes) if s not in _PACKED), "").lower()

    @property
    def stem(self) -> str:
        """The name without its endings."""
        name = self.path.name
        for suffix in reversed(self.path.suffixes[-2:]):
            if suffix in _PACKED or suffix.lower() in _ENDINGS:
                name = name.removesuffix(suffix)
        return name


def kind_of(value: object) -> str:
    """What a value is, in words."""
    return _KINDS.get(type(value), f"a {type(value).__name__}")


def read_contents(path: Path, field: str) -> Contents:
    """Read a file, and unpack it where its first bytes say that it is compressed.

    ``field``: what named the file, for the message of the UsageError that tells why it cannot be read.
    """
    try:
        data = path.expanduser().read_bytes()
    except FileNotFoundError:
        raise UsageError(_missing(path, field)) from None
    except IsADirectoryError:
        raise UsageError(f"{field}: {path} is a folder; name the files in it") from None
    except OSError as error:
        raise UsageError(f"{field}: cannot read {path}: {error.strerror}; name a readable file") from None
    sha256 = hashlib.sha256(data).hexdigest()
    for magic, unpack in _UNPACK.items():
        if data.startswith(magic):
            try:
                return Contents(path, unpack(data), sha256)
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
                raise UsageError(f"{field}: {path} cannot be unpacked ({error}); put a whole copy there") from None
    return Contents(path, data, sha256)


def read_rows(contents: Contents, field: str, shape: str, kind: str | None = None) -> list[Placed]:
    """The rows of a table, at least one.

    ``shape``: what a row is; ``kind``: ``csv`` or ``parquet``, else told by the file. Raises UsageError that names the
    place.
    """
    if kind == "parquet" or contents.data.startswith(_PARQUET):
        rows = list(_parquet(contents, field))
    elif kind == "csv" or (kind is None and contents.suffix in _DELIMITERS):
        rows = list(_csv(contents, field))
    else:
        rows = list(_json(contents, field, shape))
    if not rows:
        raise UsageError(f"{field}: {contents.path} has no rows; {shape}")
    return rows


def unpack_zstd(data: bytes) -> bytes:
    """Data packed by Zstandard, in one frame or several. Raises OSError where they are none."""
    import pyarrow as pa

    unpacked: bytes = pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()
    return unpacked


_UNPACK: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ\x00": lzma.decompress,
    b"\x28\xb5\x2f\xfd": unpack_zstd,
}
_PACKED = frozenset({".gz", ".bz2", ".xz", ".zst"})
_ENDINGS = frozenset({".jsonl", ".json", ".ndjson", ".csv", ".tsv", ".parquet", ".eval"})


def _missing(path: Path, field: str) -> str:
    folder = path.expanduser().parent
    if not folder.is_dir():
        return f"{field}: no file {path}: there is no folder {path.parent}; name one that exists"
    near = did_you_mean(path.name, sorted(p.name for p in folder.iterdir() if p.is_file()))
    return f"{field}: no file {path}{near}; put it there or name another"


def _parquet(contents: Contents, field: str) -> Iterator[Placed]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(contents.data))
        number = 0
        for batch in table.to_batches():
            for row in batch.to_pylist():
                yield f"{contents.path}: row {number}", row
                number += 1
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"{field}: {contents.path} cannot be read as Parquet ({reason}); put a whole copy") from None


def _text(contents: Contents) -> str:
    return _decoded(contents.data.removeprefix(_BOM), str(contents.path), 1)


def _decoded(data: bytes, path: str, line: int) -> str:
    """Text of bytes that begin at a line of a file."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        raise UsageError(f"{path}:{line}: not UTF-8 (byte 0x{data[error.start]:02x}); save the file as UTF-8") from None


def _json(contents: Contents, field: str, shape: str) -> Iterator[Placed]:
    """JSON lines, or one array or object over several lines."""
    for where, row in _json_lines(contents) if _is_lines(contents.data) else _json_whole(contents):
        if not isinstance(row, dict):
            raise UsageError(f"{where}: found {kind_of(row)}, expected a JSON object: {shape}")
        yield where, row


def _json_lines(contents: Contents) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(io.BytesIO(contents.data.removeprefix(_BOM)), start=1):
        if line.strip():
            text = _decoded(line.rstrip(b"\r\n"), str(contents.path), number)
            yield f"{contents.path}:{number}", _parse(text, f"{contents.path}:{number}", _MEND)


def _json_whole(contents: Contents) -> Iterator[tuple[str, Any]]:
    whole = _parse(_text(contents), str(contents.path), "mend the file")
    if isinstance(whole, list):
        yield from ((f"{contents.path}: item {i}", row) for i, row in enumerate(whole))
    else:
        yield str(contents.path), whole


def _is_lines(data: bytes) -> bool:
    """Whether each line is a value; else the first one opens what it does not close."""
    opening = _FIRST_LINE.match(data)
    first = opening[1] if opening else b""
    if first.startswith(b"["):
        return False
    if not first.startswith(b"{") or opening is None or not re.compile(rb"\S").search(data, opening.end()):
        return True
    try:
        json.loads(first)
    except json.JSONDecodeError as error:
        return error.pos < len(first.decode("utf-8", "replace").rstrip())  # it is wrong before it ends
    except (ValueError, RecursionError):
        pass
    return True


def _parse(text: str, where: str, advice: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if not isinstance(error, json.JSONDecodeError):
            reason = str(error)
        elif error.lineno > 1:
            reason = f"{error.msg} at line {error.lineno}, column {error.colno}"
        else:
            reason = f"{error.msg} at column {error.colno}"
        raise UsageError(f"{where}: not JSON: {reason}; {advice}") from None


def _csv(contents: Contents, field: str) -> Iterator[Placed]:
    """Cells are texts, an empty one is null, and one that is a list of quoted texts is that list."""
    path, text = contents.path, _text(contents)
    csv.field_size_limit(sys.maxsize)
    delimiters = _DELIMITERS.get(contents.suffix, _DELIMITERS[".csv"])
    first = text.partition("\n")[0]
    reader = _records(text, max(delimiters, key=first.count))
    try:
        head: list[str] = next(reader, [])
        if twice := {name for name in head if head.count(name) > 1}:
            raise UsageError(f"{path}:1: two columns are named {min(twice)!r}; give each its own name")
        start = reader.line_num + 1
        for cells in reader:
            where, start = f"{path}:{start}", reader.line_num + 1
            if not cells:
                continue
            if len(cells) != len(head):
                raise UsageError(f"{where}: found {len(cells)} cells, expected {len(head)} as in the first line")
            yield where, {name: _cell(cell) for name, cell in zip(head, cells, strict=True)}
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.line_num}: not CSV ({error}); mend the line") from None


def _records(text: str, delimiter: str) -> Any:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _cell(cell: str) -> Any:
    if not cell:
        return None
    inner = cell.strip()
    if inner[:1] == "[" and inner[-1:] == "]" and inner[1:-1].strip()[:1] in ("'", '"'):
        try:
            value = json.loads(inner)
        except (ValueError, RecursionError):
            value = _quoted(inner)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return value
    return cell


def _quoted(listed: str) -> list[str] | None:
    """The texts of a list as Python writes it, or NumPy, which has no commas; None where it is something else."""
    texts = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(listed).readline):
            if token.type == tokenize.STRING:
                texts.append(ast.literal_eval(token.string))
            elif token.string.strip() not in ("", "[", "]", ","):
                return None
    except (tokenize.TokenError, ValueError, SyntaxError):
        return None
    return texts
