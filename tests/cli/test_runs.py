"""A run's life at the command line: begun, reported, exported, taken up, extended, interrupted."""

from __future__ import annotations

import csv
import json
import signal
import sqlite3
import time
from pathlib import Path

import pytest


def samples(run: Path) -> int:
    with sqlite3.connect(run / "journal.sqlite") as db:
        return db.execute("SELECT count(*) FROM samples").fetchone()[0]


def test_run_report_export_round_trip(spawn, place, small):
    out, err = spawn("run", *small, "--n", "1,4", "--out", "new").communicate(timeout=60)
    assert out.startswith("4 cells done; 16 samples drawn; ")
    assert out.endswith("next: tts report new\n")
    assert err == "run directory: new\n"

    reporting = spawn("report", "new")
    out, err = reporting.communicate(timeout=120)
    assert (reporting.returncode, err) == (0, "")
    tables = ("curves.csv", "by_level.csv", "failures.csv", "coverage", "optimal")
    assert out.split() == [f"new/report/{name}" for name in (*tables, "report.png", "report.svg", "report.html")]
    assert all((place / path).stat().st_size for path in out.split())
    with (place / "new/report/curves.csv").open() as f:
        rows = list(csv.DictReader(f))
    assert {(r["selector"], r["n"]) for r in rows} == {(s, n) for s in ("first", "majority", "oracle") for n in "14"}

    exporting = spawn("export", "new", "--to", "jsonl", "--out", "rows.jsonl")
    out, err = exporting.communicate(timeout=60)
    assert (exporting.returncode, out, err) == (0, "16 candidates: rows.jsonl\n", "")
    exported = [json.loads(line) for line in (place / "rows.jsonl").read_text().splitlines()]
    right = sum(row["correct"] for row in exported) / 16
    assert float(next(r["accuracy"] for r in rows if r["selector"] == "first")) == pytest.approx(right, abs=1e-5)


def test_export_to_parquet_holds_the_same_rows(tts, place, small):
    import pyarrow.parquet as pq

    tts("run", *small, "--n", "2", "--out", "new")
    assert tts("export", "new").out == "8 candidates: new/candidates.jsonl\n"
    assert tts("export", "new", "--to", "parquet").out == "8 candidates: new/candidates.parquet\n"
    rows = [json.loads(line) for line in (place / "new/candidates.jsonl").read_text().splitlines()]
    table = pq.read_table(place / "new/candidates.parquet").to_pylist()
    assert [{**r, "setting": json.loads(r["setting"]), "scores": json.loads(r["scores"])} for r in table] == rows


def test_a_finished_run_taken_up_again_draws_nothing(tts, small):
    tts("run", *small, "--n", "1,4", "--out", "new")
    for again in (("run", *small, "--n", "1,4", "--out", "new"), ("run", "--out", "new")):
        result = tts(*again)
        assert result.code == 0
        assert result.out.startswith("4 cells done; 0 samples drawn, 16 held before;")


@pytest.mark.parametrize(
    ("more", "drawn"),
    [
        (("--n", "6"), 16),
        (("--seed", "3"), 8),
        (("--strategy", "greedy"), 4),
        (("--benchmark", "arith:levels=3,per_level=5", "--limit", "3"), 6),
        (("--set", "strategies.0.temperature=0.3"), 8),
    ],
    ids=["n", "seed", "strategy", "problems", "setting"],
)
def test_flags_without_a_model_ask_more_of_the_run_that_is_there(tts, place, small, more, drawn):
    tts("run", *small, "--n", "2", "--out", "new")
    result = tts("run", "--out", "new", *more)
    assert result.code == 0, result.err
    assert f"; {drawn} samples drawn, 8 held before;" in result.out
    assert samples(place / "new") == 8 + drawn
    assert "; 0 samples drawn," in tts("run", "--out", "new").out


def test_a_limit_is_raised_where_the_run_has_one(tts, small):
    assert "; 2 samples drawn;" in tts("run", *small, "--n", "2", "--limit", "1", "--out", "new").out
    assert "; 4 samples drawn, 2 held" in tts("run", "--out", "new", "--limit", "3").out


def test_without_out_a_new_directory_is_made_and_named(tts, place, small):
    for made in (1, 2):
        result = tts("run", *small, "--n", "1")
        (line,) = result.err.splitlines()
        path = line.removeprefix("run directory: ")
        assert path.startswith("runs/")
        assert result.out.endswith(f"next: tts report {path}\n")
        assert (place / path / "config.yaml").is_file()
        assert len(list((place / "runs").iterdir())) == made


def test_ctrl_c_stops_a_run_that_goes_on_from_there(spawn, tts, place):
    """Two cells of 20,000 samples; interrupted when the first samples are on disk."""
    flags = ("--model", "simulated", "--benchmark", "arith:levels=1,per_level=2", "--strategy", "best_of_n")
    running = spawn("run", *flags, "--n", "20000", "--out", "new")
    journal = place / "new" / "journal.sqlite"
    until = time.monotonic() + 60
    while not (journal.exists() and begun(journal)):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 130
    assert out == ""
    assert [line for line in err.splitlines() if line] == [
        "run directory: new",
        "tts: stopped; what was sampled is kept, run the same directory again to go on",
    ]
    with sqlite3.connect(journal) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("SELECT count(*) FROM cells").fetchone()[0] < 2, "it was interrupted, not finished"
    held = samples(place / "new")
    assert 0 < held <= 40_000
    result = tts("run", "--out", "new")
    assert result.code == 0
    assert result.out.startswith(f"2 cells done; {40_000 - held} samples drawn, ")
    assert f"{held} held before" in result.out
    assert samples(place / "new") == 40_000


def begun(journal: Path) -> bool:
    try:
        with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as db:
            return db.execute("SELECT count(*) FROM samples").fetchone()[0] > 0
    except sqlite3.OperationalError:
        return False


def test_a_reader_that_leaves_early_hears_no_complaint(spawn):
    listing = spawn("list", "benchmarks")
    listing.stdout.close()
    assert listing.stderr.read() == ""
    assert listing.wait(timeout=30) in (0, 1), "nothing that a shell would call a crash"
