import csv

import pytest

from tests.cli.conftest import SMALL

WIDE = ("--model", "simulated", "--benchmark", "arith:levels=1-2,per_level=10", "--strategy", "best_of_n")


def test_curves_choices_and_ratios_are_printed_and_written(tts, place):
    tts("run", *WIDE, "--n", "1,2,8", "--out", "new")
    result = tts("optimal", "new", "--bins", "thresholds")
    assert (result.code, result.err) == (0, "")
    assert "bins by pass@1 of the second half of the 8 samples of best_of_n" in result.out
    with (place / "new/report/optimal.csv").open() as f:
        rows = list(csv.DictReader(f))
    assert {r["curve"] for r in rows} == {
        "compute-optimal", "best single", "oracle", "best_of_n, first", "best_of_n, majority",
    }  # fmt: skip
    assert (
        (place / "new/report/optimal_ratios.csv").read_text().startswith("strategy,n,accuracy,ratio,ci_low,ci_high\n")
    )
    assert "best single," in (place / "new/report/optimal_ratios.csv").read_text()
    assert (place / "new/report/optimal_choices.csv").stat().st_size


def test_a_larger_model_is_matched_in_flops(tts, place):
    tts("run", *WIDE, "--n", "1,2,8", "--out", "small")
    tts("run", "--model", "simulated:alpha=3,beta=1", *WIDE[2:], "--n", "1", "--out", "large")
    result = tts("optimal", "small", "--larger", "large", "--times", "2", "--ratio", "3", "--ratio", "inf")
    assert (result.code, result.err) == (0, "")
    with (place / "small/report/optimal_matched.csv").open() as f:
        rows = [r for r in csv.DictReader(f) if r["bin"] == "all"]
    assert [(r["inference_over_pretraining"], r["multiplier"]) for r in rows] == [("3", "3"), ("inf", "2")]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--larger", "new"), "--larger and --times go together"),
        (("--larger", "new", "--times", "0.5"), "at least as many parameters"),
        (("--larger", "other", "--times", "2"), "different problem sets"),
        (("other",), "new and other are runs on different problem sets: 20 problems (arith:levels=1-2,per_level=10/"),
        (("--bins", "predicted"), "--verifier: predicted bins need one verifier's scores"),
        (("--axis", "flops"), "--parameters policy="),
        (("--ratio", "2"), "--ratio needs --larger RUN and --times M"),
        (("--verifier", "prm:last"), "--verifier: found with --bins oracle, expected --bins predicted"),
        (("--labels", "file"), "--labels: found file, but new holds the labels own alone"),
        (("--parameters", "policy"), "--parameters: found 'policy', expected NAME=COUNT"),
    ],
)
def test_what_cannot_be_compared_is_refused(tts, flags, message):
    tts("run", *WIDE, "--n", "4", "--out", "new")
    tts("run", *WIDE[:3], "arith:levels=3,per_level=4", *WIDE[4:], "--n", "4", "--out", "other")
    result = tts("optimal", "new", *flags)
    assert result.code == 2
    assert message in result.err


def test_too_few_problems_or_samples_are_refused(tts):
    tts("run", *SMALL, "--n", "1", "--out", "lone")
    assert "holds one sample a problem" in tts("optimal", "lone").err
    tts("run", *SMALL, "--n", "4", "--limit", "3", "--out", "few")
    assert "3 problems are complete" in tts("optimal", "few").err


def test_flops_are_counted_from_a_parameter_count(tts):
    tts("run", *WIDE, "--n", "4", "--out", "new")
    result = tts("optimal", "new", "--axis", "flops", "--parameters", "policy=1e9")
    assert (result.code, result.err) == (0, "")


def test_runs_in_directories_of_one_name_are_told_apart(tts, place):
    tts("run", *WIDE, "--n", "1,2,8", "--out", "a/run")
    tts("run", *WIDE, "--n", "1,2,4", "--out", "b/run")
    assert tts("optimal", "a/run", "b/run").code == 0
    with (place / "a/run/report/optimal.csv").open() as f:
        curves = {r["curve"] for r in csv.DictReader(f)}
    named = {c for c in curves if c.endswith("best_of_n, majority")}
    assert len(named) == 2, curves


def test_an_unknown_verifier_is_named_with_those_that_there_are(tts):
    tts("run", *WIDE, "--n", "4", "--set", "verifiers=[simulated]", "--out", "new")
    result = tts("optimal", "new", "--bins", "predicted", "--verifier", "simulatde:last")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "--verifier: found 'simulatde:last' (did you mean 'simulated:last'?), expected" in result.err
    assert tts("optimal", "new", "--bins", "predicted", "--verifier", "simulated:last").code == 0


def test_budgets_of_several_models_are_warned_of_unless_they_are_flops(tts):
    tts("run", *WIDE, "--n", "1,4", "--out", "one")
    tts("run", "--model", "simulated:alpha=3,beta=1", *WIDE[2:], "--n", "1,4", "--out", "two")
    text = "2 models (simulated, simulated:alpha=3,beta=1), whose tokens are not the same compute; --axis flops"
    assert f"Note: the runs are of {text}" in tts("optimal", "one", "two").out
    assert "2 models" not in tts("optimal", "one", "two", "--axis", "flops", "--parameters", "policy=1e9").out
    assert "models" not in tts("optimal", "one").out
