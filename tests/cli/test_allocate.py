"""A plan from a run, carried out in the same run: what is drawn, charged and kept apart."""

from __future__ import annotations

import json
import sqlite3

import pytest

from tts.analysis import read_run
from tts.analysis.choices import fixed

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
    (marked,) = [e for e in run.info["plan"] if e.get("planned")]
    assert marked["independent"] is False, "never fed to estimators over subsets"
    assert [e.strategy for e in fixed(run)] == ["best_of_n", "greedy"], "never compared as if fixed beforehand"
    cells = {key[1]: cell for key, cell in run.cells.items() if key[3] == marked["setting"]}
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
    assert any(e.get("planned") for e in read_run(place / "new").info["plan"]), "the plan stays a part of the run"


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
        (lambda p: p["problems"].append(p["problems"][0]), "is planned twice"),
        (lambda p: p.update(strategy="best_of_m"), "the run has no strategy best_of_m {} (did you mean 'best_of_n'?)"),
        (lambda p: p.update(model="f00"), "was made for another model"),
        (lambda p: p.pop("pilot"), "pilot: missing"),
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
        (("--budget", "100", "--pilot", "9"), "--pilot: found 9, expected 1..8"),
        (("--budget", "100", "--pilot", "8"), "no more than the pilot of 8"),
        (("--budget", "100", "--selector", "first"), "--selector: found 'first', expected one of majority"),
        (("--budget", "100", "--selector", "best"), "--verifier: best needs one; new has none"),
        (("--budget", "nan"), "--budget must be a positive number"),
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
