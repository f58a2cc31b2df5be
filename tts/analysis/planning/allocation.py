"""Sharing a budget among prompts: greedy on marginal value, on the concave envelope of each prompt's options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SLACK = 1e-9
"""Share by which rounding may carry a sum of costs beyond the budget."""


@dataclass(frozen=True, slots=True, eq=False)
class Options:
    """What may be done with one prompt."""

    cost: Floats
    """Shape (P,)."""
    value: Floats
    """Shape (P,): expected utility."""


def envelope(options: Options) -> Ints:
    """Indices of the options on the upper concave envelope, cost rising, each better than the one before.

    It begins with the cheapest option, the best of several. Shape (at most P,). Raises ValueError where there is no
    option or a figure is not finite.
    """
    cost, value = options.cost, options.value
    if not len(cost) or not (np.isfinite(cost).all() and np.isfinite(value).all()):
        raise ValueError("every prompt needs an option, with finite costs and values")
    order = np.lexsort((-value, cost))
    hull = [int(order[0])]
    for i in order[1:].tolist():
        if value[i] <= value[hull[-1]]:
            continue
        while len(hull) > 1 and _steeper(options, hull[-1], i, hull[-2], hull[-1]):
            hull.pop()
        hull.append(i)
    return np.array(hull, dtype=np.int64)


def _steeper(options: Options, a: int, b: int, c: int, d: int) -> bool:
    """Whether the slope from a to b is at least that from c to d."""
    cost, value = options.cost, options.value
    return bool((value[b] - value[a]) * (cost[d] - cost[c]) >= (value[d] - value[c]) * (cost[b] - cost[a]))


def allocate(prompts: Sequence[Options], budget: float) -> Ints:
    """The option to take for each prompt, (m,), within a total budget.

    Steps along every prompt's concave envelope are taken by falling value per cost. That is optimal where values are
    concave and steps cost the same; else it is within one step's value of the optimum (the greedy bound of the
    multiple-choice knapsack problem, Sinha & Zoltners 1979). A step that no longer fits is replaced by the prompt's
    best option that does.

    Raises ValueError where even the cheapest options together exceed the budget, or as `envelope`.
    """
    hulls = [envelope(p) for p in prompts]
    taken = [int(h[0]) for h in hulls]
    left = budget - sum(p.cost[i] for p, i in zip(prompts, taken, strict=True))
    slack = _SLACK * abs(budget)
    if left < -slack:
        raise ValueError(f"the budget {budget:g} is smaller than the {budget - left:g} that the cheapest options take")
    steps = []
    for who, (p, hull) in enumerate(zip(prompts, hulls, strict=True)):
        gain, price = np.diff(p.value[hull]), np.diff(p.cost[hull])
        steps += [(-g / c, who, k) for k, (g, c) in enumerate(zip(gain.tolist(), price.tolist(), strict=True))]
    closed = set()
    for _, who, k in sorted(steps):
        if who in closed:
            continue
        p, target = prompts[who], int(hulls[who][k + 1])
        price = p.cost[target] - p.cost[taken[who]]
        if price > left + slack:
            closed.add(who)
            fits = np.flatnonzero(p.cost <= p.cost[taken[who]] + left + slack)
            target = int(fits[np.lexsort((p.cost[fits], -p.value[fits]))[0]])
            if p.value[target] <= p.value[taken[who]]:
                continue
        left -= p.cost[target] - p.cost[taken[who]]
        taken[who] = target
    return np.array(taken, dtype=np.int64)
