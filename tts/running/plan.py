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
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tts.core import Candidate, Question, Strategy, Tools, UsageError, canonical_json, did_you_mean, digest
from tts.running.cells import Cell, HeldProblem, Setting
from tts.running.config import explain
from tts.running.rundir import RunDir

FOLDER = "plans"
"""Where a run directory keeps the plans that it carries out, by the plan's name."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class PlannedPrompt(_Part):
    """What one prompt gets."""

    benchmark: str
    id: str
    seed: int
    action: Literal["sample", "stop", "abstain", "strategy"]
    n: Annotated[int, Field(ge=1, le=1_000_000)]
    """Samples in all, the pilot's included; for another strategy, its budget."""
    strategy: str | None = None
    """The other strategy."""
    setting: str | None = None


class Plan(_Part):
    """A plan file. Further keys are for people."""

    format: Literal[1]
    run: str
    """The run that it was made from, and that carries it out where no other is named."""
    model: str
    """The model's fingerprint."""
    strategy: str
    """Where samples come from."""
    setting: str
    pilot: Annotated[int, Field(ge=1)]
    selector: Literal["majority", "best", "weighted", "oracle"] | None = None
    """By what it was made to pick answers; the run's selectors are all tried."""
    problems: Annotated[tuple[PlannedPrompt, ...], Field(min_length=1)]

    @property
    def name(self) -> str:
        """A name by content."""
        return digest(canonical_json(self.model_dump(mode="json", exclude={"run", "selector"}))).hex()[:12]


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


def read_plan(path: Path) -> Plan:
    """A plan file. Raises UsageError naming the field."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            kind = "a list" if isinstance(found, list) else repr(found)
            raise UsageError(f"--plan: {path}: found {kind}, expected a mapping; name a plan of `tts allocate`")
        if lacking := [name for name, field in Plan.model_fields.items() if field.is_required() and name not in found]:
            raise UsageError(f"--plan: {path}: {', '.join(lacking)}: missing; name a plan of `tts allocate`")
        return Plan.model_validate(found)
    except FileNotFoundError:
        raise UsageError(f"--plan: {path}: no such file; `tts allocate RUN --out {path}` writes a plan") from None
    except OSError as error:
        raise UsageError(f"--plan: {path} cannot be read ({error.strerror}); name a plan of `tts allocate`") from None
    except ValidationError as error:
        raise UsageError(f"--plan: {path}: {explain(error, Plan)}") from None
    except ValueError as error:
        raise UsageError(f"--plan: {path} is not valid JSON ({error}); name a plan of `tts allocate`") from None


def plans_of(rundir: RunDir, new: Path | None) -> list[tuple[Plan, str]]:
    """The plans that the directory carries out already, and a new one, each with where it was read.

    Raises UsageError where the new one gives a prompt fewer samples than its pilot takes.
    """
    held = [(read_plan(p), str(p)) for p in sorted((rundir.path / FOLDER).glob("*.json"))]
    if new is not None:
        plan = read_plan(new)
        for i, p in enumerate(plan.problems):
            if p.action in ("sample", "stop") and p.n < plan.pilot:
                raise UsageError(
                    f"--plan: {new}: problems[{i}].n: found {p.n}, expected at least the pilot of {plan.pilot}"
                )
        held += [(plan, str(new))] if plan.name not in {p.name for p, _ in held} else []
    return held


def keep_plan(rundir: RunDir, plan: Plan) -> None:
    """Keep a plan with the run, so that taking the run up again carries it out."""
    (rundir.path / FOLDER).mkdir(exist_ok=True)
    rundir.write(f"{FOLDER}/{plan.name}.json", plan.model_dump_json(indent=1) + "\n")


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


def planned_cells(work: Work, problems: Sequence[HeldProblem], first: int) -> Iterator[Cell]:
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
