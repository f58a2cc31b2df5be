"""Every form that a table comes in gives the same rows."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.core import UsageError
from tts.importing.rows import read_contents, read_rows

ROWS = [
    {"id": "a", "text": "x\u2028y\u0085z\n\nw, \"q\"; 'p'\t|", "n": 1.5},
    {"id": "b", "text": None, "n": None},
    {"id": "c", "text": "é" * 200_000, "n": -2.0},
]


def rows(path: Path, kind: str | None = None) -> list[dict[str, object]]:
    return [dict(row) for _, row in read_rows(read_contents(path, "FILE"), "FILE", "rows", kind)]


def lines() -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.txt", "a"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(
    "data",
    [
        lines(),
        lines().replace(b"\n", b"\r\n\r\n"),
        lines().rstrip(),
        json.dumps(ROWS).encode(),
        json.dumps(ROWS, indent=2, ensure_ascii=False).encode(),
        b"\n\n " + json.dumps(ROWS, indent=1).encode(),
    ],
)
def test_json_in_lines_and_as_one_array(tmp_path, name, bom, data):
    (tmp_path / name).write_bytes(bom + data)
    assert rows(tmp_path / name) == ROWS


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
        bz2.compress,
        lzma.compress,
        lambda data: pa.compress(data, "zstd", asbytes=True),
        lambda data: b"".join(pa.compress(part, "zstd", asbytes=True) for part in (data[:100], data[100:])),
    ],
)
def test_compressed_files_are_told_by_their_first_bytes(tmp_path, pack):
    for name in ("a.jsonl.packed", "a.jsonl"):
        (tmp_path / name).write_bytes(pack(lines()))
        assert rows(tmp_path / name) == ROWS
    (tmp_path / "cut").write_bytes(pack(lines())[:-20])
    with pytest.raises(UsageError, match="cut cannot be unpacked"):
        rows(tmp_path / "cut")


def test_one_object_over_several_lines_is_one_row(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(ROWS[0], indent=2))
    assert rows(tmp_path / "a.json") == [ROWS[0]]


def test_parquet_with_lists_and_nulls(tmp_path):
    made = [{**row, "many": [{"s": "x"}, {"s": None}]} for row in ROWS]
    pq.write_table(pa.Table.from_pylist(made), tmp_path / "a.parquet", row_group_size=2)
    assert rows(tmp_path / "a.parquet") == made


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.csv", ";"), ("a.csv", "\t"), ("a.tsv", "\t")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_cells_are_texts_and_an_empty_one_is_null(tmp_path, name, delimiter, end):
    cells = [list(ROWS[0]), *([str(v) if v is not None else "" for v in row.values()] for row in ROWS)]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator=end).writerows(cells)
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + file.getvalue().encode() + end.encode())
    expected = [{k: None if v is None else str(v) for k, v in row.items()} for row in ROWS]
    assert rows(tmp_path / name) == expected
    gz = tmp_path / f"{name}.gz"
    gz.write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    assert rows(gz) == expected


@given(st.lists(st.text(), min_size=1))
def test_a_csv_cell_that_is_a_list_of_texts_is_that_list(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("list") / "a.csv"
    for spelled in (json.dumps(texts), repr(texts), str(np.array(texts, object))):
        with path.open("w", newline="", encoding="utf-8", errors="surrogatepass") as file:
            csv.writer(file).writerows([["id", "text"], ["a", spelled]])
        assert rows(path) == [{"id": "a", "text": texts}]


def test_other_brackets_in_a_csv_cell_are_text(tmp_path):
    cells = ["[0, 1]", "[]", "['a", "['a', 1]", '["a"] or ["b"]', "[x]", '["a", 1]']
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["text"], *([cell] for cell in cells)])
    assert [row["text"] for row in rows(tmp_path / "a.csv")] == cells


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.jsonl", b'{"a": 1}\n{"a": ', "a.jsonl:2: not JSON: Expecting value at column 7; mend or delete the line"),
        ("a.jsonl", b'{"a": "x\n{"a": 2}', "a.jsonl:1: not JSON: Unterminated string"),
        ("a.json", b'[{"a": 1},\n{"a": }]', "a.json: not JSON: Expecting value at line 2, column 7; mend the file"),
        ("a.json", b'[{"a": 1}, 3]', "a.json: item 1: found a number, expected a JSON object: rows"),
        ("a.json", b"[]", "a.json has no rows; rows"),
        ("a.jsonl", b'{"a": 1}\n{"a": "\xff"}', "a.jsonl:2: not UTF-8 (byte 0xff); save the file as UTF-8"),
        ("a.jsonl", "\ufeff{}".encode("utf-16"), "a.jsonl:1: not UTF-8"),
        ("a.jsonl", b"[" * 100_000, "a.jsonl: not JSON: "),
        ("a.csv", b"", "a.csv has no rows; rows"),
        ("a.csv", b"a,b\n", "a.csv has no rows; rows"),
        ("a.csv", b"a,b,a\n1,2,3\n", "a.csv:1: two columns are named 'a'"),
        ("a.csv", b'a,b\n1,"x\ny"\n2\n', "a.csv:4: found 1 cells, expected 2 as in the first line"),
        ("a.csv", b'a,b\n1,"x"y\n', "a.csv:2: not CSV"),
        ("a.csv", b'a,b\n1,"x', "a.csv:2: not CSV"),
        ("a.parquet", b"PAR1 and no more", "a.parquet cannot be read as Parquet"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError) as caught:
        rows(tmp_path / name)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_files_that_are_not_there(tmp_path):
    (tmp_path / "mine.parquet").touch()
    with pytest.raises(UsageError, match=r"no file .*mime.parquet \(did you mean 'mine.parquet'\?\)"):
        rows(tmp_path / "mime.parquet")
    with pytest.raises(UsageError, match="is a folder; name the files in it"):
        rows(tmp_path)
