"""A plan: what each prompt is to get, as the JSON that `tts run --plan` carries out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from tts.analysis.axes import Axis
from tts.analysis.planning.held_out import estimated_each
from tts.analysis.planning.rehearsal import pilot_signs
from tts.analysis.planning.rules import Act, Knowledge, Prompts, expect, options_of, read_prompts, sampled_entry, spend
from tts.core import UsageError
from tts.store import ProblemInfo, RunData

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Row:
    """What one prompt gets."""

    problem: ProblemInfo
    seed: int
    act: Act
    expected: float
    """Expected accuracy after it; 0 for abstaining."""
    success: float
    """Expected success rate of one sample, by what the pilot shows."""
    cost: float
    """Expected compute, the pilot included."""


def make_plan(run: RunData, known: Knowledge, budget: float, unit: str, axis: Axis, fitted: RunData) -> list[Row]:
    """One row a prompt and seed of ``run``, by the first samples that it holds; the budget is for the prompts of a
    seed.

    ``known``: rehearsals of ``fitted``, which may be another run of the same model. Where it is the same one, each
    prompt is planned by what the other folds taught. Raises UsageError where the models differ, the pilot is not held,
    or the budget is smaller than it.
    """
    mine, theirs = (r.info.model.fingerprint for r in (run, fitted))
    if mine != theirs:
        raise UsageError(
            f"--fit: {fitted.path} is a run of another model ({fitted.model}) than {run.path} ({run.model})"
        )
    same = run.path == fitted.path
    prompts = known.prompts if same else read_prompts(run, sampled_entry(run), axis, known.rules)
    indices = np.arange(len(known.prompts.problems))
    taught = [expect(known, indices[known.fold != f]) for f in range(5)] if same else [expect(known, indices)]
    rows = []
    for s, seed in enumerate(prompts.seeds):
        options, rates = [], []
        for i in range(len(prompts.problems)):
            seen = taught[int(known.fold[i])] if same else taught[0]
            sign, each = _pilot(known, prompts, i, s, seen.each, unit == "samples")
            options.append(options_of(known, seen, sign, float(prompts.fixed[i, s]), each))
            by_checker = known.rules.selector == "oracle"
            posterior = seen.prior.after(sign, known.rules.pilot).mean if by_checker else 0.0
            rates.append(posterior if by_checker else float(seen.values.rate[seen.values.row(sign)]))
        for i, at in enumerate(spend(options, budget, unit).tolist()):
            worth, act = float(options[i].value[at]), known.acts[at]
            accuracy = (worth + known.rules.wrong) / (1 + known.rules.wrong)
            expected = 0.0 if act.action == "abstain" else accuracy
            rows.append(Row(prompts.problems[i], seed, act, expected, rates[i], float(options[i].cost[at])))
    return rows


def _pilot(known: Knowledge, prompts: Prompts, i: int, s: int, prior: float, samples: bool) -> tuple[int, float]:
    """What a prompt's first samples show, and the compute that one more is expected to take."""
    k, cell = known.rules.pilot, prompts.cells[i][s]
    sign = pilot_signs(cell, known.rules.selector, known.rules.verifier, np.arange(k)[None, :], known.edges)[0]
    if samples:
        return int(sign), float(prompts.each[i, s])
    mean = float(cell.output_tokens.mean())
    paid = float(prompts.each[i, s]) * float(cell.output_tokens[:k].sum()) / mean if mean else 0.0
    return int(sign), estimated_each(paid, k, prior)


def plan_json(run: RunData, known: Knowledge, rows: list[Row], budget: float, unit: str) -> dict[str, Any]:
    """The plan as `tts run --plan` reads it."""
    entry = sampled_entry(run)
    return {
        "format": FORMAT,
        "run": str(run.path),
        "model": run.info.model.fingerprint,
        "strategy": entry.strategy,
        "setting": entry.setting,
        "selector": known.rules.selector,
        "verifier": known.rules.verifier,
        "unit": unit,
        "budget": budget,
        "pilot": known.rules.pilot,
        "problems": [
            {
                "benchmark": row.problem.benchmark,
                "id": row.problem.id,
                "seed": row.seed,
                "action": row.act.action,
                "n": row.act.n,
                **(
                    {"strategy": row.act.entry.strategy, "setting": row.act.entry.setting}
                    if row.act.action == "strategy"
                    else {}
                ),
                "success": round(row.success, 6),
                "expected": round(row.expected, 6),
                "cost": round(row.cost, 3),
            }
            for row in rows
        ],
    }


def plan_counts(rows: list[Row]) -> list[tuple[str, int, int]]:
    """How many prompts get what: action (with the strategy's name), n, prompts; rising n."""
    found = Counter(
        (row.act.entry.strategy if row.act.action == "strategy" else row.act.action, row.act.n) for row in rows
    )
    return [(action, n, count) for (action, n), count in sorted(found.items(), key=lambda x: (x[0][1], x[0][0]))]
