"""A local file of problems that changed under a run: what a resume does by itself, what it asks for, and regrading."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

RUN = ("run", "--model", "simulated", "--strategy", "best_of_n", "--n", "1,4", "--out", "r")
AGAIN = ("run", "--out", "r")


def row(name: str, question: str, answer: str, **more: object) -> dict[str, object]:
    return {"id": name, "problem": question, "answer": answer, **more}


A, B, C = row("a", "1+1?", "2"), row("b", "2+2?", "4"), row("c", "3+3?", "6")


def write(*rows: dict[str, object], name: str = "p.jsonl") -> None:
    Path(name).write_text("".join(json.dumps(r) + "\n" for r in rows))


def without_id(*rows: dict[str, object]) -> list[dict[str, object]]:
    return [{k: v for k, v in r.items() if k != "id"} for r in rows]


def sql(query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect("r/journal.sqlite") as db:
        return db.execute(query).fetchall()


def cells() -> dict[str, list[tuple[str | None, int]]]:
    """Answers and verdicts by problem of the run."""
    rows = sql(
        "SELECT p.problem, d.answer, d.correct FROM candidates d JOIN cells c ON c.id = d.cell "
        "JOIN problems p ON p.id = c.problem ORDER BY p.problem, d.idx"
    )
    return {name: [(a, k) for n, a, k in rows if n == name] for name, _, _ in rows}


@pytest.fixture
def made(tts):
    """A finished run of a, b and c."""
    write(A, B, C)
    assert tts(*RUN, "--benchmark", "jsonl:p.jsonl").code == 0


def test_an_unchanged_file_is_no_news(tts, made):
    result = tts(*AGAIN)
    assert "0 samples drawn" in result.out and result.err == "run directory: r\n"


def test_a_file_that_is_not_there_any_more_does_not_hinder_a_replay(tts, made):
    Path("p.jsonl").unlink()
    result = tts(*AGAIN)
    assert "0 samples drawn" in result.out and result.err == "run directory: r\n"


def test_another_order_changes_nothing_and_is_said_once(tts, made):
    before = cells()
    write(C, A, B)
    result = tts(*AGAIN)
    assert "0 samples drawn" in result.out
    assert "p.jsonl: another order or other ids, which changes nothing" in result.err
    assert cells() == before
    assert "order" not in tts(*AGAIN).err


def test_a_file_without_ids_is_known_by_its_questions_in_another_order(tts):
    write(*without_id(A, B, C))
    tts(*RUN, "--benchmark", "jsonl:p.jsonl")
    before = cells()
    write(*without_id(C, B, A))
    result = tts(*AGAIN)
    assert result.code == 0 and "0 samples drawn" in result.out
    assert cells() == before, "answers stay with their questions"


def test_problems_that_were_added_are_drawn_for(tts, made):
    write(A, B, C, row("d", "4+4?", "8"))
    result = tts(*AGAIN)
    assert result.code == 0 and result.out.startswith("4 cells done; 4 samples drawn")
    assert "p.jsonl: 1 problem is new" in result.err
    assert set(cells()) == {"a", "b", "c", "d"}


def test_what_was_added_beyond_the_limit_is_not_drawn_for(tts):
    write(A, B, C)
    tts(*RUN, "--benchmark", "jsonl:p.jsonl", "--limit", "2")
    write(A, B, C, row("d", "4+4?", "8"))
    result = tts(*AGAIN)
    assert result.code == 0 and result.out.startswith("2 cells done; 0 samples drawn")


def test_a_problem_put_before_others_that_are_numbered_by_line_is_refused(tts):
    write(*without_id(A, B))
    tts(*RUN, "--benchmark", "jsonl:p.jsonl")
    write(*without_id(C, A, B))
    result = tts(*AGAIN)
    assert result.code == 2
    assert "problem '0' of the data is new" in result.err and "give every problem an id" in result.err


def test_a_corrected_reference_is_said_with_the_command_that_goes_on(tts, made):
    before = cells()
    write(A, row("b", "2+2?", "5"), row("c", "3+3?", "7"))
    result = tts(*AGAIN)
    assert result.code == 2 and result.err.count("\n") == 1
    assert (
        "p.jsonl is not as the run was made with: the reference of 'b' was '4', is '5' now (and 1 more)" in result.err
    )
    assert "`tts regrade r` grades what the run holds by it" in result.err
    assert cells() == before


def test_regrade_judges_held_samples_by_the_corrected_reference_without_sampling(tts, made):
    before, drawn = cells(), sql("SELECT count(*) FROM samples")
    wrong = next(a for a, right in before["b"] if not right) if not all(r for _, r in before["b"]) else "9"
    write(A, row("b", "2+2?", str(wrong)), C)
    result = tts("regrade", "r")
    assert result.code == 0, result.err
    assert result.out.startswith("1 of 3 cells graded again; ") and result.out.endswith("next: tts report r\n")
    assert "p.jsonl: other references: b" in result.err
    after = cells()
    assert [a for a, _ in after["b"]] == [a for a, _ in before["b"]]
    assert [bool(r) for _, r in after["b"]] == [a == wrong for a, _ in after["b"]]
    assert (after["a"], after["c"]) == (before["a"], before["c"])
    assert sql("SELECT count(*) FROM samples") == drawn
    assert sql("SELECT answer FROM problems WHERE problem = 'b'") == [(str(wrong),)]
    again = tts(*AGAIN)
    assert again.code == 0 and "0 samples drawn" in again.out and again.err == "run directory: r\n"
    assert "0 of 3 cells graded again" in tts("regrade", "r").out


def test_regrade_needs_no_model_and_leaves_what_is_not_yet_drawn(tts, made):
    """A run whose model is gone, extended in its configuration and not yet drawn."""
    config = Path("r/config.yaml").read_text().replace("model: simulated\n", "model: vllm/./nowhere\n")
    Path("r/config.yaml").write_text(config)
    info = json.loads(Path("r/run.json").read_text())
    info["model"]["name"] = "vllm/./nowhere"
    Path("r/run.json").write_text(json.dumps(info))
    write(row("a", "1+1?", "3"), B, C, row("d", "4+4?", "8"))
    result = tts("regrade", "r")
    assert result.code == 0, result.err
    assert result.out.startswith("1 of 3 cells graded again")
    drawing = tts(*AGAIN)
    assert drawing.code == 2 and "nowhere" in drawing.err, "d is still to be drawn for, and says that the model is gone"


def test_another_limit_regrades_what_a_run_holds(tts, made):
    result = tts("regrade", "r", "--timeout-s", "7")
    assert result.code == 0 and result.out.startswith("3 of 3 cells graded again")
    assert "timeout_s: 7.0" in Path("r/config.yaml").read_text()


def test_a_changed_question_is_refused_and_with_the_flag_is_another_problem(tts, made):
    old = cells()
    write(A, row("b", "20+20?", "40"), C)
    refused = tts(*AGAIN)
    assert refused.code == 2
    assert "the question of 'b' changed; `tts run --out r --follow-data`" in refused.err
    assert cells() == old
    result = tts(*AGAIN, "--follow-data")
    assert result.code == 0 and result.out.startswith("3 cells done; 4 samples drawn")
    assert "other questions, drawn anew: b" in result.err
    assert sql("SELECT question, retired FROM problems WHERE problem = 'b' ORDER BY id") == [("2+2?", 1), ("20+20?", 0)]
    assert sql("SELECT count(*) FROM samples") == [(16,)], "the samples of the old question are kept"
    assert len(cells()["b"]) == 4
    write(A, B, C)
    back = tts(*AGAIN, "--follow-data")
    assert back.code == 0 and "0 samples drawn" in back.out, "and serve when it is put back"
    assert cells() == old


def test_a_problem_that_is_gone_is_refused_and_with_the_flag_leaves_the_tables(tts, made):
    write(A, C)
    refused = tts(*AGAIN)
    assert refused.code == 2 and "'b' is gone; `tts run --out r --follow-data`" in refused.err
    assert "'b' is gone" in tts("score", "r", "--verifier", "simulated").err
    result = tts(*AGAIN, "--follow-data")
    assert result.code == 0 and result.out.startswith("2 cells done; 0 samples drawn")
    assert "gone, and out of the tables: b" in result.err
    assert tts("report", "r").code == 0
    with Path("r/report/curves.csv").open() as f:
        assert {r["problems"] for r in csv.DictReader(f)} == {"2"}
    assert "2+2?" not in Path("r/report/report.html").read_text()
    write(A, B, C)
    back = tts(*AGAIN)
    assert back.code == 0 and back.out.startswith("3 cells done; 0 samples drawn"), "its samples were kept"
    assert "1 problem is new" in back.err


def test_regrade_follows_references_only_and_says_what_it_left(tts, made):
    write(row("a", "1+1?", "3"), row("b", "20+20?", "40"))
    result = tts("regrade", "r")
    assert result.code == 0
    assert "other references: a; left as they were, with other questions or gone: b, c" in result.err
    refused = tts(*AGAIN)
    assert refused.code == 2 and "the question of 'b' changed; 'c' is gone" in refused.err
    assert "reference" not in refused.err


def test_all_changes_at_once_are_told_in_one_line_and_followed_together(tts, made):
    write(row("a", "1+1?", "3"), row("b", "20+20?", "40"), row("d", "4+4?", "8"))
    refused = tts(*AGAIN)
    assert refused.code == 2 and refused.err.count("\n") == 1
    for part in ("the reference of 'a' was '2', is '3' now", "the question of 'b' changed", "'c' is gone"):
        assert part in refused.err
    result = tts(*AGAIN, "--follow-data")
    assert result.code == 0 and result.out.startswith("3 cells done; 8 samples drawn")
    assert set(cells()) == {"a", "b", "d"}


def test_another_level_is_taken_over(tts, made):
    write({**A, "level": 3}, B, C)
    result = tts(*AGAIN)
    assert result.code == 0 and "0 samples drawn" in result.out
    assert "p.jsonl: other subjects or levels: a" in result.err
    assert sql("SELECT level FROM problems ORDER BY id") == [("3",), (None,), (None,)]


def test_a_change_is_seen_when_the_run_is_extended_as_well(tts):
    write(A, B, C)
    tts(*RUN, "--benchmark", "jsonl:p.jsonl", "--limit", "1")
    write(row("a", "1+1?", "3"), B, C)
    refused = tts(*AGAIN, "--limit", "3")
    assert refused.code == 2 and "the reference of 'a' was '2', is '3' now" in refused.err
    assert tts(*AGAIN, "--limit", "3", "--follow-data").out.startswith("3 cells done; 8 samples drawn")


def test_a_file_that_stands_for_a_hubs_data_set_is_watched_where_the_run_took_it_up(tts):
    Path("data").mkdir()
    write(A, B, name="data/math500.jsonl")
    tts(*RUN, "--benchmark", "math500", "--data-dir", "data")
    write(row("a", "1+1?", "3"), B, name="data/math500.jsonl")
    for again in (AGAIN, (*AGAIN, "--data-dir", "data")):
        refused = tts(*again)
        assert refused.code == 2 and "data/math500.jsonl is not as the run was made with" in refused.err
    assert "1 of 2 cells graded again" in tts("regrade", "r").out
    write(row("a", "1+1?", "3"), B, C, name="data/math500.jsonl")
    assert tts(*AGAIN).out.startswith("3 cells done; 4 samples drawn"), "an extension needs no flag either"


def test_what_is_no_run_is_not_regraded(tts):
    result = tts("regrade", "nowhere")
    assert result.code == 2 and "RUN: nowhere is no run directory" in result.err


def test_a_verifier_that_is_told_what_is_correct_scores_by_the_verdict_that_holds(tts):
    """Its scores were keyed by the answer alone, so that a corrected reference left them as they were."""
    write(A, B)
    tts(*RUN, "--benchmark", "jsonl:p.jsonl", "--set", "verifiers=[simulated]")
    query = (
        "SELECT d.answer, d.correct, d.scores FROM candidates d JOIN cells c ON c.id = d.cell ORDER BY c.problem, d.idx"
    )
    before = sql(query)
    wrong = next(answer for answer, right, _ in before[:4] if answer is not None and not right)
    write(row("a", "1+1?", wrong), B)
    assert tts("regrade", "r").code == 0
    after = sql(query)
    assert [right for _, right, _ in after] != [right for _, right, _ in before]
    assert {(bool(right), json.loads(scores)["simulated:last"]) for _, right, scores in after} == {
        (True, 1.0),
        (False, 0.0),
    }
