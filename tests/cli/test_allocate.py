"""A plan from a run, carried out in the same run: what is drawn, charged and kept apart."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tts.analysis.choices import fixed
from tts.report.tables.allocation import what_next
from tts.stats import Interval
from tts.store import RunData, RunInfo, read_run

WIDE = ("--model", "simulated", "--benchmark", "arith:levels=1-3,per_level=10", "--strategy", "best_of_n")


@pytest.fixture
def planned(tts, place):
    """A run of 30 problems with 8 samples each, and a plan for it."""
    tts("run", *WIDE, "--strategy", "greedy", "--n", "8", "--out", "new")
    result = tts("allocate", "new", "--budget", "150", "--unit", "samples", "--pilot", "2", "--out", "plan.json")
    assert (result.code, result.err) == (0, "")
    return json.loads((place / "plan.json").read_text())


def samples(place):
    with sqlite3.connect(place / "new/journal.sqlite") as db:
        return db.execute("SELECT count(*) FROM samples").fetchone()[0]


def test_a_plan_keeps_its_budget_and_names_every_problem(planned):
    spent = sum(p["n"] + (2 if p["action"] == "strategy" else 0) for p in planned["problems"])
    assert spent <= 150
    assert len({p["id"] for p in planned["problems"]}) == 30
    assert all(p["n"] >= 2 or p["action"] == "strategy" for p in planned["problems"])
    assert all(0 <= p["expected"] <= 1 for p in planned["problems"])


def test_the_held_out_evaluation_is_always_printed(tts, planned):
    out = tts("allocate", "new", "--budget", "150", "--unit", "samples", "--pilot", "2").out
    rows = [line.split() for line in out.splitlines() if line.startswith(("plan ", "uniform ", "oracle "))]
    assert [r[0] for r in rows] == ["plan", "uniform", "oracle"]
    assert float(rows[0][1]) == pytest.approx(float(rows[1][1])), "at equal compute"


def test_carried_out_in_its_own_run_it_draws_nothing_that_is_held_and_is_marked(tts, place, planned):
    before = samples(place)
    result = tts("run", "--plan", "plan.json")
    assert (result.code, samples(place)) == (0, before), result.err
    run = read_run(place / "new")
    (marked,) = [e for e in run.plan if e.planned]
    assert marked.independent is False, "never fed to estimators over subsets"
    assert [e.strategy for e in fixed(run)] == ["best_of_n", "greedy"], "never compared as if fixed beforehand"
    cells = {key[1]: cell for key, cell in run.cells.items() if key[3] == marked.setting}
    for p in planned["problems"]:
        cell = cells[p["id"]]
        if p["action"] == "strategy":
            assert cell.usage.samples == 2 + 1, "the pilot is charged"
            assert len(cell) == 1
        else:
            assert len(cell) == cell.usage.samples == p["n"]
    assert tts("report", "new").code == 0
    again = tts("run", "--out", "new")
    assert "; 0 samples drawn," in again.out
    assert any(e.planned for e in read_run(place / "new").plan), "the plan stays a part of the run"


def test_in_a_run_with_fewer_samples_it_draws_just_what_it_names(tts, place):
    tts("run", *WIDE, "--n", "8", "--out", "big")
    tts("run", *WIDE, "--n", "2", "--out", "new")
    made = tts(
        "allocate", "new", "--fit", "big", "--budget", "120", "--unit", "samples", "--pilot", "2", "--out", "p.json"
    )
    assert made.code == 0, made.err
    plan = json.loads((place / "p.json").read_text())
    assert tts("run", "--plan", "p.json").code == 0
    assert samples(place) == sum(p["n"] for p in plan["problems"]) <= 120


def test_a_prompt_left_unanswered_is_charged_its_pilot_and_has_no_answer(tts, place):
    tts("run", *WIDE, "--n", "8", "--out", "new")
    flags = ("--budget", "70", "--unit", "samples", "--pilot", "2", "--wrong-costs", "2", "--out", "p.json")
    assert tts("allocate", "new", *flags).code == 0
    plan = json.loads((place / "p.json").read_text())
    left = {p["id"] for p in plan["problems"] if p["action"] == "abstain"}
    assert left
    assert tts("run", "--plan", "p.json").code == 0
    cells = {key[1]: c for key, c in read_run(place / "new").cells.items() if "plan" in key[3]}
    assert {i for i, c in cells.items() if len(c) == 0} == left
    assert all(cells[i].usage.samples == 2 and cells[i].usage.discarded_tokens > 0 for i in left)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda p: p["problems"][3].update(id="01-0000"),
            "problems[3]: arith:levels=1-3,per_level=10/01-0000 is no problem",
        ),
        (lambda p: p["problems"][3].update(seed=7), "problems[3].seed: found 7, the run has 0"),
        (lambda p: p["problems"][3].update(n=0), "problems[3].n: found 0, expected at least 1"),
        (
            lambda p: p["problems"][3].update(action="sample", n=1),
            "problems[3].n: found 1, expected at least the pilot of 2",
        ),
        (lambda p: p.update(selector="mjority"), "selector: found 'mjority', input should be 'majority', 'best'"),
        (lambda p: p["problems"].append(p["problems"][0]), "is planned twice"),
        (lambda p: p.update(strategy="best_of_m"), "the run has no strategy best_of_m {} (did you mean 'best_of_n'?)"),
        (lambda p: p.update(model="f00"), "was made for another model"),
        (lambda p: p.pop("pilot"), "pilot: missing; name a plan of `tts allocate`"),
    ],
)
def test_a_plan_that_does_not_fit_the_run_is_refused(tts, place, planned, change, message):
    change(planned)
    (place / "bad.json").write_text(json.dumps(planned))
    result = tts("run", "--plan", "bad.json")
    assert result.code == 2
    assert message in result.err
    assert not list((place / "new").glob("plans/*.json")), "nothing is kept of it"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--budget", "59"), "--budget: 59 samples is smaller than the pilot, which takes 60 for 30 prompts"),
        (("--budget", "100", "--pilot", "9"), "--pilot: found 9, expected 1..7: new holds 8 samples a prompt"),
        (("--budget", "100", "--pilot", "8"), "--pilot: found 8, expected 1..7"),
        (("--budget", "100", "--fit", "none"), "--fit: expected a run directory at none"),
        (("--budget", "100", "--verifier", "prm:min"), "--verifier: found 'prm:min', but majority uses no scores"),
        (("--budget", "100", "--selector", "first"), "--selector: found 'first', expected one of majority"),
        (("--budget", "100", "--selector", "best"), "--verifier: best needs one; new has none"),
        (("--budget", "nan"), "--budget: found nan, expected a finite number above 0"),
        (("--budget", "-5"), "--budget: found -5, expected a finite number above 0"),
        (("--budget", "100", "--wrong-costs", "-1"), "--wrong-costs: found -1, expected a finite number of at least 0"),
    ],
)
def test_what_cannot_be_planned_is_refused(tts, flags, message):
    tts("run", *WIDE, "--n", "8", "--out", "new")
    result = tts("allocate", "new", "--unit", "samples", "--pilot", "2", *flags)
    assert result.code == 2
    assert message in result.err


def test_a_budget_may_be_in_flops(tts, place):
    tts("run", *WIDE, "--n", "8", "--out", "new")
    flags = ("--budget", "1e14", "--unit", "flops", "--parameters", "policy=1e9")
    result = tts("allocate", "new", *flags)
    assert (result.code, result.err) == (0, "")
    plan = json.loads((place / "new/plan.json").read_text())
    assert 0 < sum(p["cost"] for p in plan["problems"]) <= 1e14
    assert "--parameters policy=" in tts("allocate", "new", *flags[:4]).err


def test_a_missing_or_broken_plan_is_named(tts, place):
    assert (
        "--plan: none.json: no such file; `tts allocate RUN --out none.json` writes"
        in tts("run", "--plan", "none.json").err
    )
    (place / "torn.json").write_text("{")
    assert "torn.json is not valid JSON" in tts("run", "--plan", "torn.json").err
    for text, found in (("{}", "format, run, model"), ("[1]", "found a list, expected a mapping"), ("3", "found 3, ")):
        (place / "other.json").write_text(text)
        error = tts("run", "--plan", "other.json").err
        assert f"--plan: other.json: {found}" in error
        assert error.endswith("name a plan of `tts allocate`\n"), "not in a sweep file or by flags"


def test_a_plan_takes_no_flags_that_describe_a_sweep(tts, planned):
    result = tts("run", "--plan", "plan.json", "--n", "5")
    assert (result.code, result.err.startswith("tts: --plan: takes no --n: a plan names its problems")) == (2, True)
    assert "takes no --seed: " in tts("run", "--plan", "plan.json", "--seed", "0").err


def test_a_plan_may_leave_out_prompts_and_says_how_many(tts, place, planned):
    assert "leaves out" not in tts("run", "--plan", "plan.json").err
    del planned["problems"][:3]
    (place / "less.json").write_text(json.dumps(planned))
    result = tts("run", "--plan", "less.json")
    assert (result.code, "note: less.json leaves out 3 of the run's 30 prompts" in result.err) == (0, True)
    assert "leaves out" not in tts("run", "--out", "new").err, "said once"


def test_what_can_not_be_spent_and_prompts_that_are_incomplete_are_said(tts, place):
    tts("run", *WIDE, "--n", "8", "--out", "new")
    plain = tts("allocate", "new", "--budget", "80", "--unit", "samples", "--pilot", "2").out
    assert "Note:" not in plain
    out = tts("allocate", "new", "--budget", "1e12", "--unit", "samples", "--pilot", "2").out
    assert "Note: the plan spends " in out
    assert " of 1e+12 samples: more showed no gain, and values reach no further than the 8 samples a prompt" in out
    with sqlite3.connect(place / "new/journal.sqlite") as db:
        db.execute("DELETE FROM cells WHERE problem = (SELECT min(problem) FROM cells)")
    out = tts("allocate", "new", "--budget", "80", "--unit", "samples", "--pilot", "2").out
    assert "Note: 29 of 30 prompts are complete in new: the budget is spent on these alone." in out


def test_the_gain_is_in_worth_where_wrong_answers_cost_something(tts):
    tts("run", *WIDE, "--n", "8", "--out", "new")
    out = tts("allocate", "new", "--budget", "100", "--unit", "samples", "--pilot", "2", "--wrong-costs", "2").out
    lines = out.splitlines()
    head = next(line for line in lines if line.startswith("spending")).split()
    plan, uniform = (
        dict(zip(head, line.split(), strict=True)) for line in lines if line.startswith(("plan ", "uniform "))
    )
    assert float(plan["gain"]) == pytest.approx(float(plan["worth"]) - float(uniform["worth"]), abs=1e-3)
    assert float(plan["worth_low"]) < float(plan["worth"]) < float(plan["worth_high"])
    assert "worth" not in tts("allocate", "new", "--budget", "100", "--unit", "samples", "--pilot", "2").out


def samples_of(place):
    """A file of 12 problems x 8 samples with labels, some of them not ours."""
    rows = [
        {"id": str(i), "problem": f"{i} + 1?", "answer": str(i + 1), "samples": [
            {"text": f"It is \\boxed{{{i + 1 + (j * (i + 3) % 5 > 2)}}}", "correct": j % 2 == 0} for j in range(8)
        ]}
        for i in range(12)
    ]  # fmt: skip
    (place / "file.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_of_an_imported_run_it_says_whose_labels_count_and_never_to_run_the_plan(tts, place):
    samples_of(place)
    columns = ("--text", "samples.text", "--gold", "answer", "--correct", "samples.correct")
    made = tts("import", "file.jsonl", *columns, "--labels", "both", "--out", "new")
    assert made.code == 0, made.err
    out = tts("allocate", "new", "--budget", "60", "--unit", "samples", "--pilot", "2").out
    assert "Note: new: what is right is told by our grader, not by the file's labels." in out
    assert "next: tts run" not in out
    assert out.splitlines()[-1].startswith("next: give each problem what new/plan.json names")


def test_a_plan_that_loses_is_not_advised():
    run = RunData.__new__(RunData)
    object.__setattr__(run, "info", RunInfo.model_construct())
    object.__setattr__(run, "path", Path("new"))
    assert what_next(run, Path("p.json"), Interval(-0.01, 0, -0.02, 0.001)) == "next: tts run --plan p.json"
    losing = what_next(run, Path("p.json"), Interval(-0.01, 0, -0.02, -0.001))
    assert losing == "next: the plan loses to the same n for all (-0.01); better `tts run --out new --n N`"
