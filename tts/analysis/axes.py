"""Compute axes: what a cell takes at every budget that it serves, in one unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tts.analysis.compute import COSTS, POLICY, Models, cell_cost, guide_of, models_of, sequential_tokens
from tts.core import UsageError
from tts.store import CellData, Entry, ProblemInfo, RunData

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Costed:
    """What a compute axis looks at: one cell, and the verifier that selects among its candidates."""

    run: RunData
    problem: ProblemInfo
    cell: CellData
    """As the run holds it, never a part of it: its usage is for all of its candidates."""
    entry: Entry
    verifier: str
    """A label, or empty."""


Axis = Callable[[Costed, Ints], Floats]
"""Compute that a cell takes under the budgets (K,) that it serves, selection included: (cell, budgets) -> (K,)."""


def token_axis(at: Costed, budgets: Ints) -> Floats:
    """The policy's tokens: generated ones, and its prefill with a perfect cache (`prompt_tokens_ideal`)."""
    if at.entry.independent:
        return np.asarray(budgets * at.cell.output_tokens.mean() + at.problem.prompt_tokens, dtype=np.float64)
    return np.full(len(budgets), float(at.cell.usage.output_tokens + at.cell.usage.prompt_tokens_ideal))


def sequential_axis(at: Costed, budgets: Ints) -> Floats:
    """Generated tokens that came one after the other; NaN where it is not known. What selects adds none."""
    return sequential_tokens(at.cell, at.entry.independent, budgets)


def sample_axis(at: Costed, budgets: Ints) -> Floats:
    """Completions drawn, whole answers and single steps alike."""
    if at.entry.independent:
        return budgets.astype(np.float64)
    return np.full(len(budgets), float(at.cell.usage.samples))


def flops_axis(parameters: Mapping[str, float] | None = None) -> Axis:
    """Forward FLOPs of the policy and of every verifier that guides or selects; see `tts.analysis.compute`.

    ``parameters``: see `models_of`. The axis raises UsageError where a model's FLOPs cannot be counted, as for imported
    samples.
    """
    known: dict[Path, Models] = {}

    def axis(at: Costed, budgets: Ints) -> Floats:
        if at.run.path not in known:
            known[at.run.path] = models_of(at.run, parameters)
        models = known[at.run.path]
        cost = cell_cost(at.problem, at.cell, at.entry.independent, at.verifier or None, models)
        flops = [COSTS.index(name) for name in ("policy_flops", "verifier_flops")]
        total = cost.fixed[flops].sum() + budgets * cost.each[flops].sum()
        if np.isnan(total).any():
            for name in (POLICY, guide_of(at.entry.setting), at.verifier.rpartition(":")[0]):
                if name:
                    models.require(name)
            raise UsageError(
                f"{at.run.path}: {at.entry.strategy}: the run does not hold what its FLOPs are counted from; "
                f"`tts run --out {at.run.path}` with this version adds it, or compare by tokens"
            )
        return np.asarray(total, dtype=np.float64)

    return axis


AXES = ("tokens", "samples", "flops", "sequential")
"""Compute axes by name."""


def axis_of(name: str, parameters: Mapping[str, float] | None = None) -> Axis:
    """The axis of that name, one of ``AXES``. ``parameters``: see `models_of`."""
    return {
        "tokens": token_axis,
        "samples": sample_axis,
        "flops": flops_axis(parameters),
        "sequential": sequential_axis,
    }[name]
