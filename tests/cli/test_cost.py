"""``tts cost``: every point of a run with its price, and what cannot be counted."""

from __future__ import annotations

import sqlite3


def test_points_are_priced_and_what_is_not_known_says_how_to_count_it(tts, place, small):
    tts("run", *small, "--n", "1,4", "--out", "new")
    (place / "prices.yaml").write_text("policy: {input: 0, output: 1000000}\ngpu_hour: 3600\n")
    result = tts("cost", "new", "--prices", "prices.yaml")
    assert (result.code, result.err) == (0, "")
    header, *rows, reason, engine, gpu = [line.split() for line in result.out.splitlines()]
    assert header[-1] == "price"
    assert len(rows) == 3 * 2
    assert all(row[-4] == row[-1] and row[-3:-1] == ["-", "0"] for row in rows), "one a token; no FLOPs are known"
    assert " ".join(reason).startswith("policy: FLOPs are not counted: run.json holds no configuration")
    assert " ".join(gpu[:-1]) == "price of the GPU hours of all sessions:", "money, not hours"
    assert abs(float(engine[1]) - float(gpu[-1])) <= 0.06, "one a second"
    counted = tts("cost", "new", "--parameters", "policy=1e9").out.splitlines()
    tokens, flops, _, price = counted[1].split()[-4:]
    assert (float(flops) > 2e9 * float(tokens), price) == (True, "-")
    assert "policy:" not in counted[-2]


def test_what_is_not_complete_is_said(tts, place, small):
    tts("run", *small, "--n", "4", "--out", "new")
    with sqlite3.connect(place / "new" / "journal.sqlite") as db:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("DELETE FROM candidates WHERE cell = 1")
        db.execute("DELETE FROM cells WHERE id = 1")
    assert "3 of 4 problems are complete for best_of_n at n = 4. The other is left out." in tts("cost", "new").out


def test_a_price_of_a_verifier_that_the_run_does_not_have_is_refused(tts, place):
    (place / "x.jsonl").write_text('{"id": 1, "gold": "1", "text": "1", "s": 1}\n')
    tts("import", "x.jsonl", "--score", "prm=s", "--out", "new")
    for name, said in (("pmr", "no verifier 'pmr' (did you mean 'prm'?); expected one of prm"), ("prm", "")):
        (place / "prices.yaml").write_text(f"policy: {{input: 1}}\nverifiers: {{{name}: {{input: 1}}}}\n")
        result = tts("cost", "new", "--prices", "prices.yaml")
        assert (result.code, said in result.err, result.err.count("\n")) == (2 if said else 0, True, 1 if said else 0)


def test_a_model_that_the_run_does_not_have_is_named(tts, small):
    tts("run", *small, "--n", "1", "--out", "new")
    result = tts("cost", "new", "--parameters", "polcy=1e9")
    assert (result.code, "no model 'polcy' (did you mean 'policy'?)" in result.err) == (2, True)
