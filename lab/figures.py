"""The card's figures as pure functions of samples, scores and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.stats import Interval, majority_at_k, mean_interval, pass_at_k

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def shown(interval: Interval) -> dict[str, float]:
    """An interval as JSON, rounded to what the card shows."""
    return {"mean": round(interval.mean, 4), "low": round(interval.low, 4), "high": round(interval.high, 4)}


def interval(values: npt.ArrayLike) -> dict[str, float]:
    """Mean over problems with its 95% interval."""
    return shown(mean_interval(values))


def difference(first: npt.ArrayLike, second: npt.ArrayLike) -> dict[str, float]:
    """Mean of ``first - second``, paired by problem, with its 95% percentile-bootstrap interval over problems."""
    delta = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    pick = np.random.Generator(np.random.PCG64(0)).integers(len(delta), size=(5000, len(delta)))
    low, high = np.quantile(delta[pick].mean(1), [0.025, 0.975])
    return {"mean": round(float(delta.mean()), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def classes_of(answers: Sequence[int | None]) -> npt.NDArray[np.int64]:
    """Answer classes, -1 for no answer."""
    names: dict[int, int] = {}
    return np.array([-1 if a is None else names.setdefault(a, len(names)) for a in answers], dtype=np.int64)


def majority(answers: Sequence[int | None], right: int, k: int) -> float:
    """Exact majority@k of one problem."""
    classes = classes_of(answers)
    return float(majority_at_k(classes, np.array([a == right for a in answers]), k))


def best_at_k(scores: npt.ArrayLike, correct: npt.ArrayLike, k: int) -> float:
    """Expected correctness of the best-scored of a random ``k``-subset; ties share their group's mean correctness."""
    s, c = np.asarray(scores, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    n = len(s)
    above, reached = (s[:, None] < s).sum(1), (s[:, None] <= s).sum(1)
    best = pass_at_k(n, reached, k) - pass_at_k(n, above, k)
    return float((best / (reached - above) * c).sum())


def weighted_at_k(
    answers: Sequence[int | None], scores: npt.ArrayLike, right: int, k: int, draws: int = 200, seed: int = 0
) -> float:
    """Correctness of the vote weighted by score, over ``draws`` random ``k``-subsets (one where ``k`` is all)."""
    classes, weights = classes_of(answers), np.asarray(scores, dtype=np.float64)
    random = np.random.Generator(np.random.PCG64(seed))
    hits = 0
    times = 1 if k == len(classes) else draws
    for _ in range(times):
        pick = random.permutation(len(classes))[:k]
        pick = pick[classes[pick] >= 0]
        if len(pick):
            winner = int(np.argmax(np.bincount(classes[pick], weights[pick])))
            hits += answers[int(np.flatnonzero(classes == winner)[0])] == right
    return hits / times


def auroc(scores: npt.ArrayLike, positive: npt.ArrayLike) -> float:
    """Probability that a positive scores above a negative, ties counted half."""
    s, p = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=np.bool_)
    _, inverse, counts = np.unique(s, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    ups, downs = int(p.sum()), int((~p).sum())
    return float((ranks[p].sum() - ups * (ups + 1) / 2) / (ups * downs))


def auroc_interval(scores: Sequence[Sequence[float]], positive: Sequence[Sequence[bool]]) -> dict[str, float]:
    """Step AUROC with a 95% percentile-bootstrap interval over solutions (1,000 resamples)."""
    random = np.random.Generator(np.random.PCG64(0))
    s = [np.asarray(x) for x in scores]
    p = [np.asarray(x) for x in positive]
    resampled = []
    for _ in range(1000):
        pick = random.integers(len(s), size=len(s))
        resampled.append(auroc(np.concatenate([s[i] for i in pick]), np.concatenate([p[i] for i in pick])))
    low, high = np.quantile(resampled, [0.025, 0.975])
    mean = auroc(np.concatenate(s), np.concatenate(p))
    return {"mean": round(mean, 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def policy_figures(
    answers: Mapping[str, Sequence[Sequence[int | None]]], right: Mapping[str, Sequence[int]]
) -> dict[str, Any]:
    """pass@1, pass@k and majority@k by level and over the mixed split, with the rate of samples without an answer.

    Both mappings go from the level to that level's problems; k is the number of samples.
    """
    result: dict[str, Any] = {"levels": {}}
    pooled: dict[str, list[float]] = {"pass@1": [], "pass@n": [], "majority@n": [], "no_answer": []}
    for level, problems in answers.items():
        rows: dict[str, list[float]] = {key: [] for key in pooled}
        for given, truth in zip(problems, right[level], strict=True):
            n, c = len(given), sum(a == truth for a in given)
            rows["pass@1"].append(c / n)
            rows["pass@n"].append(float(c > 0))
            rows["majority@n"].append(majority(given, truth, n))
            rows["no_answer"].append(sum(a is None for a in given) / n)
        result["levels"][level] = {key: interval(values) for key, values in rows.items()}
        for key, values in rows.items():
            pooled[key] += values
    result["mixed"] = {key: interval(values) for key, values in pooled.items()}
    result["mixed"]["pass@n - majority@n"] = difference(pooled["pass@n"], pooled["majority@n"])
    return result
