"""Compute-optimal scaling: the best setting for each difficulty bin and budget, chosen and evaluated on different
problems (Snell et al. 2024, "Scaling LLM Test-Time Compute Optimally", sections 3 and 5-6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.core import stream

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SAME = 1e-9
"""Accuracies closer than this are equal: the cheaper setting is taken."""
RESAMPLES = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """What choosing by some rule gives: one row a budget."""

    accuracy: Floats
    """Shape (budgets, problems): of the setting chosen for each problem, on data that did not choose it."""
    compute: Floats
    """Shape (budgets, problems): what that setting took."""


@dataclass(frozen=True, slots=True, eq=False)
class Optimal(Chosen):
    """The compute-optimal strategy."""

    setting: Ints
    """Shape (2, budgets, bins): index of the setting that each fold chose; it is used on the other fold."""


def folds(member: npt.ArrayLike) -> Ints:
    """Fold 0 or 1 of each problem, shape (m,): random from a fixed seed, halves of every bin as even as can be.

    Raises ValueError where there are fewer than two problems.
    """
    bins = np.asarray(member)
    if len(bins) < 2:
        raise ValueError(f"two folds need at least 2 problems, not {len(bins)}")
    order = stream("folds", len(bins)).permutation(len(bins))
    order = order[np.argsort(bins[order], kind="stable")]
    fold = np.zeros(len(bins), dtype=np.int64)
    fold[order[1::2]] = 1
    return fold


def compute_optimal(accuracy: Floats, compute: Floats, member: Ints, fold: Ints, budgets: Floats) -> Optimal:
    """For each bin and budget the best setting on one fold of problems, evaluated on the other, both ways.

    ``accuracy``, ``compute``: (settings, m); ``member``: (m,) bins; ``fold``: (m,) 0 or 1; ``budgets``: (B,). A setting
    fits a budget where its mean compute over all problems does: as in the paper the budget is matched by setting, and
    what the mixture really took is measured, ``compute`` of the result. A bin without a problem in the choosing fold
    takes the best setting over all problems of that fold.

    Raises ValueError where the shapes differ, or no setting fits the smallest budget.
    """
    _check(accuracy, compute, member, fold)
    choice = _choose(accuracy, compute, member, fold, budgets, np.ones((1, len(member))))[..., 0]
    at = choice[1 - fold, :, member].T  # (B, m): what the other fold chose for each problem
    column = np.arange(len(member))
    return Optimal(accuracy[at, column], compute[at, column], choice)


def best_single(accuracy: Floats, compute: Floats, fold: Ints, budgets: Floats) -> Optimal:
    """The same without bins: the one best setting of each budget for all problems."""
    return compute_optimal(accuracy, compute, np.zeros(accuracy.shape[1], dtype=np.int64), fold, budgets)


def oracle_choice(accuracy: tuple[Floats, Floats], compute: tuple[Floats, Floats], budgets: Floats) -> Chosen:
    """Each problem's own best setting, chosen on one half of its samples and evaluated on the other, both ways.

    ``accuracy``, ``compute``: of the two halves, (settings, m) each. A setting fits a budget where its mean compute
    over problems does; ties go to the cheaper one. Raises ValueError as `compute_optimal`.
    """
    right, cost = [], []
    column = np.arange(accuracy[0].shape[1])
    mean = (compute[0].mean(axis=1) + compute[1].mean(axis=1)) / 2
    _fits(mean, budgets)
    order = np.argsort(mean, kind="stable")
    for choosing, other in ((0, 1), (1, 0)):
        rows = []
        for budget in budgets:
            allowed = order[mean[order] <= budget * (1 + SAME)]
            best = accuracy[choosing][allowed]
            rows.append(allowed[np.argmax(best >= best.max(axis=0) - SAME, axis=0)])
        at = np.array(rows)
        right.append(accuracy[other][at, column])
        cost.append(compute[other][at, column])
    return Chosen((right[0] + right[1]) / 2, (cost[0] + cost[1]) / 2)


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times the compute a reference takes for the accuracy that another strategy reaches with less.

    Bounds, since a level that is never reached is not extrapolated: a known ratio has both equal.
    """

    low: float
    high: float
    """inf where the reference never reaches the level."""
    ci_low: float
    """Ends of the interval over problems, 0 and inf where nothing bounds them."""
    ci_high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:.2f}"
        if self.high == np.inf:
            return f"> {self.low:.2f}" if self.low > 0 else "unknown"
        return f"< {self.high:.2f}" if self.low == 0 else f"{self.low:.2f}..{self.high:.2f}"


def needed(compute: Floats, accuracy: Floats, level: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Bounds of the least compute at which a curve reaches ``level``: equal where it lies within the curve.

    ``compute`` and ``accuracy``: (..., points); ``level`` and both bounds: (...). Points are taken by rising compute
    and the best accuracy so far; between two of them accuracy is linear in log compute. Above the curve: (largest
    compute, inf); at or below its first point: (0, smallest compute), exact only where it is that point's own level.
    """
    return _reached(*_rising(compute, accuracy), np.asarray(level, dtype=np.float64))


def _rising(compute: Floats, accuracy: Floats) -> tuple[Floats, Floats]:
    """A curve's points by rising compute, with the best accuracy so far; all (..., points)."""
    order = np.argsort(compute, axis=-1, kind="stable")
    x, y = (np.take_along_axis(a, order, axis=-1) for a in (compute, accuracy))
    return x, np.maximum.accumulate(y, axis=-1)


def _reached(x: Floats, y: Floats, level: Floats) -> tuple[Floats, Floats]:
    """`needed` of points that are in order."""

    def at(values: Floats, i: Ints) -> Floats:
        return np.take_along_axis(values, i[..., None], axis=-1)[..., 0]

    i = np.count_nonzero(y < level[..., None] - SAME, axis=-1)
    here = np.minimum(i, x.shape[-1] - 1)
    before = np.maximum(here - 1, 0)
    gain = at(y, here) - at(y, before)
    share = np.clip((level - at(y, before)) / np.where(gain > 0, gain, 1.0), 0.0, 1.0)
    inner = at(x, before) ** (1 - share) * at(x, here) ** share
    first = np.where(np.abs(y[..., 0] - level) <= SAME, x[..., 0], 0.0)
    cases = [level > y[..., -1] + SAME, i == 0]
    return np.select(cases, [x[..., -1], first], inner), np.select(cases, [np.inf, x[..., 0]], inner)


Curve = Callable[[Floats], tuple[Floats, Floats]]
"""Accuracy and compute of a strategy's points, (R, points) each, under R weights of the problems, (R, m)."""


def budget_ratio(reference: tuple[Floats, Floats], chosen: Curve, level_of: int, resamples: int = RESAMPLES) -> Ratio:
    """Compute of a reference over that of a chosen strategy, at the reference's own accuracy at one of its points.

    ``reference``: accuracy and compute, (points, m) each; ``level_of``: the point. ``chosen``: the strategy's curve as
    a function of weights, so that choosing is repeated in each of the ``resamples`` bootstrap resamples of problems.
    The interval holds the bounds of 95% of the resamples.
    """
    ((found,),) = budget_ratios([own_curve(*reference)], chosen, [[level_of]], reference[0].shape[1], resamples)
    return found


def budget_ratios(
    references: Sequence[Curve],
    chosen: Curve,
    levels_of: Sequence[Sequence[int]],
    m: int,
    resamples: int = RESAMPLES,
) -> list[list[Ratio]]:
    """`budget_ratio` of several references, curves as well, at some points each, on the same ``m`` problems and in the
    same resamples."""
    rng = stream("budget ratio", m)
    weights = np.ones((1 + resamples, m))  # the first for the ratio itself
    for row in weights[1:]:
        row[:] = np.bincount(rng.integers(0, m, m), minlength=m)
    better, price = chosen(weights)
    curve = _rising(price, better)
    return [
        [_ratio(*own, point, curve) for own in [reference(weights)] for point in points]
        for reference, points in zip(references, levels_of, strict=True)
    ]


def _ratio(y: Floats, x: Floats, level_of: int, curve: tuple[Floats, Floats]) -> Ratio:
    """Of a reference's accuracy and compute, (1 + R, points) each, to a curve's as `_rising` gives them."""
    level = y[:, level_of]
    (top_low, top_high), (bottom_low, bottom_high) = needed(x, y, level), _reached(*curve, level)
    lows = top_low / bottom_high
    highs = np.divide(top_high, bottom_low, out=np.full(len(x), np.inf), where=bottom_low > 0)
    low, high = float(lows[0]), float(highs[0])
    ends = (
        float(np.quantile(lows[1:], 0.025, method="lower")),
        float(np.quantile(highs[1:], 0.975, method="higher")),
    )
    return Ratio(low, high, min(ends[0], low), max(ends[1], high))


def own_curve(accuracy: Floats, compute: Floats) -> Curve:
    """The curve of points that nothing chooses, (points, m) each, as a function of the problems' weights."""

    def curve(weights: Floats) -> tuple[Floats, Floats]:
        total = weights.sum(axis=1, keepdims=True)
        return weights @ accuracy.T / total, weights @ compute.T / total

    return curve


def optimal_curve(accuracy: Floats, compute: Floats, member: Ints, fold: Ints, budgets: Floats) -> Curve:
    """The compute-optimal curve as a function of the problems' weights, for `budget_ratio`: the choice is made anew.

    Copies of a problem in a resample are in the same fold, so nothing is evaluated on what chose it.
    """

    def curve(weights: Floats) -> tuple[Floats, Floats]:
        one_fold = (weights[:, fold == 0].sum(axis=1) == 0) | (weights[:, fold == 1].sum(axis=1) == 0)
        mass = np.where(one_fold[:, None], 1.0, weights)
        choice = _choose(accuracy, compute, member, fold, budgets, mass)
        total = np.zeros((2, len(mass), len(budgets)))
        for f, k in np.ndindex(2, choice.shape[2]):
            mine = (fold == f) & (member == k)
            for result, values in zip(total, (accuracy, compute), strict=True):
                result += np.take_along_axis(mass[:, mine] @ values[:, mine].T, choice[1 - f, :, k].T, axis=1)
        right, spent = total / mass.sum(axis=1)[:, None]
        return right, spent

    return curve


def _choose(accuracy: Floats, compute: Floats, member: Ints, fold: Ints, budgets: Floats, weights: Floats) -> Ints:
    """Index of the best setting, (2, budgets, bins, R), by the problems of each fold under R weights, (R, m)."""
    mean = compute.mean(axis=1)
    _fits(mean, budgets)
    order = np.argsort(mean, kind="stable")  # the first of several best ones is the cheapest
    allowed = [np.count_nonzero(mean <= budget * (1 + SAME)) for budget in budgets]
    result = np.zeros((2, len(budgets), int(member.max()) + 1, len(weights)), dtype=np.int64)
    for f, k in np.ndindex(2, result.shape[2]):
        held, all_bins = (np.where(mine, weights, 0.0) for mine in ((fold == f) & (member == k), fold == f))
        mass = np.where(held.any(axis=1, keepdims=True), held, all_bins)
        quality = accuracy[order] @ (mass / mass.sum(axis=1, keepdims=True)).T
        best = np.maximum.accumulate(quality, axis=0)
        for b, count in enumerate(allowed):
            result[f, b, k] = order[np.argmax(quality[:count] >= best[count - 1] - SAME, axis=0)]
    return result


def _fits(mean: Floats, budgets: Floats) -> None:
    if not len(budgets) or mean.min() > np.min(budgets) * (1 + SAME):
        raise ValueError(
            f"no setting fits the smallest budget, {np.min(budgets) if len(budgets) else 0:g}: "
            f"the cheapest takes {mean.min():g}"
        )


def _check(accuracy: Floats, compute: Floats, member: Ints, fold: Ints) -> None:
    if accuracy.shape != compute.shape or accuracy.ndim != 2:
        raise ValueError(f"accuracy and compute must both be (settings, m), not {accuracy.shape} and {compute.shape}")
    if not member.shape == fold.shape == accuracy.shape[1:]:
        raise ValueError(f"bins and folds must be ({accuracy.shape[1]},), not {member.shape} and {fold.shape}")
    if set(fold.tolist()) != {0, 1}:
        raise ValueError("both folds need a problem")
