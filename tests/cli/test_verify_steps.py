"""``tts verify-steps`` on ProcessBench's format."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

ROWS = [
    {"id": "a", "problem": "?", "steps": ["1 + 1 = 2", "2 + 2 = 5", "3 + 3 = 7"], "label": 1},
    {"id": "b", "problem": "?", "steps": ["1 + 1 = 3", "so it is"], "label": 1, "final_answer_correct": False},
    {"id": "c", "problem": "?", "steps": ["1 + 1 = 2\n\nand 2 + 2 = 4", "done"], "label": -1},
    {"id": "d", "problem": "?", "steps": ["it is 3"], "first_error_step": -1},
]

HALF = """\
from tts.core import Score, Verifier


def create(model, options, models, field):
    return Half(model)


class Half(Verifier):
    process = True

    def __init__(self, model):
        self.name, self.fingerprint = "half", model

    async def score(self, question, candidates):
        steps = [c.text.split("\\n\\n")[1:] for c in candidates]
        return [Score(tuple(0.5 for _ in each)) for each in steps]
"""


@pytest.fixture
def data(place):
    (place / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return "data.jsonl"


def figures(result) -> list[float]:
    assert (result.code, result.err) == (0, "")
    return [float(x) for x in re.findall(r"^(?:erroneous|correct|F1) +([\d.]+)%", result.out, re.M)]


def test_the_figures_are_the_benchmarks(tts, data):
    result = tts("verify-steps", "--data", data, "--verifier", "symbolic")
    assert figures(result) == [50.0, 100.0, 66.7], "a: the very step is named; b: an earlier one is; c, d: none is"
    assert "of 2" in result.out and "threshold 0.5; 0 verifier tokens" in result.out


def test_threshold_options_limit_and_scores(tts, data, place):
    strict = tts(
        "verify-steps", "--data", data, "--verifier", "symbolic", "--threshold", "1.5", "--out", "scores.jsonl"
    )
    assert figures(strict) == [0.0, 0.0, 0.0]
    rows = [json.loads(line) for line in (place / "scores.jsonl").read_text().splitlines()]
    assert [(r["id"], r["label"], r["prediction"], r["scores"]) for r in rows] == [
        ("a", 1, 0, [1, 0, 0]),
        ("b", 1, 0, [0, 1]),
        ("c", -1, 0, [1, 1]),
        ("d", -1, 0, [1]),
    ]
    doubtful = ("--set", "neutral=0.4", "--limit", "3")
    assert figures(tts("verify-steps", "--data", data, "--verifier", "symbolic", *doubtful)) == [50.0, 0.0, 0.0]
    other = ("--set", 'delimiter="##"')
    assert figures(tts("verify-steps", "--data", data, "--verifier", "symbolic", *other)) == [50.0, 100.0, 66.7]


def test_the_threshold_can_be_chosen_on_other_data_or_on_halves(tts, data, place):
    (place / "other.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (ROWS[0], ROWS[2])))
    by_file = tts("verify-steps", "--data", data, "--verifier", "symbolic", "--tune", "other.jsonl")
    assert figures(by_file) == [50.0, 100.0, 66.7]
    assert "threshold 0.5, chosen on other.jsonl" in by_file.out
    by_half = tts("verify-steps", "--data", data, "--verifier", "symbolic", "--tune", "halves")
    assert len(figures(by_half)) == 3
    assert re.search(r"threshold \S+ and \S+, each chosen on the other half", by_half.out)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--data no.jsonl --verifier symbolic", "--data: no file no.jsonl"),
        ("--data data.jsonl --verifier confidence", "'confidence' gives one score for a whole answer"),
        ("--data data.jsonl --verifier simulated", "'simulated' is told which answers are correct"),
        ("--data data.jsonl --verifier simulated/process=true", "reads what a policy generated, not texts"),
        (
            "--data data.jsonl --verifier symbloic",
            "--verifier.name: unknown verifier 'symbloic' (did you mean 'symbolic'?)",
        ),
        (
            "--data data.jsonl --verifier symbolic --set neutrl=1",
            "--verifier (symbolic).neutrl: unknown option (did you mean",
        ),
        ("--data data.jsonl --verifier symbolic --set neutral", "--set: found 'neutral', expected KEY=VALUE"),
        (
            "--data data.jsonl --verifier symbolic --set delimiter=+",
            "--set delimiter: step 0 of solution a contains '+' itself; choose what no step contains",
        ),
        ("--data data.jsonl --verifier half.py:create", "'half.py:create' sees 2 steps in solution a, which has 3"),
        ("--data data.jsonl --verifier symbolic --tune data.jsonl", "--tune: names the data itself"),
        ("--data data.jsonl --verifier symbolic --tune halves --threshold 1", "give one of them"),
        ("--data data.jsonl --verifier symbolic --limit 2", "there is no correct sample"),
        ("--data data.jsonl --verifier symbolic --out no/where", "--out: no/where cannot be written"),
        (
            "--data label.jsonl --verifier symbolic",
            "label.jsonl:1: label: found 2, expected the index of one of 2 steps",
        ),
        ("--data lable.jsonl --verifier symbolic", "lable.jsonl:1: label: missing (did you mean 'lable'?)"),
        ("--data steps.jsonl --verifier symbolic", "steps.jsonl:1: steps: expected a list of texts"),
        ("--data word.jsonl --verifier symbolic", "word.jsonl:2: not JSON: "),
        ("--data empty.jsonl --verifier symbolic", "empty.jsonl has no rows; a row is {"),
    ],
)
def test_what_cannot_be_done_is_one_line(tts, data, place, flags, said):
    good = json.dumps(ROWS[0])
    files = {
        "half.py": HALF,
        "label.jsonl": json.dumps({**ROWS[1], "label": 2}),
        "lable.jsonl": json.dumps({"problem": "?", "steps": ["a"], "lable": 0}),
        "steps.jsonl": json.dumps({**ROWS[1], "steps": ["a", " "]}),
        "word.jsonl": f"{good}\n{{",
        "empty.jsonl": "\n",
    }
    for name, text in files.items():
        (place / name).write_text(text)
    result = tts("verify-steps", *flags.split())
    assert (result.code, result.out) == (2, "")
    assert said in result.err and result.err.count("\n") == 1


TRICKY = [
    {"id": "a", "problem": "?", "steps": ["1 + 1 = 2\n\n3 + 3 = 6\n \n\t\n2 + 2 = 4", "x\u2028y\u0085z"], "label": -1},
    {"id": "b", "problem": "?", "steps": ["1 + 1 = 3\r\n\r\nso"], "label": 0},
]


def packed(rows) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows), "data.file")
    return Path("data.file").read_bytes()


@pytest.mark.parametrize(
    "form",
    [
        lambda rows: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode(),
        lambda rows: b"\xef\xbb\xbf" + "\n".join(json.dumps(row) for row in rows).encode(),
        lambda rows: json.dumps(rows, indent=2, ensure_ascii=False).encode(),
        lambda rows: gzip.compress(json.dumps(rows).encode()),
        packed,
    ],
)
def test_every_form_of_the_data_and_blank_lines_within_a_step(tts, place, form):
    """A blank line ends a line, and two equations stay two."""
    (place / "data.file").write_bytes(form(TRICKY))
    result = tts("verify-steps", "--data", "data.file", "--verifier", "symbolic", "--threshold", "1", "--out", "scores")
    assert figures(result) == [100.0, 100.0, 100.0]
    rows = [json.loads(line) for line in (place / "scores").read_text().splitlines()]
    assert [(r["id"], r["scores"], r["too_long"]) for r in rows] == [("a", [1, 1], False), ("b", [0], False)]


SHORT = """\
from tts.core import Score, Verifier


def create(model, options, engine, field):
    return Short(model)


class Short(Verifier):
    process = True

    def __init__(self, model):
        self.name, self.fingerprint = "short", model

    async def score(self, question, candidates):
        steps = [c.text.split("\\n\\n") for c in candidates]
        return [Score((0.0 if len(s) > 2 else 1.0,) * len(s), tokens=1, too_long=len(s) > 2) for s in steps]
"""


def test_answers_that_are_too_long_are_counted(tts, data, place):
    (place / "short.py").write_text(SHORT)
    result = tts("verify-steps", "--data", data, "--verifier", "short.py:create", "--out", "scores")
    assert "1 of 4 solutions is longer than the verifier's context, and each of their steps gets the" in result.out
    rows = [json.loads(line) for line in (place / "scores").read_text().splitlines()]
    assert [r["too_long"] for r in rows] == [True, False, False, False]
    assert "longer" not in tts("verify-steps", "--data", data, "--verifier", "symbolic").out


def test_the_real_data_give_the_figure_in_the_docs(tts, shared_data):
    file = shared_data / "samples" / "processbench_gsm8k.jsonl"
    found = figures(tts("verify-steps", "--data", str(file), "--verifier", "symbolic", "--threshold", "1"))
    docs = (Path(__file__).resolve().parents[2] / "docs" / "verifiers.md").read_text()
    row = re.search(r"^\| `processbench_gsm8k`, threshold 1 \|([^|]*)\|([^|]*)\|([^|]*)\|", docs, re.M)
    assert [float(cell.split("%")[0]) for cell in row.groups()] == found
