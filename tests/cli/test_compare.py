import csv
import sqlite3
from contextlib import closing

import pytest

from tests.cli.conftest import SMALL

VERIFIERS = ("--set", 'verifiers=["simulated/seed=1", "simulated/seed=2"]')


def test_tables_are_printed_and_written(tts, place):
    tts("run", *SMALL, "--n", "1,4", *VERIFIERS, "--out", "new")
    result = tts("compare", "new")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("4 problems, 4 samples each of best_of_n\n")
    written = [line for line in result.out.splitlines() if line.startswith("new/report/")]
    assert [path.removeprefix("new/report/compare_").removesuffix(".csv") for path in written] == [
        "selection", "differences", "discrimination", "calibration", "reliability", "agreement",
    ]  # fmt: skip
    with (place / "new/report/compare_selection.csv").open() as f:
        rows = list(csv.DictReader(f))
    assert {r["n"] for r in rows if r["selector"] == "best"} == {"1", "2", "4"}
    assert {r["verifier"] for r in rows} == {"", "simulated/seed=1:last", "simulated/seed=2:last"}
    before = [(place / path).read_bytes() for path in written]
    assert tts("compare", "new").out == result.out
    assert [(place / path).read_bytes() for path in written] == before


@pytest.mark.parametrize(
    ("n", "message"),
    [
        ("8", "--n: found 8; expected 1..4: there are 4 samples a problem"),
        ("two", "--n: found 'two', expected whole numbers"),
    ],
)
def test_budgets_that_are_not_held_are_refused(tts, n, message):
    tts("run", *SMALL, "--n", "4", *VERIFIERS, "--out", "new")
    result = tts("compare", "new", "--n", n)
    assert result.code == 2
    assert message in result.err


def test_a_run_without_scores_says_how_to_get_some(tts):
    tts("run", *SMALL, "--n", "4", "--out", "new")
    result = tts("compare", "new")
    assert result.code == 2
    assert "`tts score new --verifier NAME` adds one" in result.err


def test_problems_that_are_not_complete_are_counted(tts, place):
    tts("run", *SMALL, "--n", "4", *VERIFIERS, "--out", "new")
    assert "not complete" not in tts("compare", "new").out
    with closing(sqlite3.connect(place / "new/journal.sqlite")) as db, db:
        db.execute("DELETE FROM candidates WHERE cell = (SELECT min(id) FROM cells)")
        db.execute("DELETE FROM cells WHERE id = (SELECT min(id) FROM cells)")
    result = tts("compare", "new")
    assert result.out.startswith("3 problems, 4 samples each")
    assert "Note: 1 of 4 problems is not complete and left out.\n" in result.out
