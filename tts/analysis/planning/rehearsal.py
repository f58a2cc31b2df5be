"""Samples held, drawn again in random order: what a pilot of K would have shown, and what further samples gave.

From the rehearsals of many problems follows what one more sample is worth after a given pilot, for any selector,
without a model of how answers are distributed: the mean over all rehearsals whose pilot looked the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.core.selectors import SAME_SUM
from tts.store import CellData

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SELECTORS = ("majority", "best", "weighted", "oracle")
"""Selectors to which more samples are worth something, and which can be rehearsed."""


def prefix_accuracy(cell: CellData, selector: str, verifier: str, orders: Ints) -> Floats:
    """Correctness of what a selector picks from the first 1, 2, ... samples of each order, ties in expectation.

    ``orders``: (R, N) indices into the cell; result (R, N). Selectors: see ``SELECTORS``. Raises ValueError for scores
    that the selector cannot use (NaN; negative weights).
    """
    right = cell.correct[orders].astype(np.float64)
    if selector == "oracle":
        return np.maximum.accumulate(right, axis=1)
    voters = cell.classes >= 0
    scores = np.ones(len(cell)) if selector == "majority" else cell.scores[verifier]
    bad = np.isnan(scores) if selector == "best" else ~(np.isfinite(scores) & (scores >= 0))
    if (bad & voters).any():
        raise ValueError(f"{verifier}: scores must be numbers, and weights non-negative")
    if selector == "best":
        return _running_best(np.where(voters, scores, -np.inf)[orders], right)
    return _running_vote(cell, scores, orders)


def _running_best(scores: Floats, right: Floats) -> Floats:
    """Mean correctness of the samples tied for the best score so far, (R, N)."""
    top, tied, good = np.full(len(scores), -np.inf), np.zeros(len(scores)), np.zeros(len(scores))
    result = np.zeros(scores.shape)
    for step in range(scores.shape[1]):
        now, hit = scores[:, step], right[:, step]
        ahead, level = now > top, (now == top) & (now > -np.inf)
        tied = np.where(ahead, 1.0, tied + level)
        good = np.where(ahead, hit, good + level * hit)
        top = np.maximum(top, now)
        result[:, step] = good / np.maximum(tied, 1.0)
    return result


def _running_vote(cell: CellData, weights: Floats, orders: Ints) -> Floats:
    """Share of right classes among the heaviest ones so far, (R, N)."""
    names, member = np.unique(cell.classes, return_inverse=True)
    verdict = np.zeros(len(names))
    verdict[member[cell.correct & (cell.classes >= 0)]] = 1.0
    rows = np.arange(len(orders))
    totals = np.full((len(orders), len(names)), -1.0)  # -1: no vote yet
    result = np.zeros(orders.shape)
    for step in range(orders.shape[1]):
        sample = orders[:, step]
        votes, label = cell.classes[sample] >= 0, member[sample]
        before = totals[rows, label]
        totals[rows, label] = np.where(votes, np.maximum(before, 0.0) + weights[sample], before)
        top = totals.max(axis=1, keepdims=True)
        winners = (totals >= top - SAME_SUM * np.abs(top)) & (totals >= 0)
        result[:, step] = (winners @ verdict) / np.maximum(winners.sum(axis=1), 1)
    return result


def pilot_signs(cell: CellData, selector: str, verifier: str, pilot: Ints, edges: Floats) -> Ints:
    """What a pilot shows, as one number an order, (R,): ``pilot`` (R, K) are indices into the cell.

    For ``oracle`` (a checker tells what is right) the number of correct samples. Else no reference answer is looked at:
    votes of the two largest classes, and for a selector by scores also where the best score lies among ``edges``.
    """
    k = pilot.shape[1]
    if selector == "oracle":
        return np.asarray(cell.correct[pilot].sum(axis=1), dtype=np.int64)
    names, member = np.unique(cell.classes, return_inverse=True)
    votes = np.stack(
        [(member[pilot] == j).sum(axis=1) for j in range(len(names)) if names[j] >= 0] or [np.zeros(len(pilot))]
    )
    ranked = -np.sort(-np.vstack([votes, np.zeros((2, len(pilot)))]), axis=0)
    sign = ranked[0] * (k + 1) + ranked[1]
    if selector != "majority":
        sign = sign * (len(edges) + 1) + np.searchsorted(edges, leading_score(cell, verifier, pilot))
    return np.asarray(sign, dtype=np.int64)


def leading_score(cell: CellData, verifier: str, pilot: Ints) -> Floats:
    """The best score among the answered samples of each pilot, (R,); -inf where none is."""
    return np.asarray(np.where(cell.classes >= 0, cell.scores[verifier], -np.inf)[pilot].max(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsed:
    """One problem's rehearsals; R orders of N samples."""

    accuracy: Floats
    """Shape (R, N): correctness with the first n samples."""
    tokens: Floats
    """Shape (R, N): generated tokens of the first n samples."""
    sign: Ints
    """Shape (R,): what the pilot showed."""
    rate: float
    """Share of correct samples."""


def rehearse(cell: CellData, selector: str, verifier: str, orders: Ints, pilot: int, edges: Floats) -> Rehearsed:
    """Everything about one cell under some orders (R, N) of its samples."""
    return Rehearsed(
        prefix_accuracy(cell, selector, verifier, orders),
        np.cumsum(cell.output_tokens[orders], axis=1).astype(np.float64),
        pilot_signs(cell, selector, verifier, orders[:, :pilot], edges),
        float(cell.correct.mean()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """What was seen after each pilot: means over the rehearsals of some problems."""

    signs: Ints
    """Shape (S,), rising."""
    accuracy: Floats
    """Shape (S + 1, N): expected correctness with n samples; the last row is for a pilot never seen."""
    rate: Floats
    """Shape (S + 1,): expected success rate."""
    extra: Floats
    """Shape (S + 1, E): expectations of ``extra`` quantities of the problem."""

    def row(self, sign: int) -> int:
        """The row for a pilot."""
        i = int(np.searchsorted(self.signs, sign))
        return i if i < len(self.signs) and self.signs[i] == sign else len(self.signs)


def learn(rehearsed: Sequence[Rehearsed], extra: Floats, shrink: float = 1.0) -> Values:
    """Expected values after each pilot, each problem weighing one.

    ``extra``: (problems, E). A pilot that was seen little is drawn towards the mean over all pilots, as if ``shrink``
    further problems had shown it and been average. Raises ValueError where there is no problem.
    """
    if not rehearsed:
        raise ValueError("there is no problem to learn from")
    signs = np.unique(np.concatenate([r.sign for r in rehearsed]))
    n, e = rehearsed[0].accuracy.shape[1], extra.shape[1]
    weight, total = np.zeros(len(signs)), np.zeros((len(signs), n + 1 + e))
    for r, more in zip(rehearsed, extra, strict=True):
        at = np.searchsorted(signs, r.sign)
        share = np.bincount(at, minlength=len(signs)) / len(at)
        weight += share
        total[:, n:] += share[:, None] * np.concatenate([[r.rate], more])
        np.add.at(total[:, :n], at, r.accuracy / len(at))
    mean = total.sum(axis=0) / weight.sum()
    found = np.vstack([(total + shrink * mean) / (weight + shrink)[:, None], mean])
    return Values(signs, found[:, :n], found[:, n], found[:, n + 1 :])
