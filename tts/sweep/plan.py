"""Plans carried out: each prompt gets what a plan of `tts allocate` gives it, as a strategy setting of its own.

How many samples a prompt gets depended on what its first samples showed, so such cells never mix with others: their
setting names the plan, ``run.json`` marks it as planned, and it is no independent strategy to the estimators, which see
one chosen answer a cell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tts.core import Candidate, Question, Strategy, Tools, UsageError, canonical_json, did_you_mean
from tts.store import Plan, RunDir, StoredProblem, kept_plans, read_plan
from tts.sweep.cells import Cell, Setting


class Abstain(Strategy):
    """Give no answer; what the pilot took is charged all the same."""

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """No candidate."""
        return []


@dataclass(frozen=True)
class Work:
    """A plan with the settings that it needs of a run."""

    plan: Plan
    source: str
    """Where it was read, for messages."""
    pilot: Setting
    others: dict[tuple[str, str], Setting]

    @property
    def label(self) -> str:
        """The setting under which its cells are kept: the sampled setting and the plan's name."""
        return canonical_json({**json.loads(self.pilot.label), "plan": self.plan.name})

    @property
    def budget(self) -> int:
        """The budget under which its cells are kept, of which every prompt has its own: the mean of n."""
        return max(1, round(sum(p.n for p in self.plan.problems) / len(self.plan.problems)))


def plans_of(rundir: RunDir, new: Path | None) -> list[tuple[Plan, str]]:
    """The plans that the directory carries out already, and a new one, each with where it was read.

    Raises UsageError where the new one gives a prompt fewer samples than its pilot takes.
    """
    held = [(plan, str(file)) for plan, file in kept_plans(rundir.path)]
    if new is not None:
        plan = read_plan(new)
        for i, p in enumerate(plan.problems):
            if p.action in ("sample", "stop") and p.n < plan.pilot:
                raise UsageError(
                    f"--plan: {new}: problems[{i}].n: found {p.n}, expected at least the pilot of {plan.pilot}"
                )
        held += [(plan, str(new))] if plan.name not in {p.name for p, _ in held} else []
    return held


def work_of(plan: Plan, source: str, settings: Sequence[Setting], model: str) -> Work:
    """A plan with the run's settings. Raises UsageError where the run has another model or lacks a strategy."""
    if plan.model != model:
        raise UsageError(
            f"--plan: {source}: was made for another model (fingerprint {plan.model}, the run's is {model})"
        )
    known = {(s.name, s.label): s for s in settings}
    wanted = {(plan.strategy, plan.setting), *((p.strategy, p.setting) for p in plan.problems if p.strategy)}
    for name, label in sorted(wanted, key=str):
        if (name, label) not in known:
            raise UsageError(
                f"--plan: {source}: the run has no strategy {name} {label}"
                f"{did_you_mean(str(name), [s.name for s in settings])}; add it to the sweep, or plan from this run"
            )
    others = {(p.strategy, p.setting): known[p.strategy, p.setting] for p in plan.problems if p.strategy and p.setting}
    return Work(plan, source, known[plan.strategy, plan.setting], others)


def check_problems(work: Work, names: Sequence[tuple[str, str]], seeds: Sequence[int]) -> None:
    """Raises UsageError where the plan names a problem (benchmark, id) or seed that the run does not have, or one
    twice."""
    known, seen = set(names), set()
    for i, p in enumerate(work.plan.problems):
        place = f"--plan: {work.source}: problems[{i}]"
        if (p.benchmark, p.id) not in known:
            near = did_you_mean(p.id, [name for benchmark, name in names if benchmark == p.benchmark])
            raise UsageError(
                f"{place}: {p.benchmark}/{p.id} is no problem of the run{near}; plan from a run on these problems"
            )
        if p.seed not in seeds:
            raise UsageError(f"{place}.seed: found {p.seed}, the run has {', '.join(map(str, seeds))}")
        if (p.benchmark, p.id, p.seed) in seen:
            raise UsageError(f"{place}: {p.benchmark}/{p.id} with seed {p.seed} is planned twice; leave one out")
        seen.add((p.benchmark, p.id, p.seed))


def left_out(works: Sequence[Work], new: Path | None, prompts: int) -> Iterator[str]:
    """A line where the new plan leaves out some of a run's prompts (a problem with a seed each)."""
    for work in works:
        less = prompts - len(work.plan.problems)
        if work.source == str(new) and less:
            yield f"note: {work.source} leaves out {less} of the run's {prompts} prompts"


def planned_cells(work: Work, problems: Sequence[StoredProblem], first: int) -> Iterator[Cell]:
    """The plan's cells, numbered from ``first``, in the order of the problems."""
    by_name = {(p.benchmark, p.question.id): p for p in problems}
    order = {name: i for i, name in enumerate(by_name)}
    rows = sorted(work.plan.problems, key=lambda p: (order[p.benchmark, p.id], p.seed))
    for index, row in enumerate(rows, first):
        problem = by_name[row.benchmark, row.id]
        pilot = Cell(index, problem, work.pilot, row.seed, work.plan.pilot)
        kind: Strategy = work.pilot.strategy
        sampling = work.pilot.sampling
        if row.action == "strategy":
            other = work.others[str(row.strategy), str(row.setting)]
            kind, sampling = other.strategy, other.sampling
        elif row.action == "abstain":
            kind = Abstain()
        own = replace(work.pilot, strategy=kind, sampling=sampling, label=work.label, budgets=(work.budget,))
        before = pilot if row.action in ("strategy", "abstain") else None
        yield Cell(index, problem, own, row.seed, row.n, kept_under=work.budget, pilot=before)
