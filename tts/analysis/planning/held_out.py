"""What a plan gains on prompts that had no part in it, against uniform spending at equal compute and the oracle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.analysis.planning.allocation import Options, allocate
from tts.analysis.planning.rules import FOLDS, Knowledge, expect, options_of
from tts.stats.intervals import Interval, mean_interval
from tts.stats.paired import difference_interval

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

    def worth(self, wrong: float) -> Floats:
        """1 for a right answer, minus ``wrong`` for a wrong one, 0 for none; one value a problem."""
        return self.accuracy - wrong * (1 - self.accuracy - self.abstained)

    def worth_interval(self, wrong: float) -> Interval:
        """Of worth, over problems."""
        found = mean_interval((self.worth(wrong) + wrong) / (1 + wrong))
        return _times(found, 1 + wrong, -wrong)


def _times(of: Interval, scale: float, start: float = 0.0) -> Interval:
    """The interval of ``scale`` times the values plus ``start``."""
    mean, low, high = (scale * x + start for x in (of.mean, of.low, of.high))
    return Interval(mean, scale * of.stderr, low, high)


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """The three ways to spend."""

    plan: Outcome
    uniform: Outcome
    """The same number of samples for every prompt (a mixture of two numbers), at the compute that the plan took."""
    oracle: Outcome
    """The best numbers of samples in hindsight, at no more compute than the plan took: chosen by what they give on the
    very samples that they are evaluated on, without a pilot. Numbers fixed beforehand cannot do better; a plan that
    sees its pilot, or uses other strategies, may."""
    gain: Interval
    """Worth of the plan minus uniform, problems paired; the worth is accuracy where wrong answers cost nothing."""


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
    uniform = uniform_at(known, float(plan.compute.mean()))
    oracle = in_hindsight(known, float(plan.compute.mean()))
    wrong = known.rules.wrong
    better, than = ((way.worth(wrong) + wrong) / (1 + wrong) for way in (plan, uniform))
    return HeldOut(plan, uniform, oracle, _times(difference_interval(better, than), 1 + wrong))


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


def in_hindsight(known: Knowledge, compute: float) -> Outcome:
    """The best numbers of samples for a mean compute, all their values known; or no answer at no compute, where wrong
    ones cost something.

    Numbers are shared as by `allocate`, so it is within one step of one prompt of the best.
    """
    prompts, wrong = known.prompts, known.rules.wrong
    m, seeds = len(prompts.problems), len(prompts.seeds)
    right = np.array([[r.accuracy.mean(axis=0) for r in row] for row in known.rehearsed]).reshape(m * seeds, -1)
    cost = prompts.fixed.reshape(-1, 1) + np.arange(1, right.shape[1] + 1) * prompts.each.reshape(-1, 1)
    worth, silent = right * (1 + wrong) - wrong, np.zeros_like(right)
    if wrong > 0:
        right, cost, worth, silent = (
            np.pad(x, ((0, 0), (0, 1)), constant_values=end)
            for x, end in ((right, 0.0), (cost, 0.0), (worth, 0.0), (silent, 1.0))
        )
    options = [Options(c, w) for c, w in zip(cost, worth, strict=True)]
    taken = allocate(options, max(compute * len(options), float(cost.min(axis=1).sum())))
    each = np.arange(len(options))
    return Outcome(*(x[each, taken].reshape(m, seeds).mean(axis=1) for x in (right, cost, silent)))
