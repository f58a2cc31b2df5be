"""What compute bought on ``arith``: ``python -m lab.results RUN LARGER_RUN docs/results.md``.

Four tables between the markers of the page, from the functions that ``tts optimal``, ``allocate`` and ``compare`` call.
The compute axis is forward FLOPs of the policy and of every verifier that guides or selects.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lab.card import table
from lab.reward_models import points, reward_models
from lab.strategies import percent
from tts.analysis import axis_of, models_of
from tts.analysis.choices import Choice, complete_problems, fixed, hold, tabulate
from tts.analysis.planning import Rules, evaluate_plan, rehearse_run
from tts.analysis.studies import RATIOS, OptimalStudy, budget_ratio, study_matched, study_optimal
from tts.analysis.studies import compute_optimal as choose_optimal
from tts.analysis.studies.flops_matched import at_budget
from tts.analysis.studies.optimal import folds, optimal_curve
from tts.report.notes import short_labels, variant
from tts.stats import difference_interval, mean_interval
from tts.store import RunData, read_run

Floats = npt.NDArray[np.float64]

BEGIN, STOP = "<!-- tables: written by make results -->", "<!-- end of tables -->"
GOOD = "prm/tiny-arith:min"
"""The scores that tell difficulty and that are compared across models."""
BASELINES = (("majority", ""), ("best", GOOD), ("weighted", GOOD))
PLANS = ("majority", "best", "weighted", "oracle")
UNIFORM = (8, 16)
"""Budgets of the plans: what as many samples for every prompt take."""
MEGA = 1e6


@dataclass(frozen=True)
class Curve:
    """The best setting of every budget, chosen on the other half of the problems, by difficulty or for all alike."""

    by: str
    study: OptimalStudy
    member: npt.NDArray[np.int64]
    """Bins; all 0 where there are none."""

    @property
    def inputs(self) -> tuple[Floats, Floats, npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
        """What the choice is made from: accuracy, compute, bins, halves, budgets."""
        held = self.study.table
        budgets = np.unique(held.compute.mean(axis=1))
        return held.accuracy, held.compute, self.member, folds(self.study.bins.member), budgets


def compute_optimal(run: RunData, studies: dict[str, OptimalStudy]) -> Iterator[str]:
    """Compute-optimal against best-of-n at equal FLOPs, the budget ratios, and what was chosen."""
    held = studies["oracle"].table
    curves = [Curve(f"{name} bins", study, study.bins.member) for name, study in studies.items()]
    curves.append(Curve("no bins", studies["oracle"], np.zeros(len(held.problems), np.int64)))
    ways = [choose_optimal(*curve.inputs) for curve in curves]
    rows = {pick: [i for i, c in enumerate(held.choices) if is_best_of_n(c, *pick)] for pick in BASELINES}
    lines = []
    for row in rows["weighted", GOOD]:
        spent = float(held.compute[row].mean())
        values = [at_budget(way.accuracy, way.compute, spent)[0] for way in ways]
        lines.append(
            (held.choices[row].n, f"{spent / MEGA:.0f}", mean(held.accuracy[row]), *map(mean, values),
             minus(values[1], held.accuracy[row]), minus(values[0], values[2]), minus(values[1], values[2]))
        )  # fmt: skip
    head = ("n", "MFLOPs", "best-of-n", *(c.by for c in curves), "predicted bins - best-of-n", "oracle - no bins",
            "predicted - no bins")  # fmt: skip
    yield "Weighted best-of-n with n samples, and the chosen settings at the FLOPs that it takes:\n\n" + table(
        head, lines
    )
    ratios = []
    for (selector, verifier), mine in rows.items():
        own = held.accuracy[mine], held.compute[mine]
        best = int(np.argmax(own[0].mean(axis=1)))
        for curve in curves:
            ratio = budget_ratio(own, optimal_curve(*curve.inputs), best)
            at = (variant(selector, verifier), held.choices[mine[best]].n, f"{100 * own[0][best].mean():.1f}")
            ratios.append((*at, curve.by, ratio, ends(ratio.ci_low), ends(ratio.ci_high)))
    head = ("best-of-n by", "its best n", "accuracy", "chosen by", "budget ratio", "from", "to")
    yield "FLOPs of best-of-n at its best n, over those of the chosen settings for that accuracy:\n\n" + table(
        head, ratios
    )
    labels = short_labels((e.strategy, e.setting) for e in run.plan)
    middle = float(held.compute[rows["weighted", GOOD][3]].mean()) * (1 + 1e-9)
    budget = max(p.budget for p in studies["predicted"].picks if p.budget <= middle)
    picks = [p for p in studies["predicted"].picks if p.budget == budget]
    halves = [
        (a.bin, *(f"{labels[c.strategy, c.setting]}, n = {c.n}, {variant(c.selector, c.verifier)}" for c in both))
        for a, both in ((a, (a.choice, b.choice)) for a, b in zip(picks[::2], picks[1::2], strict=True))
    ]
    head = ("bin", "one half chose", "the other half chose")
    yield f"Chosen at {budget / MEGA:.0f} MFLOPs, predicted bins, easiest first:\n\n" + table(head, halves)


def is_best_of_n(choice: Choice, selector: str, verifier: str) -> bool:
    """Whether a choice is best-of-n by some selector."""
    return (choice.strategy, choice.selector, choice.verifier) == ("best_of_n", selector, verifier)


def mean(values: Floats) -> str:
    """A mean accuracy over problems."""
    return percent(mean_interval(values))


def minus(first: Floats, second: Floats) -> str:
    """The difference of two, problems paired."""
    return points(difference_interval(first, second))


def ends(value: float) -> str:
    """An end of an interval; a dash where nothing bounds it."""
    return f"{value:.2f}" if 0 < value < math.inf else "-"


def allocation(run: RunData) -> str:
    """What plans gain on prompts that had no part in them."""
    lines = []
    for selector in PLANS:
        verifier = GOOD if selector in ("best", "weighted") else ""
        for others, unit in ((False, "tokens"), (True, "flops")):
            known = rehearse_run(run, Rules(selector, verifier, pilot=4, others=others), axis_of(unit))
            for n in UNIFORM:
                budget = float((known.prompts.fixed + n * known.prompts.each).mean(axis=1).sum())
                held = evaluate_plan(known, budget, unit)
                spent = held.plan.compute.mean()
                lines.append(
                    (
                        variant(selector, verifier) if verifier or selector != "oracle" else "checker",
                        "samples, strategies" if others else "samples",
                        n,
                        f"{spent / MEGA:.1f} MFLOPs" if others else f"{spent:.0f} tokens",
                        *(f"{100 * way.accuracy.mean():.1f}" for way in (held.uniform, held.plan, held.oracle)),
                        points(held.gain),
                    )
                )
    head = ("selector", "spent on", "budget: n", "took a prompt", "uniform", "plan", "oracle", "plan minus uniform")
    return table(head, lines)


def matched(study: OptimalStudy, small: RunData, large: RunData) -> Iterator[str]:
    """The small model with test-time compute against the larger one."""
    multiplied = [models_of(run).require() for run in (small, large)]
    times = (multiplied[1].body + multiplied[1].head) / (multiplied[0].body + multiplied[0].head)
    rows = study_matched(study, [small], large, times=times, ratios=(*RATIOS, math.inf))
    lines = [
        (f"{r.result.ratio:g}", r.bin, r.problems, f"{r.result.multiplier:.1f}",
         f"{r.result.spent / MEGA:.0f}" + (" (all held)" if r.result.spent < r.result.budget * (1 - 1e-9) else ""),
         percent(r.result.small), percent(r.result.large), points(r.result.difference))
        for r in rows
    ]  # fmt: skip
    head = ("R", "bin", "problems", "times inference", "MFLOPs spent", "small", "large, one answer", "difference")
    yield (
        f"Compute-optimal (predicted bins) against one answer of the model with {times:.2f} times the parameters, at "
        "equal total FLOPs; R = inference / pretraining tokens:\n\n" + table(head, lines)
    )
    problems, axis = complete_problems([small, large]), axis_of("flops")
    ours, theirs = (
        tabulate([hold(run, e, problems, run.seeds) for e in fixed(run) if e.independent], problems, axis)[0]
        for run in (small, large)
    )
    pairs = []
    for selector, verifier in BASELINES:
        for i, choice in enumerate(theirs.choices):
            if (choice.selector, choice.verifier) == (selector, verifier):
                curve = [k for k, c in enumerate(ours.choices) if (c.selector, c.verifier) == (selector, verifier)]
                spent = float(theirs.compute[i].mean())
                mine, took = at_budget(ours.accuracy[curve], ours.compute[curve], spent)
                n = float(np.interp(math.log(took), np.log(ours.compute[curve].mean(axis=1)),
                                    [ours.choices[k].n for k in curve]))  # fmt: skip
                pairs.append(
                    (variant(selector, verifier), choice.n, f"{n:.1f}", f"{spent / MEGA:.0f}",
                     mean(mine), mean(theirs.accuracy[i]), minus(mine, theirs.accuracy[i]))
                )  # fmt: skip
    title = ("best-of-n by", "n, large", "n, small", "MFLOPs", "small", "large", "difference")
    yield "Both models with best-of-n at equal inference FLOPs:\n\n" + table(title, pairs)


def main(small: str, large: str, file: str) -> None:
    """Write the tables between the two markers of ``file``."""
    run, larger = read_run(Path(small)), read_run(Path(large))
    axis = axis_of("flops")
    studies = {
        "oracle": study_optimal([run], kind="oracle", axis=axis, resamples=1),
        "predicted": study_optimal([run], kind="predicted", verifier=GOOD, axis=axis, resamples=1),
    }
    parts = (
        ("Compute-optimal", compute_optimal(run, studies)),
        ("Per-prompt allocation", [allocation(run)]),
        ("Small against large", matched(studies["predicted"], run, larger)),
        ("Reward models", reward_models(run)),
    )
    text = "\n\n".join(f"### {title}\n\n" + "\n\n".join(tables) for title, tables in parts)
    page = Path(file)
    before, _, rest = page.read_text().partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{STOP}{rest.partition(STOP)[2]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
