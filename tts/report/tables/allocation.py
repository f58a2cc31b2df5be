"""The tables of ``tts allocate``, and its plan as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tts.analysis.planning import HeldOut, Row, Rules, plan_counts
from tts.analysis.planning.rules import Knowledge
from tts.core import UsageError
from tts.report.tables.writing import TextTable
from tts.stats import Interval
from tts.store import RunData

_NEARLY = 0.9
"""Share of the budget below which a note says what was spent."""


def allocation_tables(rows: list[Row], result: HeldOut, rules: Rules, unit: str) -> dict[str, TextTable]:
    """What prompts get, and the held-out evaluation."""
    chosen = f"{rules.selector} ({rules.verifier})" if rules.verifier else rules.selector
    ways = (("plan", result.plan), ("uniform", result.uniform), ("oracle", result.oracle))
    priced = rules.wrong > 0
    worth = ("abstained", "worth", "worth_low", "worth_high") if priced else ()
    return {
        "allocation": TextTable(
            f"The plan: prompts by what they get (pilot of {rules.pilot}, {chosen})",
            ("action", "n", "prompts"),
            tuple(plan_counts(rows)),
        ),
        "allocation_held_out": TextTable(
            "Held-out evaluation (uniform: at the plan's compute; oracle: best numbers in hindsight, at no more; gain: "
            f"{'worth' if priced else 'accuracy'} over uniform, paired)",
            ("spending", unit, "accuracy", "ci_low", "ci_high", *worth, "gain", "gain_low", "gain_high"),
            tuple(
                (
                    name,
                    float(way.compute.mean()),
                    *_three(way.interval()),
                    *((float(way.abstained.mean()), *_three(way.worth_interval(rules.wrong))) if priced else ()),
                    *(_three(result.gain) if name == "plan" else (None, None, None)),
                )
                for name, way in ways
            ),
        ),
    }


def _three(of: Interval) -> tuple[float, float, float]:
    return of.mean, of.low, of.high


def allocation_notes(
    run: RunData, fitted: RunData, rows: list[Row], known: Knowledge, budget: float, unit: str
) -> list[str]:
    """What the tables do not say of the plan; without a full stop."""
    notes, same = [], run.path == fitted.path
    if known.rules.selector == "oracle":
        notes.append("oracle feedback: the pilot was graded against the reference answers")
    for some in (run,) if same else (run, fitted):
        if some.info.imported and some.info.imported.labels == "both":
            notes.append(f"{some.path}: what is right is told by our grader, not by the file's labels")
    planned, all_of = len(rows) // len(run.seeds), sum(map(len, run.problems.values()))
    if planned < all_of:
        notes.append(f"{planned} of {all_of} prompts are complete in {run.path}: the budget is spent on these alone")
    if not same and (learned := len(known.prompts.problems)) < (held := sum(map(len, fitted.problems.values()))):
        notes.append(f"values are learned from the {learned} of {held} prompts that are complete in {fitted.path}")
    spent = sum(row.cost for row in rows) / len(run.seeds)
    if spent < _NEARLY * budget:
        most = max(act.n for act in known.acts if act.action in ("sample", "stop"))
        notes.append(
            f"the plan spends {spent:.4g} of {budget:.4g} {unit}: more showed no gain, and values reach no "
            f"further than the {most} samples a prompt that {fitted.path} holds"
        )
    return notes


def what_next(run: RunData, plan: Path, gain: Interval) -> str:
    """What to do with a plan."""
    if run.info.imported:
        return (
            f"next: give each problem what {plan} names (action, n) with the model that the file came from; it is not "
            "known here, so `tts run --plan` cannot"
        )
    if gain.high < 0:
        return f"next: the plan loses to the same n for all ({gain.mean:.3g}); better `tts run --out {run.path} --n N`"
    return f"next: tts run --plan {plan}"


def write_plan(path: Path, plan: Mapping[str, Any]) -> Path:
    """Write a plan. Raises UsageError where that is not possible."""
    try:
        path.write_text(json.dumps(plan, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out: {path} cannot be written ({error.strerror}); name another file") from error
    return path
