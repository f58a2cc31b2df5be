import csv

from tests.cli.conftest import SMALL


def test_two_runs_make_one_report_where_the_user_wants_it(tts, place):
    tts("run", *SMALL, "--n", "1,4", "--out", "a")
    tts("run", *SMALL, "--n", "1,4", "--seed", "7", "--out", "b")
    result = tts("report", "a", "b", "--out", "both")
    assert (result.code, result.err) == (0, "")
    assert {"both/curves.csv", "both/report.html", "both/report.png"} <= set(result.out.split())
    with (place / "both/curves.csv").open() as f:
        assert [(r["run"], r["n"]) for r in csv.DictReader(f) if r["selector"] == "oracle"] == [
            ("a", "1"), ("a", "4"), ("b", "1"), ("b", "4"),
        ]  # fmt: skip
    assert not (place / "a/report").exists() and (place / "both/curves.parquet").is_file()


def test_runs_on_different_problems_are_not_joined(tts, place):
    tts("run", *SMALL, "--n", "4", "--out", "a")
    tts("run", *SMALL, "--n", "4", "--limit", "3", "--out", "b")
    result = tts("report", "a", "b")
    assert result.code == 2 and result.err.count("\n") == 1
    assert "RUN: a and b are runs on different problem sets: 1 problem (arith:" in result.err
    assert ") only in a; give both" in result.err


def test_an_unwritable_place_is_named(tts, place):
    tts("run", *SMALL, "--n", "4", "--out", "a")
    (place / "taken").write_text("a file")
    result = tts("report", "a", "--out", "taken")
    assert result.code == 2 and "taken: cannot write the report there" in result.err
