"""Per-prompt allocation: from the pilot samples of every prompt to a plan, and what such a plan gains, held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tts.analysis import how_to_score
from tts.analysis.axes import Axis, Costed
from tts.analysis.choices import Held, budgets_of, complete_problems, fixed, hold
from tts.analysis.planning.allocation import Options, allocate
from tts.analysis.planning.rehearsal import SELECTORS, Rehearsed, Values, leading_score, learn, rehearse
from tts.analysis.selection import how_to_sample, picked_accuracy
from tts.core import SELECTORS as RULES
from tts.core import UsageError, stream
from tts.stats.posterior import Beta, fit_beta
from tts.store import CellData, Entry, ProblemInfo, RunData

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Action = Literal["sample", "stop", "abstain", "strategy"]
FOLDS = 5
ORDERS = 32


@dataclass(frozen=True, slots=True)
class Rules:
    """What a plan is made by."""

    selector: str
    verifier: str
    """A label, or empty."""
    pilot: int
    wrong: float = 0.0
    """What a wrong answer costs, where a right one is worth 1; above 0, abstaining may be the best that can be done."""
    others: bool = True
    """Whether the run's other strategies may be taken."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that may be done with a prompt after its pilot."""

    action: Action
    n: int
    """Samples in all, the pilot's included; for another strategy, its budget."""
    entry: Entry


@dataclass(frozen=True, slots=True, eq=False)
class Prompts:
    """Prompts of a run, one a problem and seed, with what their samples show."""

    problems: tuple[ProblemInfo, ...]
    seeds: tuple[int, ...]
    cells: tuple[tuple[CellData, ...], ...]
    """By problem, then seed."""
    fixed: Floats
    """Shape (problems, seeds): compute before the first sample (the prompt's prefill)."""
    each: Floats
    """Shape (problems, seeds): compute of a sample, by the mean over all that are held."""


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """All that is known of the problems that values are learned from."""

    prompts: Prompts
    acts: tuple[Act, ...]
    """Every act in the order of an ``Options``; n rising, then other strategies, then abstaining."""
    rehearsed: tuple[tuple[Rehearsed, ...], ...]
    """By problem, then seed."""
    others: Floats
    """Shape (problems, seeds, strategies, 2): accuracy and compute of each other strategy."""
    edges: Floats
    fold: Ints
    """Shape (problems,)."""
    rules: Rules


def sampled_entry(run: RunData) -> Entry:
    """The setting that a plan gives samples to: the run's first one of independent samples with n above 1."""
    found = next((e for e in fixed(run) if e.independent and e.n[-1] > 1), None)
    if found is None:
        raise UsageError(f"RUN: {run.path} has no independent samples to allocate; {how_to_sample(run)}")
    return found


def read_prompts(run: RunData, entry: Entry, axis: Axis, rules: Rules, beyond: int = 0) -> Prompts:
    """The prompts whose samples are complete. Raises UsageError where fewer than the pilot and ``beyond`` are held."""
    problems = complete_problems([run])
    held = hold(run, entry, problems, run.seeds)
    cells = tuple(tuple(held.cells[(p.benchmark, p.id), 0]) for p in problems)
    least = min(len(c) for row in cells for c in row)
    if not 1 <= rules.pilot <= least - beyond:
        why = ", and what more are worth is learned from those after the pilot" if beyond else ""
        fix = "; name a number in between, or --fit a run with more" if beyond else "; name a number in between"
        raise UsageError(
            f"--pilot: found {rules.pilot}, expected 1..{least - beyond}: {run.path} holds {least} samples a prompt"
            f"{why}{fix}"
        )
    lacking = [p for p, row in zip(problems, cells, strict=True) for c in row if rules.verifier not in ("", *c.scores)]
    if lacking:
        raise UsageError(
            f"--verifier: {rules.verifier} has not scored all samples of {run.path} ({lacking[0].id} among "
            f"{len(lacking)}); it holds {', '.join(run.verifiers) or 'no scores'}; {how_to_score(run)}"
        )
    cost = np.array(
        [
            [axis(Costed(run, p, c, entry, rules.verifier), np.array([1, 2])) for c in row]
            for p, row in zip(problems, cells, strict=True)
        ]
    )
    each = cost[:, :, 1] - cost[:, :, 0]
    return Prompts(problems, run.seeds, cells, cost[:, :, 0] - each, each)


def rehearse_run(run: RunData, rules: Rules, axis: Axis, orders: int = ORDERS) -> Knowledge:
    """Rehearse every prompt of a run: what pilots show and what more samples give.

    Raises UsageError for a selector that more samples are worth nothing to, for a verifier that it would not ask, for
    scores that it cannot use, or where the run holds no more samples than the pilot.
    """
    if rules.selector not in SELECTORS:
        raise UsageError(f"--selector: found {rules.selector!r}, expected one of {', '.join(SELECTORS)}")
    if rules.verifier and not RULES[rules.selector].needs_scores:
        raise UsageError(
            f"--verifier: found {rules.verifier!r}, but {rules.selector} uses no scores; "
            "leave it out, or name --selector best or weighted"
        )
    entry = sampled_entry(run)
    prompts = read_prompts(run, entry, axis, rules, beyond=1)
    most = min(len(c) for row in prompts.cells for c in row)
    if len(prompts.problems) < FOLDS:
        raise UsageError(
            f"RUN: {run.path}: {len(prompts.problems)} prompts are complete; held-out evaluation needs {FOLDS}"
        )
    edges = _edges(prompts, rules)
    rehearsed = tuple(
        tuple(_rehearse(p, seed, c, rules, edges, most, orders) for seed, c in zip(prompts.seeds, row, strict=True))
        for p, row in zip(prompts.problems, prompts.cells, strict=True)
    )
    acts = [Act("stop" if n == rules.pilot else "sample", n, entry) for n in range(rules.pilot, most + 1)]
    parts = [hold(run, e, prompts.problems, run.seeds) for e in fixed(run) if rules.others and not e.independent]
    others, table = _others(parts, prompts, rules, axis)
    if rules.wrong > 0:
        others.append(Act("abstain", rules.pilot, entry))
    fold = stream("allocation folds", len(prompts.problems)).permutation(len(prompts.problems)) % FOLDS
    return Knowledge(prompts, (*acts, *others), rehearsed, table, edges, fold, rules)


def _edges(prompts: Prompts, rules: Rules) -> Floats:
    """Thirds of the pilots' best scores; nothing for a selector without scores."""
    if not rules.verifier or rules.selector not in ("best", "weighted"):
        return np.zeros(0)
    pilot = np.arange(rules.pilot)[None, :]
    found = np.array([leading_score(c, rules.verifier, pilot)[0] for row in prompts.cells for c in row])
    found = found[np.isfinite(found)]
    return np.quantile(found, [1 / 3, 2 / 3]) if len(found) else np.zeros(0)


def _rehearse(
    problem: ProblemInfo, seed: int, cell: CellData, rules: Rules, edges: Floats, most: int, orders: int
) -> Rehearsed:
    rng = stream("rehearsal", problem.benchmark, problem.id, seed)
    order = np.stack([rng.permutation(len(cell))[:most] for _ in range(orders)])
    try:
        return rehearse(cell, rules.selector, rules.verifier, order, rules.pilot, edges)
    except ValueError as error:
        raise UsageError(f"--selector {rules.selector}: {error}; use an aggregation that gives probabilities") from None


def _others(parts: Sequence[Held], prompts: Prompts, rules: Rules, axis: Axis) -> tuple[list[Act], Floats]:
    """Other strategies of the run, and what each gives and costs, (problems, seeds, strategies, 2)."""
    acts, columns = [], []
    for held in parts:
        for n in budgets_of(held.entry):
            rows = [held.cells[(p.benchmark, p.id), n] for p in prompts.problems]
            if rules.verifier and any(rules.verifier not in c.scores for row in rows for c in row if len(c)):
                continue
            acts.append(Act("strategy", n, held.entry))
            rule = RULES[rules.selector]
            columns.append(
                [
                    [
                        (
                            picked_accuracy(c, rule, rules.verifier or None),
                            float(axis(Costed(held.run, p, c, held.entry, rules.verifier), np.array([n]))[0]),
                        )
                        for c in row
                    ]
                    for p, row in zip(prompts.problems, rows, strict=True)
                ]
            )
    shape = (len(prompts.problems), len(prompts.seeds), 0, 2)
    return acts, np.stack(columns, axis=2) if columns else np.zeros(shape)


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """What pilots say of what further compute is worth, from some problems."""

    values: Values
    prior: Beta
    """Of success rates, from the number of correct samples among all that are held."""
    each: float
    """Mean compute of a sample."""


def expect(known: Knowledge, on: Ints) -> Expectation:
    """Learn from the problems ``on`` (indices)."""
    seeds = len(known.prompts.seeds)
    rows = [(i, s) for i in on.tolist() for s in range(seeds)]
    extra = np.array([known.others[i, s].reshape(-1) for i, s in rows])
    values = learn([known.rehearsed[i][s] for i, s in rows], extra, shrink=float(seeds))
    cells = [known.prompts.cells[i][s] for i, s in rows]
    prior = fit_beta([int(c.correct.sum()) for c in cells], [len(c) for c in cells])
    return Expectation(values, prior, float(known.prompts.each[on].mean()))


def options_of(known: Knowledge, seen: Expectation, sign: int, fixed_cost: float, each: float) -> Options:
    """What each act costs and is worth for a prompt whose pilot showed ``sign``.

    ``each``: compute of one of its samples, as its pilot tells. Where a checker tells what is right (``oracle``), the
    value is the coverage that the beta posterior expects; else the mean over rehearsals with such a pilot.
    """
    rules, values = known.rules, seen.values
    row = values.row(sign)
    ns = np.array([a.n for a in known.acts if a.action in ("sample", "stop")])
    if rules.selector == "oracle":
        more = seen.prior.after(sign, rules.pilot).coverage(int(ns[-1]))[: len(ns) - 1]
        accuracy = np.ones(len(ns)) if sign else np.concatenate([[0.0], more])
    else:
        accuracy = values.accuracy[row, ns - 1]
    other = values.extra[row].reshape(-1, 2)
    start = fixed_cost + rules.pilot * each
    cost = np.concatenate([fixed_cost + ns * each, start + other[:, 1]])
    value = np.concatenate([accuracy, other[:, 0]]) * (1 + rules.wrong) - rules.wrong
    if known.acts[-1].action == "abstain":
        cost, value = np.append(cost, start), np.append(value, 0.0)
    return Options(cost, value)


def spend(options: Sequence[Options], budget: float, what: str) -> Ints:
    """`allocate`, with an error for people where the budget is smaller than the pilot."""
    try:
        return allocate(options, budget)
    except ValueError:
        pilot = sum(float(o.cost.min()) for o in options)
        raise UsageError(
            f"--budget: {budget:g} {what} is smaller than the pilot, which takes {pilot:g} for {len(options)} prompts; "
            "give more, or a smaller --pilot"
        ) from None
