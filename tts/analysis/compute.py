"""What a cell spent: tokens and forward FLOPs of the policy and of its verifiers, at every budget that it serves.

A token at position p (from 0) costs two FLOPs for each parameter of the body and each multiply-add with a recurrent
state, and attends to p + 1 tokens, itself among them, or to as many as a window has (see `tts.analysis.architecture`);
the output head is added for each generated token and once for each pass of a verifier. Prefill is charged as under a
perfect prefix cache.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.analysis.architecture import Architecture, Span, UnknownArchitectureError, read_architecture
from tts.core import Positions, UsageError, did_you_mean
from tts.stats import largest_of_k
from tts.store import CellData, ProblemInfo, RunData

Floats = npt.NDArray[np.float64]

COSTS = (
    "output_tokens",
    "prompt_tokens_ideal",
    "prompt_tokens_none",
    "discarded_tokens",
    "verifier_tokens",
    "policy_flops",
    "verifier_flops",
)
"""What `cell_cost` counts, in its order."""
POLICY = "policy"
"""Names the policy where parameter counts are given by model."""
NOT_COUNTED = "prompts and token positions of imported samples are not known, so no parameter count helps"
"""Why imported samples have no FLOPs."""


def forward_flops(model: Architecture, positions: Positions, reads: int = 0) -> float:
    """Forward FLOPs of tokens read at the given positions, the output head being read ``reads`` times."""
    return _flops(model, positions, reads, [span.prefill for span in model.spans])


def generation_flops(model: Architecture, positions: Positions) -> float:
    """Forward FLOPs of generated tokens at the given positions: each is one pass through the layers and the head."""
    return _flops(model, positions, token_count(positions), [span.decode for span in model.spans])


def _flops(model: Architecture, positions: Positions, reads: int, widths: Sequence[int]) -> float:
    """``widths``: multiply-adds for each token attended to, by span."""
    if not positions:
        return 2.0 * model.head * reads
    at, change = np.array(positions, dtype=np.int64).T
    count = np.cumsum(change)[:-1].astype(np.float64)
    tokens = float(count @ np.diff(at))
    attended = [float(count @ np.diff(_contexts(at, span))) for span in model.spans]
    context = sum(width * number for width, number in zip(widths, attended, strict=True))
    return 2.0 * (model.body + model.state) * tokens + 2.0 * model.head * reads + 2.0 * context


def pass_flops(model: Architecture, lengths: npt.ArrayLike) -> Floats:
    """Forward FLOPs of whole passes over sequences of some lengths, the head read once each; shape of ``lengths``.

    A pass over nothing costs nothing.
    """
    tokens = np.asarray(lengths, dtype=np.int64)
    context = sum((span.prefill * _contexts(tokens, span) for span in model.spans), np.zeros(tokens.shape))
    whole = 2.0 * (model.body + model.state) * tokens + 2.0 * context + 2.0 * model.head
    return np.asarray(np.where(tokens > 0, whole, 0.0))


def token_count(positions: Positions) -> int:
    """How many tokens a table of positions holds."""
    return -sum(at * change for at, change in positions)


def _contexts(ends: npt.NDArray[np.int64], span: Span) -> Floats:
    """Tokens attended to by all tokens before position ``ends``, in one layer."""
    x = ends.astype(np.float64)
    if span.window is None:
        return np.asarray(x * (x + 1) / 2)
    whole = span.window * (span.window + 1) / 2
    if span.chunked:
        blocks, rest = np.divmod(x, span.window)
        return np.asarray(blocks * whole + rest * (rest + 1) / 2)
    inside = np.minimum(x, span.window)
    return np.asarray(inside * (inside + 1) / 2 + (x - inside) * span.window)


@dataclass(frozen=True, slots=True)
class Models:
    """The models of a run as far as they are known."""

    policy: Architecture | None = None
    verifiers: Mapping[str, Architecture] = field(default_factory=dict)
    """By name, without the aggregation."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Why, by name, of those that are not known; the policy's is ``policy``."""
    imported: bool = False
    """Whether the samples are imported, so that no model's FLOPs can be counted."""

    def require(self, name: str = POLICY) -> Architecture:
        """One of them. Raises UsageError where it is not known, asking for a parameter count where one would help."""
        if self.imported:
            raise UsageError(f"{name}: its FLOPs cannot be counted: {NOT_COUNTED}; compare by tokens or by samples")
        found = self.policy if name == POLICY else self.verifiers.get(name)
        if found is None:
            reason = self.unknown.get(name, "the run names no such model")
            raise UsageError(
                f"{name}: its FLOPs cannot be counted: {reason}; give the number of its parameters (active ones, "
                f"without the embedding table) with --parameters {name}=1.5e9"
            )
        return found


def models_of(run: RunData, parameters: Mapping[str, float] | None = None) -> Models:
    """The architectures of a run's policy and verifiers, from the config.json numbers that run.json holds.

    ``parameters``: parameter counts that stand in for a config, by verifier's name or ``policy``; of imported samples
    they count nothing. Raises UsageError for a count of a model that the run does not have.
    """
    given = dict(parameters or {})
    named = {label.rpartition(":")[0] for label in run.verifiers}
    named |= {guide for entry in run.plan if (guide := guide_of(entry.setting))}
    configs: dict[str, Any] = {POLICY: run.info.model.architecture}
    configs |= dict.fromkeys(sorted(named)) | run.info.architectures
    for name in given:
        if name not in configs:
            raise UsageError(
                f"--parameters: the run has no model {name!r}{did_you_mean(name, configs)}; "
                f"expected one of {', '.join(configs)}"
            )
    if run.info.imported:
        return Models(unknown=dict.fromkeys(configs, NOT_COUNTED), imported=True)
    known: dict[str, Architecture] = {name: Architecture.of_parameters(count) for name, count in given.items()}
    unknown: dict[str, str] = {}
    for name, config in configs.items():
        if name in known:
            continue
        try:
            if config is None:
                raise UnknownArchitectureError("run.json holds no configuration of this model")
            known[name] = read_architecture(config)
        except UnknownArchitectureError as error:
            unknown[name] = str(error)
    return Models(known.pop(POLICY, None), known, unknown)


def guide_of(setting: str) -> str | None:
    """The verifier that a strategy setting is guided by."""
    try:
        options = json.loads(setting)
    except ValueError:
        return None
    guide = options.get("verifier") if isinstance(options, dict) else None
    return guide if isinstance(guide, str) else None


@dataclass(frozen=True, slots=True, eq=False)
class CellCost:
    """A cell's cost under a budget of k: ``fixed + k * each``, in the order of `COSTS`; NaN where it is not known."""

    fixed: Floats
    """Shape (7,): what is spent once."""
    each: Floats
    """Shape (7,): what each sample adds; 0 for a strategy whose cell serves one budget."""

    def at(self, k: int) -> Floats:
        """Shape (7,): the cost at a budget of ``k``."""
        return self.fixed + k * self.each


def cell_cost(
    problem: ProblemInfo, cell: CellData, independent: bool, verifier: str | None, models: Models
) -> CellCost:
    """What a cell costs, selection by ``verifier`` (a label, ``name:aggregation``) included.

    Independent samples: a budget of k costs k times the mean sample and the prompt once. Other strategies cost what
    their cell used. What selection costs beyond that is the verifier's passes over the candidates, k times their mean.
    """
    own = _usage_cost(cell, models)
    selecting = np.zeros(len(COSTS))
    if verifier is not None:
        selecting[4], selecting[6] = _selection_cost(cell, verifier.rpartition(":")[0], models)
    if not independent:
        return CellCost(own + selecting, np.zeros(len(COSTS)))
    prompt = ((0, 1), (problem.prompt_tokens, -1)) if problem.prompt_tokens else ()
    fixed = np.zeros(len(COSTS))
    fixed[1] = problem.prompt_tokens or np.nan
    fixed[5] = forward_flops(models.policy, prompt) if models.policy and prompt else np.nan
    each = (own + selecting) / len(cell)
    each[0] = cell.output_tokens.mean()
    each[1] = 0.0
    each[5] = _output_flops(cell, models) / len(cell)
    return CellCost(fixed, each)


def sequential_tokens(cell: CellData, independent: bool, budgets: npt.NDArray[np.int64]) -> Floats:
    """Tokens that a cell generated one after the other, at budgets (K,); NaN where it is not known.

    Of independent samples the longest of k, in expectation over the subsets; else the cell's critical path.
    """
    if independent:
        return largest_of_k(cell.output_tokens, budgets) if len(cell) else np.full(len(budgets), np.nan)
    known = cell.usage.sequential_tokens or np.nan
    return np.full(len(budgets), float(known))


def _usage_cost(cell: CellData, models: Models) -> Floats:
    """What the strategy itself used, in the order of `COSTS`."""
    usage = cell.usage
    known = usage.samples > 0  # else nobody counted
    return np.array(
        [
            usage.output_tokens,
            usage.prompt_tokens_ideal or np.nan,  # every prompt has a token
            usage.prompt_tokens_none or np.nan,
            usage.discarded_tokens if known else np.nan,
            usage.verifier_tokens if known else np.nan,
            _output_flops(cell, models) + _prompt_flops(cell, models),
            _guidance_flops(cell, models) if known else np.nan,
        ]
    )


def _output_flops(cell: CellData, models: Models) -> float:
    found = _placed(models.policy, cell.usage.output_positions, cell.usage.output_tokens)
    if models.policy is None or found is None or not cell.usage.samples:
        return np.nan
    return generation_flops(models.policy, found)


def _prompt_flops(cell: CellData, models: Models) -> float:
    tokens = cell.usage.prompt_tokens_ideal
    found = _placed(models.policy, cell.usage.prompt_positions_ideal, tokens)
    if models.policy is None or found is None or not tokens:
        return np.nan
    return forward_flops(models.policy, found)


def _placed(model: Architecture | None, positions: Positions, tokens: int) -> Positions | None:
    """Where tokens lie; None where that matters and a run of an earlier version did not keep it."""
    if positions or not tokens:
        return positions
    return None if model is None or model.spans else ((0, tokens), (1, -tokens))


def _guidance_flops(cell: CellData, models: Models) -> float:
    """FLOPs of the verifiers' passes that the strategy asked for."""
    usage, total = cell.usage, 0.0
    if usage.verifier_tokens != sum(map(token_count, usage.verifier_positions.values())):
        return np.nan
    for name, positions in usage.verifier_positions.items():
        if not positions:  # no model: it processed nothing
            continue
        if name not in models.verifiers:
            return np.nan
        total += forward_flops(models.verifiers[name], positions, reads=positions[0][1])  # all begin at position 0
    return total


def _selection_cost(cell: CellData, name: str, models: Models) -> tuple[float, float]:
    """Tokens and FLOPs of a verifier's passes over all candidates that its scores for selection take."""
    tokens = cell.usage.selection_tokens.get(name)
    if tokens is None:
        return (0.0, 0.0) if not len(cell) else (np.nan, np.nan)
    if not any(tokens):  # no model, or scored already
        return 0.0, 0.0
    model = models.verifiers.get(name)
    return float(sum(tokens)), np.nan if model is None else float(pass_flops(model, tokens).sum())
