"""``tts import`` of the same samples in every form that other tools give them."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tts.store import read_run

FLAT = [
    {"id": 1, "gold": "7", "text": "so\n\\boxed{7}", "tokens": 3, "right": True, "s": 0.5, "why": "stop"},
    {"id": 1, "gold": "7", "text": "it is, \"perhaps\", 8", "tokens": 4, "right": False, "s": 0.25, "why": "length"},
    {"id": 2, "gold": "1/2", "text": None, "tokens": 0, "right": None, "s": None, "why": None},
    {"id": 2, "gold": "1/2", "text": "0.5", "tokens": 1, "right": True, "s": 1, "why": "stop"},
]  # fmt: skip
FLAGS = ("--tokens", "tokens", "--correct", "right", "--score", "v=s", "--finish", "why")


def grouped() -> list[dict[str, object]]:
    rows = []
    for name in (1, 2):
        samples = [row for row in FLAT if row["id"] == name]
        many = {key: [sample[key] for sample in samples] for key in ("text", "tokens", "right", "s", "why")}
        rows.append({"id": name, "gold": samples[0]["gold"], **many})
    return rows


def write_csv(name: str, rows: list[dict[str, object]], list_of=repr) -> None:
    with Path(name).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow({k: list_of(v) if isinstance(v, list) else v for k, v in row.items()})


FORMS = {
    "flat.jsonl.gz": lambda name: Path(name).write_bytes(gzip.compress("\n".join(map(json.dumps, FLAT)).encode())),
    "flat.json": lambda name: Path(name).write_text(json.dumps(FLAT)),
    "grouped.json": lambda name: Path(name).write_text(json.dumps(grouped(), indent=1)),
    "flat.parquet": lambda name: pq.write_table(pa.Table.from_pylist(FLAT), name),
    "grouped.parquet": lambda name: pq.write_table(pa.Table.from_pylist(grouped()), name),
    "flat.csv": lambda name: write_csv(name, FLAT),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_run(tts, place, name):
    FORMS[name](name)
    result = tts("import", name, *FLAGS, "--out", "new")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "2 problems, 4 samples; n = 1, 2",
        "1 of 4 samples has no text: silent answers",
        "v:score: 1 of 4 samples has no score (2 sample 0)",
        "  best and weighted leave out their 1 of 2 problems",
        "next: tts report new",
    ]
    data = read_run(place / "new")
    one, two = data.cells.values()
    assert [key[1] for key in data.cells] == ["1", "2"]
    assert (one.correct.tolist(), two.correct.tolist()) == ([True, False], [False, True])
    assert (one.classes.tolist(), two.classes.tolist()) == ([0, 1], [-1, 0])
    assert (one.output_tokens.tolist(), one.finished.tolist()) == ([3, 4], [True, False])
    assert one.scores["v:score"].tolist() == [0.5, 0.25]
    assert tts("export", "new").code == 0
    texts = [json.loads(line)["text"] for line in (place / "new/candidates.jsonl").read_text().splitlines()]
    assert texts == [row["text"] or "" for row in FLAT]


@pytest.mark.parametrize("list_of", [repr, json.dumps])
def test_lists_in_csv_cells(tts, place, list_of):
    rows = [{"id": r["id"], "gold": r["gold"], "text": ["7", "8"], "right": [True, False], "s": [0.5, 0.25]}
            for r in FLAT[:1]]  # fmt: skip
    write_csv("lists.csv", rows, list_of)
    result = tts("import", "lists.csv", "--correct", "right", "--score", "v=s", "--labels", "both", "--out", "new")
    assert (result.code, result.err) == (0, "")
    assert "0 of 2 answers" in result.out
    assert [c.scores["v:score"].tolist() for c in read_run(place / "new").cells.values()] == [[0.5, 0.25]] * 2


def test_the_fewest_samples_of_a_problem_are_named(tts):
    Path("a.jsonl").write_text('{"id": "a", "gold": "7", "text": ["7", "8", "9"]}\n{"id": "b", "gold": 7, "text": 7}\n')
    out = tts("import", "a.jsonl", "--out", "new").out
    assert "problems have 1 (b) to 3 samples; curves end at the fewest\n" in out


def test_any_of_several_references_is_right(tts, place):
    rows = [{"id": "a", "gold": ["7", "1/2"], "text": ["0.5", "7.0", "2"]}]
    Path("a.jsonl").write_text(json.dumps(rows[0]))
    assert tts("import", "a.jsonl", "--out", "new").code == 0
    (cell,) = read_run(place / "new").cells.values()
    assert cell.correct.tolist() == [True, True, False]
    assert tts("export", "new").code == 0
    assert '"reference": "7 or 1/2"' in (place / "new" / "candidates.jsonl").read_text()


def test_the_rate_of_silent_answers_is_in_the_report(tts, place):
    Path("a.jsonl").write_text('{"id": "a", "gold": "7", "text": [null, "7", "", "8"]}\n')
    assert "2 of 4 samples have no text: silent answers" in tts("import", "a.jsonl", "--out", "new").out
    assert tts("report", "new").code == 0
    with (place / "new" / "report" / "failures.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["candidates"], row["no_answer"]) == ("4", "0.5")
