"""What a plan gains on prompts that had no part in it, against uniform spending and the oracle, at equal compute."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.analysis.allocation import Options, allocate
from tts.analysis.choices import part_of
from tts.analysis.intervals import Interval, mean_interval
from tts.analysis.paired import difference_interval
from tts.analysis.planning import FOLDS, ORDERS, Knowledge, expect, options_of
from tts.analysis.rehearsal import prefix_accuracy
from tts.core import stream

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAYS = 16
"""Times that the budget is spent, each with another order of everybody's samples; results are means over them."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What spending by some rule gave; one value a problem, seeds and orders averaged."""

    accuracy: Floats
    compute: Floats
    abstained: Floats

    def interval(self) -> Interval:
        """Of accuracy, over problems."""
        return mean_interval(self.accuracy)

    def utility(self, wrong: float) -> float:
        """Mean worth: 1 for a right answer, minus ``wrong`` for a wrong one, 0 for none."""
        return float(np.mean(self.accuracy - wrong * (1 - self.accuracy - self.abstained)))


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """The three ways to spend."""

    plan: Outcome
    uniform: Outcome
    """The same number of samples for every prompt (a mixture of two numbers), at the compute that the plan took."""
    oracle: Outcome
    """Every prompt's own value of each number of samples known, from one half of its samples, evaluated on the other;
    no pilot, and no more samples than a half holds."""
    gain: Interval
    """Accuracy of the plan minus uniform, problems paired."""


def spent_on(known: Knowledge, problem: int, seed: int, samples: bool) -> Floats:
    """Compute of the first n samples of each rehearsal, (R, N), without the fixed part.

    ``samples``: where samples are counted, each is one; else compute goes with tokens.
    """
    tokens, each = known.rehearsed[problem][seed].tokens, known.prompts.each[problem, seed]
    if samples:
        return np.broadcast_to(each * np.arange(1, tokens.shape[1] + 1), tokens.shape)
    mean = known.prompts.cells[problem][seed].output_tokens.mean()
    return tokens * (each / mean if mean else 0.0)


def estimated_each(pilot_cost: float, pilot: int, prior: float) -> float:
    """Compute of one more sample, from that of the pilot's and, as if it were one more of them, the mean prompt's."""
    return (pilot_cost + prior) / (pilot + 1)


def evaluate_plan(known: Knowledge, budget: float, unit: str) -> HeldOut:
    """Spend ``budget`` on all prompts of one seed, each planned by what the other folds taught; measured as it went.

    Where pilots turn out dearer than the budget nothing more is spent.
    """
    plan = _planned(known, budget, unit)
    mean = float(plan.compute.mean())
    uniform = uniform_at(known, mean)
    oracle = _oracle(known, mean * len(plan.compute))
    return HeldOut(plan, uniform, oracle, difference_interval(plan.accuracy, uniform.accuracy))


def _planned(known: Knowledge, budget: float, unit: str) -> Outcome:
    k, prompts = known.rules.pilot, known.prompts
    m, seeds = len(prompts.problems), len(prompts.seeds)
    taught = [expect(known, np.flatnonzero(known.fold != f)) for f in range(FOLDS)]
    costs = [[spent_on(known, i, s, unit == "samples") for s in range(seeds)] for i in range(m)]
    total = np.zeros((3, m))
    days = min(DAYS, len(known.rehearsed[0][0].sign))
    for day in range(days):
        for s in range(seeds):
            options = []
            for i in range(m):
                seen = taught[known.fold[i]]
                each = estimated_each(float(costs[i][s][day, k - 1]), k, seen.each)
                sign = int(known.rehearsed[i][s].sign[day])
                options.append(options_of(known, seen, sign, float(prompts.fixed[i, s]), each))
            for i, act in enumerate(allocate(options, max(budget, sum(float(o.cost.min()) for o in options))).tolist()):
                total[:, i] += _realised(known, costs[i][s][day], i, s, act, day)
    return Outcome(*(x / (days * seeds) for x in total))


def _realised(known: Knowledge, cost: Floats, i: int, s: int, act: int, day: int) -> Floats:
    """Accuracy, compute and abstention, (3,), of one act with one order of a prompt's samples."""
    what, start = known.acts[act], float(known.prompts.fixed[i, s])
    pilot = start + float(cost[known.rules.pilot - 1])
    if what.action == "abstain":
        return np.array([0.0, pilot, 1.0])
    if what.action == "strategy":
        first = sum(a.action in ("sample", "stop") for a in known.acts)
        right, price = known.others[i, s, act - first]
        return np.array([right, pilot + price, 0.0])
    return np.array([known.rehearsed[i][s].accuracy[day, what.n - 1], start + float(cost[what.n - 1]), 0.0])


def uniform_at(known: Knowledge, compute: float) -> Outcome:
    """The same number of samples for all at a mean compute, met by mixing two numbers; at most all that are held."""
    right = np.array([np.mean([r.accuracy.mean(axis=0) for r in row], axis=0) for row in known.rehearsed])
    ns = np.arange(1, right.shape[1] + 1)
    cost = known.prompts.fixed.mean(axis=1)[:, None] + ns * known.prompts.each.mean(axis=1)[:, None]
    mean = cost.mean(axis=0)
    at = float(np.interp(compute, mean, np.arange(len(ns))))
    low = int(at)
    high, share = min(low + 1, len(ns) - 1), at - low
    accuracy, spent = ((1 - share) * x[:, low] + share * x[:, high] for x in (right, cost))
    return Outcome(accuracy, spent, np.zeros(len(spent)))


def _oracle(known: Knowledge, budget: float) -> Outcome:
    """Numbers of samples chosen on one half of each prompt's samples and evaluated on the other, both ways."""
    prompts, rules = known.prompts, known.rules
    m, seeds = len(prompts.problems), len(prompts.seeds)
    most = min(len(c) for row in prompts.cells for c in row) // 2
    total = np.zeros((2, m))
    ns = np.arange(1, most + 1)
    for s in range(seeds):
        values = np.zeros((2, m, most))
        for i, row in enumerate(prompts.cells):
            cut = len(row[s]) // 2
            for half, at in enumerate((slice(0, cut), slice(cut, None))):
                cell = part_of(row[s], at)
                rng = stream("oracle allocation", i, s, half)
                orders = np.stack([rng.permutation(len(cell))[:most] for _ in range(ORDERS)])
                values[half, i] = prefix_accuracy(cell, rules.selector, rules.verifier, orders).mean(axis=0)
        cost = prompts.fixed[:, s, None] + ns * prompts.each[:, s, None]
        affordable = max(budget, float(cost[:, 0].sum()))
        for choosing in (0, 1):
            taken = allocate([Options(cost[i], values[choosing, i]) for i in range(m)], affordable)
            total[0] += values[1 - choosing, np.arange(m), taken]
            total[1] += cost[np.arange(m), taken]
    return Outcome(total[0] / (2 * seeds), total[1] / (2 * seeds), np.zeros(m))
