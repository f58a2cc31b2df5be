"""Curves of runs held in memory; reading them from a directory is tested with the report."""

import numpy as np
import pytest
from made import entry, run_data

from tts.analysis import curves, subset_accuracy
from tts.core import SELECTORS, Usage, UsageError
from tts.stats import pass_at_k
from tts.store import CellData, ProblemInfo

BEST = entry("best_of_n", True, (1, 2, 4))
BEAM = entry("beam", False, (2, 4))
GRADES = {"capped": 0, "mixed": 0, "timeouts": 0}


def cell(classes, tokens=100, finished=True, usage=None, **scores):
    """Class 0 is the correct one. ``scores``: by verifier."""
    labels = np.array(classes, dtype=np.int64)
    n = len(labels)
    return CellData(
        n=n,
        usage=usage or Usage(),
        grader=GRADES,
        classes=labels,
        correct=labels == 0,
        finished=np.full(n, finished),
        output_tokens=np.full(n, tokens, dtype=np.int64),
        scores={name: np.array(values, dtype=np.float64) for name, values in scores.items()},
    )


def run(
    cells, plan=(BEST,), seeds=(0,), planned=2, selectors=("first", "majority", "oracle"), verifiers=(), levels=None
):
    names, levels = sorted({key[0] for key in cells}), levels or {}
    problems = [ProblemInfo("toy", p, levels.get(p), 10 + 10 * i) for i, p in enumerate(names)]
    by_key = {("toy", name, of.strategy, of.setting, seed, budget): c for (name, of, seed, budget), c in cells.items()}
    return run_data(problems, by_key, plan, planned=planned, seeds=seeds, selectors=selectors, verifiers=verifiers)


def row(result, selector, n, strategy="best_of_n", verifier=""):
    key = (strategy, selector, verifier, n)
    (found,) = [r for r in result.rows if (r.strategy, r.selector, r.verifier, r.n) == key]
    return found


def test_independent_samples_give_every_budget_from_all_samples_held():
    result = curves(run({("a", BEST, 0, 0): cell([0, 0, 1, 1]), ("b", BEST, 0, 0): cell([0, 1, 2, -1])}))
    assert [r.n for r in result.rows if r.selector == "oracle"] == [1, 2, 4]
    assert row(result, "first", 4).accuracy == pytest.approx((2 / 4 + 1 / 4) / 2)
    assert row(result, "oracle", 2).accuracy == pytest.approx((5 / 6 + 3 / 6) / 2)
    # a: 1/6 both right, 4/6 tied; b: the right answer beside a wrong one (2/6, tied) or a silent one (1/6)
    assert row(result, "majority", 2).accuracy == pytest.approx(((1 / 6 + 4 / 6 / 2) + (2 / 6 / 2 + 1 / 6)) / 2)
    assert {r.samples for r in result.rows} == {8}
    assert row(result, "majority", 4).no_answer_rate == pytest.approx(1 / 8)


def test_a_budget_costs_its_share_of_the_tokens_and_the_prompt_once():
    result = curves(run({("a", BEST, 0, 0): cell([0] * 4, tokens=100), ("b", BEST, 0, 0): cell([0] * 4, tokens=300)}))
    assert [row(result, "first", n).output_tokens for n in (1, 2, 4)] == [200, 400, 800]
    assert [row(result, "first", n).total_tokens for n in (1, 2, 4)] == [215, 415, 815]


def test_other_strategies_are_scored_cell_by_cell_and_cost_their_usage():
    held = {}
    for name in ("a", "b"):
        for n in BEAM.n:
            spent = Usage(output_tokens=1_000 * n, prompt_tokens_ideal=50)
            held[name, BEAM, 0, n] = cell([1, 0, 0] if name == "a" else [1, 1, 0], usage=spent)
    result = curves(run(held, plan=(BEAM,)))
    assert row(result, "first", 2, "beam").accuracy == 0.0
    assert row(result, "majority", 2, "beam").accuracy == 0.5
    assert row(result, "oracle", 4, "beam").accuracy == 1.0
    assert (row(result, "first", 4, "beam").output_tokens, row(result, "first", 4, "beam").total_tokens) == (4000, 4050)


def test_a_cell_without_candidates_is_wrong_and_not_left_out():
    result = curves(run({("a", BEAM, 0, n): cell([]) for n in BEAM.n}, plan=(BEAM,), planned=1))
    assert (row(result, "oracle", 2, "beam").accuracy, row(result, "oracle", 2, "beam").problems) == (0.0, 1)
    assert row(result, "oracle", 2, "beam").truncated_rate == 0.0


def test_seeds_are_averaged_within_a_problem_first():
    held = {("a", BEST, 0, 0): cell([0] * 4), ("a", BEST, 1, 0): cell([1] * 4)}
    result = curves(run(held, seeds=(0, 1), planned=1))
    found = row(result, "first", 1)
    assert (found.accuracy, found.problems, found.seeds, found.samples) == (0.5, 1, 2, 8)
    assert (found.ci_low, found.ci_high) == (0.0, 1.0)  # two seeds of one problem are one problem


def test_problems_that_do_not_hold_the_largest_budget_for_every_seed_are_left_out_and_counted():
    held = {("a", BEST, seed, 0): cell([0] * 4) for seed in (0, 1)}
    held |= {("b", BEST, 0, 0): cell([1] * 4), ("b", BEST, 1, 0): cell([1] * 3)}
    held |= {("c", BEST, 0, 0): cell([1] * 4)}
    result = curves(run(held, seeds=(0, 1), planned=5))
    assert {r.problems for r in result.rows} == {1}
    assert row(result, "first", 1).accuracy == 1.0
    (missing,) = result.missing
    assert (missing.n, missing.planned, missing.complete) == (4, 5, 1)


def test_more_samples_than_the_plan_asks_for_refine_the_estimate():
    result = curves(run({("a", BEST, 0, 0): cell([0, 1, 1, 1, 1, 1, 1, 1])}, planned=1))
    assert row(result, "oracle", 4).accuracy == pytest.approx(float(pass_at_k(8, 1, 4)))
    assert row(result, "oracle", 4).samples == 8


def test_a_run_without_a_complete_problem_is_the_users_to_carry_on():
    with pytest.raises(UsageError, match=r"no problem whose samples are complete.*tts run --out runs/x"):
        curves(run({("a", BEST, 0, 0): cell([0])}))


def test_a_selector_that_is_not_installed_is_named():
    with pytest.raises(UsageError, match="did you mean 'majority'"):
        curves(run({("a", BEST, 0, 0): cell([0] * 4)}, selectors=("majorty",)))


class Last:
    """A selector that this package does not know: the last sample, by a rule that no closed form covers."""

    name = "last"
    oracle = False
    needs_scores = False

    def select(self, pool, verifier=None):
        assert pool.correct is None, "only oracle selectors may see the verdicts"
        return len(pool.classes) - 1


def test_a_plugged_in_selector_is_estimated_over_random_subsets_in_random_order(monkeypatch):
    monkeypatch.setitem(SELECTORS, "last", Last())
    held = {(f"p{i:03}", BEST, 0, 0): cell([0, 1, 1, 1]) for i in range(40)}
    results = [curves(run(held, planned=40, selectors=("last",))) for _ in range(2)]
    assert results[0] == results[1]
    for found in results[0].rows:  # 40 problems x 256 draws of a share of 1/4
        assert abs(found.accuracy - 0.25) < 4 * (0.25 * 0.75 / (40 * 256)) ** 0.5


def test_monte_carlo_agrees_with_the_exact_majority():
    held = cell([0, 0, 0, 1, 1, 2, -1, 3])
    found = subset_accuracy(held, SELECTORS["majority"], 4, np.random.default_rng(0), draws=4_000)
    exact = curves(run({("a", BEST, 0, 0): held}, planned=1))
    assert abs(found - row(exact, "majority", 4).accuracy) < 4 * 0.5 / 4_000**0.5


def test_rows_come_in_the_order_of_plan_and_selectors_with_n_rising():
    held = {(p, BEAM, 0, n): cell([0]) for p in "ab" for n in BEAM.n}
    held |= {(p, BEST, 0, 0): cell([0] * 4) for p in "ab"}
    result = curves(run(held, plan=(BEAM, BEST), selectors=("oracle", "first")))
    assert [(r.strategy, r.selector, r.n) for r in result.rows] == [
        *[("beam", s, n) for s in ("oracle", "first") for n in (2, 4)],
        *[("best_of_n", s, n) for s in ("oracle", "first") for n in (1, 2, 4)],
    ]


SCORED = ("best", "weighted")


def test_selectors_by_score_have_a_row_a_verifier_from_all_samples_held():
    held = {
        ("a", BEST, 0, 0): cell([0, 1, 1, 2], good=[0.9, 0.1, 0.2, 0.3], bad=[0.1, 0.3, 0.3, 0.9]),
        ("b", BEST, 0, 0): cell([0, 1, -1, -1], good=[0.5, 0.5, 0.9, 0.9], bad=[0.1, 0.2, 0.9, 0.9]),
    }
    result = curves(run(held, selectors=("majority", *SCORED), verifiers=("good", "bad")))
    assert list(dict.fromkeys((r.selector, r.verifier) for r in result.rows)) == [
        ("majority", ""), ("best", "good"), ("best", "bad"), ("weighted", "good"), ("weighted", "bad")
    ]  # fmt: skip
    # of two: a is right where the first sample is among them; b where it stands alone (2/6) or, tied, every other time
    assert row(result, "best", 2, verifier="good").accuracy == pytest.approx((3 / 6 + (2 / 6 + 1 / 12)) / 2)
    assert row(result, "best", 4, verifier="bad").accuracy == 0.0
    assert row(result, "weighted", 4, verifier="good").accuracy == pytest.approx((1 + 0.5) / 2)
    assert row(result, "weighted", 1, verifier="good").accuracy == pytest.approx(1 / 4)
    exact = (2 / 6 + 1 / 12 + 3 / 6) / 2
    assert row(result, "weighted", 2, verifier="good").accuracy == pytest.approx(exact, abs=4 * 0.5 / 2_000**0.5)
    assert 0 < result.monte_carlo_error < 0.5 / 1_000**0.5
    assert result == curves(run(held, selectors=("majority", *SCORED), verifiers=("good", "bad")))
    assert curves(run(held)).monte_carlo_error == 0.0


def test_other_strategies_select_by_score_within_each_cell():
    held = {("a", BEAM, 0, n): cell([1, 0, 0, 1], v=[0.9, 0.5, 0.5, 0.0]) for n in BEAM.n}
    result = curves(run(held, plan=(BEAM,), planned=1, selectors=SCORED, verifiers=("v",)))
    assert row(result, "best", 2, "beam", "v").accuracy == 0.0
    assert row(result, "weighted", 2, "beam", "v").accuracy == 1.0


def test_problems_that_lack_scores_are_left_out_of_those_rows_alone_and_counted():
    held = {(p, BEST, 0, 0): cell([0] * 4, v=[0.5] * 4) for p in "ab"}
    held["b", BEST, 0, 0] = cell([1] * 4)
    result = curves(run(held, planned=3, selectors=("first", "best"), verifiers=("v", "w")))
    assert (row(result, "first", 1).problems, row(result, "first", 1).accuracy) == (2, 0.5)
    assert (row(result, "best", 1, verifier="v").problems, row(result, "best", 1, verifier="v").accuracy) == (1, 1.0)
    assert not [r for r in result.rows if r.verifier == "w"]
    assert [(m.verifier, m.planned, m.complete) for m in result.missing] == [("", 3, 2), ("v", 2, 1), ("w", 2, 0)]


def test_a_cell_without_candidates_lacks_no_score():
    held = {("a", BEAM, 0, n): cell([]) for n in BEAM.n}
    result = curves(run(held, plan=(BEAM,), planned=1, selectors=("best",), verifiers=("v",)))
    assert (row(result, "best", 2, "beam", "v").accuracy, result.missing) == (0.0, ())


@pytest.mark.parametrize("plan", [BEST, BEAM])
def test_scores_that_are_no_weights_cost_the_weighted_line_and_no_other(plan):
    budgets = [0] if plan.independent else plan.n
    held = {("a", plan, 0, n): cell([0, 0, 1, 1], logit=[-3.0, 2.0, 1.0, 0.5]) for n in budgets}
    result = curves(run(held, plan=(plan,), planned=1, selectors=SCORED, verifiers=("logit",)))
    assert {r.selector for r in result.rows} == {"best"}
    (refused,) = result.refused
    assert (refused.selector, refused.verifier) == ("weighted", "logit")
    assert refused.reason.startswith("logit: weights must be non-negative and finite") and "-3" in refused.reason


def test_selectors_by_score_alone_need_scores_somewhere():
    with pytest.raises(UsageError, match="best, weighted need the scores of a verifier"):
        curves(run({("a", BEST, 0, 0): cell([0] * 4)}, selectors=SCORED, planned=1))


class Worst(Last):
    """A plugged-in selector by score."""

    name = "worst"
    needs_scores = True

    def select(self, pool, verifier=None):
        return int(np.argmin(pool.scores[verifier]))


def test_a_plugged_in_selector_by_score_gets_the_scores_of_its_subset(monkeypatch):
    monkeypatch.setitem(SELECTORS, "worst", Worst())
    held = {("a", BEST, 0, 0): cell([0, 1, 1, 1], v=[0.1, 0.2, 0.3, 0.4])}
    result = curves(run(held, planned=1, selectors=("worst",), verifiers=("v",)))
    assert row(result, "worst", 4, verifier="v").accuracy == 1.0
    assert abs(row(result, "worst", 2, verifier="v").accuracy - 0.5) < 4 * 0.5 / 256**0.5


def test_rows_by_level_hold_the_problems_of_that_level():
    held = {("a", BEST, 0, 0): cell([0] * 4, tokens=10), ("b", BEST, 0, 0): cell([1] * 4, tokens=30)}
    held |= {("c", BEST, 0, 0): cell([0, 1, 1, 1], tokens=50)}
    result = curves(run(held, planned=3, selectors=("first",), levels={"a": "2", "b": "10", "c": "10"}))
    found = [(r.level, r.n, r.problems, r.accuracy, r.output_tokens, r.total_tokens) for r in result.by_level]
    assert found == [
        *[("2", n, 1, 1.0, 10.0 * n, 10.0 * n + 10) for n in (1, 2, 4)],
        *[("10", n, 2, pytest.approx(1 / 8), 40.0 * n, 40.0 * n + 25) for n in (1, 2, 4)],
    ]
    assert curves(run(held, planned=3, selectors=("first",))).by_level == ()
