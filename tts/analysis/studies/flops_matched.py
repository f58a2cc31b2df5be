"""A small model with test-time compute against a larger one at equal FLOPs, pretraining included.

Snell et al. 2024, "Scaling LLM Test-Time Compute Optimally", section 7: pretraining takes 6 N D_pretrain FLOPs and
inference 2 N D_inference. Against a model with M times the parameters, the small one may multiply its inference by
M + 3 (D_pretrain / D_inference) (M - 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.stats.intervals import Interval, mean_interval
from tts.stats.paired import difference_interval

Floats = npt.NDArray[np.float64]

RATIOS = (0.16, 0.79, 22.0)
"""Inference to pretraining tokens, D_inference / D_pretrain, as the paper draws them: R << 1, R near 1, R >> 1."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The two models at one ratio of inference to pretraining tokens."""

    ratio: float
    """D_inference / D_pretrain; inf: pretraining is free."""
    multiplier: float
    """Times its own inference that the small model may spend."""
    budget: float
    """What it may spend on a problem, in the unit of its compute axis."""
    spent: float
    """What it spent: less than the budget where its curve ends before."""
    small: Interval
    large: Interval
    difference: Interval
    """Small minus large, problems paired."""


def inference_multiplier(times: float, ratio: float) -> float:
    """M + 3 (M - 1) / ratio, the small model's share of inference at equal total FLOPs.

    ``times``: M >= 1, parameters of the larger model over the small one's; ``ratio``: D_inference / D_pretrain > 0.
    Raises ValueError elsewhere.
    """
    if not (np.isfinite(times) and times >= 1):
        raise ValueError(
            f"the larger model must have at least as many parameters as the small one, not {times:g} times"
        )
    if not ratio > 0:
        raise ValueError(f"the ratio of inference to pretraining tokens must be more than 0, not {ratio:g}")
    return times + 3 * (times - 1) / ratio


def flops_matched(
    accuracy: Floats, compute: Floats, large: Floats, *, single: float, times: float, ratio: float
) -> Matched:
    """The small model's curve at its matched budget against the larger model.

    ``accuracy``, ``compute``: (points, m) of the small model's strategy on every problem; ``large``: (m,) accuracy of
    the larger model's one answer; ``single``: what one answer of the small model takes on average, in the unit of
    ``compute``. Between two points of the curve accuracy is linear in log compute; past its end the last point is taken
    and ``spent`` says so; nothing is extrapolated.

    Raises ValueError where the budget is below the curve's first point, the shapes differ, or as
    `inference_multiplier`.
    """
    if accuracy.shape != compute.shape or large.shape != accuracy.shape[1:]:
        raise ValueError(f"expected (points, m) twice and (m,), not {accuracy.shape}, {compute.shape}, {large.shape}")
    multiplier = inference_multiplier(times, ratio)
    budget = multiplier * single
    values, spent = at_budget(accuracy, compute, budget)
    return Matched(
        ratio,
        multiplier,
        budget,
        spent,
        mean_interval(values),
        mean_interval(large),
        difference_interval(values, large),
    )


def at_budget(accuracy: Floats, compute: Floats, budget: float) -> tuple[Floats, float]:
    """Accuracy on every problem (m,) of a curve (points, m) at a mean compute, and the compute really spent.

    A budget between two points is met by mixing them, linearly in log compute. Raises ValueError below the first one.
    """
    mean = compute.mean(axis=1)
    order = np.argsort(mean, kind="stable")
    x, y = mean[order], accuracy[order]
    if budget < x[0] * (1 - 1e-9):
        raise ValueError(f"the curve begins at {x[0]:g}, which is more than the budget of {budget:g}")
    if budget >= x[-1]:
        return y[-1], float(x[-1])
    i = max(int(np.searchsorted(x, budget, side="right")), 1)
    share = float(np.clip(np.log(budget / x[i - 1]) / np.log(x[i] / x[i - 1]), 0, 1))
    return (1 - share) * y[i - 1] + share * y[i], budget
