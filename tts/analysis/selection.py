"""How often a selector is right on one cell, under every budget that the cell serves."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tts.core import Selector, stream
from tts.stats.estimators import avg_at_n, pass_at_k
from tts.stats.majority import majority_at_k
from tts.stats.scored import best_of_k, weighted_majority_at_k
from tts.store import CellData, RunData

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DRAWS = 256
"""Random subsets a problem, seed and budget for a selector that has no estimator of its own."""
ORDERS = 500
"""Random orders a problem and seed for the weighted vote; each serves every budget."""

Place = tuple[str, ...]
_Exact = Callable[[CellData, Ints, str | None], Floats]
EXACT: dict[str, _Exact] = {
    "first": lambda cell, ks, _: np.full(len(ks), float(avg_at_n(len(cell), int(cell.correct.sum())))),
    "majority": lambda cell, ks, _: majority_at_k(cell.classes, cell.correct, ks),
    "best": lambda cell, ks, verifier: best_of_k(
        cell.scores[verifier or ""], cell.correct, ks, answered=cell.classes >= 0
    ),
    "oracle": lambda cell, ks, _: pass_at_k(len(cell), int(cell.correct.sum()), ks),
}
"""Exact expected correctness of a selector on random k-subsets of a cell: (cell, (K,) budgets, label) -> (K,)."""


def how_to_score(run: RunData) -> str:
    """What adds a verifier's scores to a run, for an error to say."""
    if run.info.imported:
        return "`tts import` again with --score NAME=COLUMN, a score for every sample, adds one"
    return f"`tts score {run.path} --verifier NAME` adds one"


def how_to_sample(run: RunData) -> str:
    """What gives a run several independent samples of a problem, for an error to say."""
    if run.info.imported:
        return "import files that have at least two samples of every problem"
    return f"`tts run --out {run.path} --strategy best_of_n --n 16` draws some"


def picked_accuracy(cell: CellData, selector: Selector, verifier: str | None) -> float:
    """Correctness of the one candidate that ``selector`` picks from the whole cell; 0 where there is none to pick."""
    if not len(cell):
        return 0.0
    return float(cell.correct[selector.select(cell.pool(graded=selector.oracle), verifier)])


def expected_accuracy(
    cell: CellData, selector: Selector, verifier: str | None, ks: Ints, place: Place
) -> tuple[Floats, Floats]:
    """Expected correctness of what ``selector`` picks from random ``k``-subsets of a cell of independent samples.

    ``ks``: (K,) budgets; the two results, (K,) each, are the estimate and its Monte Carlo standard error, which is 0
    where the estimate is exact. ``place``: which cell it is, as benchmark, problem, strategy, setting and number of
    the seed; the random subsets follow from it, so that every table has the same figure.
    """
    if selector.name in EXACT:
        return EXACT[selector.name](cell, ks, verifier), np.zeros(len(ks))
    key = (selector.name, verifier or "", *place)
    if selector.name == "weighted":
        arrays = (cell.classes, cell.scores[verifier or ""], cell.correct)
        return _weighted(*(a.tobytes() for a in arrays), tuple(ks.tolist()), key)
    rng = stream("subsets", *key)
    found = np.array([subset_accuracy(cell, selector, k, rng, verifier=verifier) for k in ks.tolist()])
    return found, np.sqrt(found * (1 - found) / DRAWS)


@lru_cache(maxsize=4096)
def _weighted(
    classes: bytes, weights: bytes, correct: bytes, ks: tuple[int, ...], key: tuple[str, ...]
) -> tuple[Floats, Floats]:
    """The weighted vote; kept, since curves, comparison and choices ask for the same ones."""
    return weighted_majority_at_k(
        np.frombuffer(classes, np.int64),
        np.frombuffer(weights, np.float64),
        np.frombuffer(correct, np.bool_),
        np.array(ks, dtype=np.int64),
        draws=ORDERS,
        rng=stream("subsets", *key),
    )


def subset_accuracy(
    cell: CellData,
    selector: Selector,
    k: int,
    rng: np.random.Generator,
    draws: int = DRAWS,
    verifier: str | None = None,
) -> float:
    """Mean correctness of what any selector picks from random ``k``-subsets in random order: Monte Carlo.

    Its standard error is at most 0.5 / sqrt(draws) a problem, and averages out over problems.
    """
    hits = 0
    for _ in range(draws):
        order = rng.permutation(len(cell))[:k]
        hits += bool(cell.correct[order[selector.select(cell.pool(order, graded=selector.oracle), verifier)]])
    return hits / draws
