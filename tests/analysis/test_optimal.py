"""Compute-optimal choice against a slow reference written from the paper, and a simulated run with a known truth."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.analysis.studies.optimal import (
    best_single,
    budget_ratio,
    budget_ratios,
    compute_optimal,
    folds,
    needed,
    optimal_curve,
    oracle_choice,
    own_curve,
)
from tts.analysis.studies.optimal_study import study_optimal
from tts.core import UsageError
from tts.session import run
from tts.store import read_run
from tts.sweep import parse_config


@st.composite
def worlds(draw):
    count, m = draw(st.integers(1, 4)), draw(st.integers(2, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    accuracy = rng.integers(0, 4, (count, m)) / 3
    compute = rng.integers(1, 5, (count, m)).astype(float)
    member = np.unique(rng.integers(0, 3, m), return_inverse=True)[1].astype(np.int64)
    return accuracy, compute, member


def slowly(accuracy, compute, member, fold, budget):
    """Each problem's setting: the best of its bin on the other fold, of those whose mean compute fits."""
    cheap_first = sorted(range(len(accuracy)), key=lambda s: compute[s].mean())
    fits = [s for s in cheap_first if compute[s].mean() <= budget]
    return slowly_of(fits, accuracy, member, fold, np.arange(len(member)))


def slowly_of(fits, accuracy, member, fold, problems):
    """The same for a list of problems, some of them several times; ``fits``: the settings, cheapest first."""
    chosen = []
    for i in problems:
        others = [j for j in problems if fold[j] != fold[i]]
        mine = [j for j in others if member[j] == member[i]] or others
        chosen.append(max(fits, key=lambda s: round(accuracy[s][mine].mean(), 9)))
    return chosen


@given(worlds())
@settings(deadline=None)
def test_choice_equals_the_papers_rule_done_slowly(world):
    accuracy, compute, member = world
    fold = folds(member)
    budgets = np.unique(compute.mean(axis=1))
    found = compute_optimal(accuracy, compute, member, fold, budgets)
    for b, budget in enumerate(budgets):
        at = slowly(accuracy, compute, member, fold, budget)
        assert found.accuracy[b].tolist() == [accuracy[s, i] for i, s in enumerate(at)]
        assert found.compute[b].tolist() == [compute[s, i] for i, s in enumerate(at)]


@given(worlds(), st.integers(0, 1))
@settings(deadline=None)
def test_a_problem_never_has_a_say_in_its_own_setting(world, which):
    accuracy, compute, member = world
    fold = folds(member)
    budgets = np.unique(compute.mean(axis=1))
    before = compute_optimal(accuracy, compute, member, fold, budgets).setting[1 - which]
    changed = np.where(fold == which, 1 - accuracy, accuracy)
    after = compute_optimal(changed, compute, member, fold, budgets).setting[1 - which]
    assert (before == after).all()


@given(st.lists(st.integers(0, 4), min_size=2, max_size=40))
def test_folds_are_even_halves_of_every_bin(bins):
    fold = folds(bins)
    assert set(fold.tolist()) == {0, 1}
    assert abs(2 * fold.sum() - len(fold)) <= 1
    for name in set(bins):
        mine = fold[np.array(bins) == name]
        assert abs(2 * mine.sum() - len(mine)) <= 1


def test_on_noise_the_oracle_choice_gains_nothing_since_it_is_evaluated_on_other_samples():
    rng = np.random.default_rng(0)
    halves = tuple((rng.random((40, 500)) < 0.5).astype(float) for _ in range(2))
    cost = np.ones((40, 500))
    found = oracle_choice(halves, (cost, cost), np.array([1.0]))
    assert abs(found.accuracy.mean() - 0.5) < 0.05


def test_needed_compute_is_bounded_and_never_extrapolated():
    x, y = np.array([4.0, 1.0, 16.0]), np.array([0.4, 0.2, 0.3])
    assert needed(x, y, 0.2) == (1, 1)
    assert needed(x, y, 0.3) == pytest.approx((2, 2)), "linear in log compute"
    assert needed(x, y, 0.4) == (4, 4)
    assert needed(x, y, 0.5) == (16, np.inf), "never reached; the last point is below the best one before"
    assert needed(x, y, 0.1) == (0, 1), "the first point is already above"
    levels = np.array([0.2, 0.3, 0.4, 0.5, 0.1])
    several = needed(np.tile(x, (5, 1)), np.tile(y, (5, 1)), levels)
    assert np.array(several).T.tolist() == [list(needed(x, y, level)) for level in levels], "curves at once"


def test_a_ratio_known_by_construction_is_found_and_a_level_never_reached_is_a_bound():
    cost = np.ones((3, 60)) * [[1.0], [4.0], [16.0]]
    level = np.ones((3, 60)) * [[0.2], [0.4], [0.6]]

    def always(accuracy, compute):
        return lambda weights: tuple(np.tile(values, (len(weights), 1)) for values in (accuracy, compute))

    ratio = budget_ratio((level, cost), always(level.mean(axis=1), cost.mean(axis=1) / 4), 1, resamples=20)
    assert str(ratio) == "4.00"
    assert (ratio.ci_low, ratio.ci_high) == (4, 4)
    ratio = budget_ratio((level, cost), always([0.1, 0.2], [1.0, 2.0]), 1, resamples=20)
    assert (ratio.low, ratio.high, str(ratio)) == (0, 2, "< 2.00")
    ratio = budget_ratio((level, cost), always([0.5], [2.0]), 1, resamples=20)
    assert (ratio.low, ratio.high, str(ratio)) == (2, np.inf, "> 2.00")


@given(worlds(), st.integers(0, 2**32))
@settings(deadline=None)
def test_a_resampled_curve_is_that_of_the_problems_repeated(world, seed):
    """The choice is made anew from a resample's copies; where one fold has no copy, from the problems as they are."""
    accuracy, compute, member = world
    fold, m = folds(member), len(member)
    budgets = np.unique(compute.mean(axis=1))
    weights = np.random.default_rng(seed).integers(0, 3, (5, m)).astype(float)
    right, spent = optimal_curve(accuracy, compute, member, fold, budgets)(weights)
    for r, row in enumerate(weights):
        copies = np.repeat(np.arange(m), row.astype(int))
        if set(fold[copies]) != {0, 1}:
            copies = np.arange(m)
        for b, budget in enumerate(budgets):
            fits = [s for s in np.argsort(compute.mean(axis=1), kind="stable") if compute[s].mean() <= budget]
            at = slowly_of(fits, accuracy, member, fold, copies)
            assert right[r, b] == pytest.approx(np.mean([accuracy[s, i] for s, i in zip(at, copies, strict=True)]))
            assert spent[r, b] == pytest.approx(np.mean([compute[s, i] for s, i in zip(at, copies, strict=True)]))


@pytest.mark.parametrize("against", ["one strategy", "best single"])
def test_intervals_of_a_ratio_hold_the_truth(against):
    """More compute hurts in one bin and helps in the other, with noise on every problem.

    Truth: the largest setting alone gives 0.8 for 4; by bins 0.65 for 1.5 and 0.85 for 2.5, so 0.8 for 2.2.
    """
    held, truth = 0, 4 / (1.5**0.25 * 2.5**0.75)
    for repetition in range(20):
        rng = np.random.default_rng(repetition)
        member = np.repeat([0, 1], 60)
        chance = np.array([[0.9, 0.0], [0.85, 0.4], [0.8, 0.8]])[:, member]
        accuracy = rng.binomial(20, chance) / 20
        compute = np.ones_like(chance) * [[1.0], [2.0], [4.0]]
        fold, budgets = folds(member), np.array([1.0, 2.0, 4.0])
        curve = optimal_curve(accuracy, compute, member, fold, budgets)
        single = optimal_curve(accuracy, compute, np.zeros_like(member), fold, budgets)
        reference = single if against == "best single" else own_curve(accuracy, compute)
        ((ratio,),) = budget_ratios([reference], curve, [[2]], len(member), resamples=100)
        held += ratio.ci_low <= truth <= ratio.ci_high
    assert held >= 17


def test_without_bins_one_setting_serves_all():
    accuracy = np.array([[1.0, 1, 0, 0, 0, 0], [0.0, 0, 1, 1, 1, 1]])
    found = best_single(accuracy, np.ones((2, 6)), folds(np.zeros(6, int)), np.array([1.0]))
    assert len(np.unique(found.setting)) == 1


@pytest.mark.parametrize("bad", ["shape", "fold", "budget"])
def test_bad_arrays_are_refused(bad):
    accuracy, fold, budget = np.zeros((2, 4)), np.array([0, 1, 0, 1]), 1.0
    if bad == "shape":
        accuracy = np.zeros((2, 3))
    if bad == "fold":
        fold = np.zeros(4, int)
    if bad == "budget":
        budget = 0.5
    with pytest.raises(ValueError):
        compute_optimal(accuracy, np.ones((2, 4)), np.zeros(4, int), fold, np.array([budget]))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    place = tmp_path_factory.mktemp("optimal")

    def make(name, **more):
        data = {
            "model": "simulated",
            "benchmarks": ["arith:levels=1-3,per_level=20"],
            "strategies": [{"name": "best_of_n", "n": [1, 4, 16]}],
            **more,
        }
        run(parse_config(data, "test"), place / name, stream=(place / f"{name}.log").open("w"))
        return read_run(place / name)

    return make


def test_bins_come_from_samples_that_are_not_compared(simulated):
    """One seed: half of the samples; two seeds: the second one. The rest alone is in the table."""
    one = simulated("one")
    study = study_optimal([one], resamples=10)
    assert "second half of the 16 samples" in study.difficulty
    assert {c.n for c in study.table.choices} == {1, 2, 4, 8}
    first = [c.series for c in study.table.choices].index(study.table.choices[0].series)
    entry = one.plan[0]
    for i, p in enumerate(study.problems):
        cell = one.cells[p.benchmark, p.id, entry.strategy, entry.setting, 0, 0]
        assert study.table.accuracy[first, i] == pytest.approx(cell.correct[:8].mean())

    two = simulated("two", seeds=[0, 1])
    study = study_optimal([two], resamples=10)
    assert "seed 1" in study.difficulty
    assert {c.n for c in study.table.choices} == {1, 2, 4, 8, 16}
    for i, p in enumerate(study.problems):
        cell = two.cells[p.benchmark, p.id, entry.strategy, entry.setting, 0, 0]
        assert study.table.accuracy[first, i] == pytest.approx(cell.correct.mean())


def test_a_setting_that_holds_samples_that_told_difficulty_is_not_compared(simulated):
    """Revision in 16 chains is best-of-16 with its very samples; in 2 chains it has none of the second half."""
    chains = [{"name": "revision", "n": [16], "chains": c} for c in (16, 2)]
    found = simulated("shared", strategies=[{"name": "best_of_n", "n": [1, 4, 16]}, *chains], limit=10)
    study = study_optimal([found], resamples=10)
    assert {c.setting for c in study.table.choices if c.strategy == "revision"} == {'{"chains":2}'}
    assert any(note.startswith('revision {"chains":16} is left out') for note in study.notes)
    with closing(sqlite3.connect(found.path / "journal.sqlite")) as db:
        rows = db.execute(
            "SELECT c.strategy, c.setting, idx, samples FROM candidates JOIN cells c ON c.id = cell"
        ).fetchall()
    told = {samples for strategy, _, idx, samples in rows if strategy == "best_of_n" and idx >= 8}
    compared = {(c.strategy, c.setting) for c in study.table.choices if c.strategy != "best_of_n"}
    assert told.isdisjoint(samples for *setting, _, samples in rows if tuple(setting) in compared)


@pytest.mark.parametrize("seeds", [[0], [0, 1]])
def test_a_second_run_that_holds_the_samples_that_told_difficulty_is_not_compared(simulated, seeds):
    """A simulated model draws the same again. Four samples are none of the second half of 16, but seed 1 is."""
    runs = [simulated(f"{name}-{len(seeds)}", seeds=seeds, limit=10, strategies=[{"name": "best_of_n", "n": n}])
            for name, n in (("first", 16), ("again", 16), ("few", 4))]  # fmt: skip
    study = study_optimal(runs, resamples=10)
    left = {"again", "few"} if len(seeds) > 1 else {"again"}
    assert {c.run.rpartition("/")[2].partition("-")[0] for c in study.table.choices} == {"first", "again", "few"} - left
    assert sum("best_of_n is left out: it holds samples" in note for note in study.notes) == len(left)


def test_ratios_to_the_best_single_setting_are_those_of_the_two_curves_at_its_rising_accuracies(simulated):
    study = study_optimal([simulated("curves")], resamples=10)
    (best, better), (single, cheaper) = (
        (chosen.accuracy.mean(axis=1), chosen.compute.mean(axis=1)) for chosen in (study.optimal, study.single)
    )
    found = [s for s in study.savings if s.series is None]
    assert [s.level for s in found] == [y for i, y in enumerate(single) if i and y > max(single[:i]) + 1e-9]
    assert found
    for saving in found:
        (top, above), (bottom, limit) = needed(cheaper, single, saving.level), needed(better, best, saving.level)
        assert saving.ratio.low == pytest.approx(float(top / limit))
        assert saving.ratio.high == pytest.approx(float(above / bottom) if bottom else np.inf)


def test_runs_on_different_problems_are_refused_naming_them(simulated):
    with pytest.raises(UsageError, match=r"different problem sets: .*arith.* only in .*wide"):
        study_optimal([simulated("narrow", limit=6), simulated("wide", limit=8)])


def test_predicted_bins_need_a_verifier(simulated):
    with pytest.raises(UsageError, match="--verifier: predicted bins need one verifier's scores; no verifier"):
        study_optimal([simulated("unscored", limit=8)], kind="predicted")
