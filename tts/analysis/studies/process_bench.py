"""First-error F1: how well step scores find where a solution first goes wrong (Zheng et al. 2024, "ProcessBench").

A solution's label is the index of its first wrong step, -1 where all are right. A verifier's prediction is the first
step whose score is below a threshold, -1 where there is none. Accuracy is the share of equal pairs, among the erroneous
samples (label >= 0: the very step must be named) and among the correct ones; F1 is the harmonic mean of these two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.core import stream
from tts.stats.intervals import RESAMPLES, Floats, Interval, mean_interval

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FirstError:
    """What a verifier is worth on such data. All figures are in [0, 1]."""

    erroneous: Interval
    """Accuracy on samples with an error."""
    correct: Interval
    """Accuracy on samples without one."""
    f1: float
    f1_low: float
    f1_high: float
    """Percentile interval of F1 over resampled samples, erroneous and correct ones separately."""


def first_below(scores: Sequence[Sequence[float]], threshold: float) -> Ints:
    """The first step of each sample whose score is below ``threshold``, -1 where there is none; shape (samples,)."""
    found = (next((i for i, score in enumerate(each) if score < threshold), -1) for each in scores)
    return np.fromiter(found, np.int64, len(scores))


def harmonic(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Harmonic mean of numbers of at least 0, elementwise; 0 where one of the two is."""
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return np.asarray(2 * x * y / np.where(x + y > 0, x + y, 1.0))


def first_error(labels: npt.ArrayLike, predictions: npt.ArrayLike, level: float = 0.95) -> FirstError:
    """Both accuracies and F1 with their intervals; ``labels`` and ``predictions``: shape (samples,).

    The accuracies' intervals are those of `mean_interval`. F1's is the percentile bootstrap over samples: 5,000
    resamples within each of the two groups, whose sizes are the benchmark's choice and so stay as they are.

    Raises ValueError where the shapes differ, or there is no erroneous or no correct sample.
    """
    hit, erroneous = _compare(np.asarray(labels, np.int64), np.asarray(predictions, np.int64))
    a, b = hit[erroneous], hit[~erroneous]
    accuracies = mean_interval(a, level), mean_interval(b, level)
    rng = stream("first error", len(a), len(b))
    # The hits of a resample of m samples are binomial: the same distribution as drawing the samples one by one.
    x, y = (rng.binomial(len(hits), hits.mean(), RESAMPLES) / len(hits) for hits in (a, b))
    low, high = np.quantile(harmonic(x, y), [(1 - level) / 2, (1 + level) / 2])
    return FirstError(*accuracies, float(harmonic(a.mean(), b.mean())), float(low), float(high))


def best_threshold(labels: npt.ArrayLike, scores: Sequence[Sequence[float]]) -> float:
    """The threshold with the largest F1, the lowest of equal ones: a value between two neighbouring scores.

    As the benchmark does for reward models, whose scale is their own; choose it on other samples than it is used on.
    Raises ValueError where there is no erroneous or no correct sample.
    """
    known = np.asarray(labels, np.int64)
    _compare(known, known)
    # A sample is judged right by every threshold in (low, high]: above its first wrong step, not above one before it.
    pairs = list(zip(known, scores, strict=True))
    right = [(each[k], min(each[:k], default=np.inf)) for k, each in pairs if 0 <= k < len(each)]
    low, high = np.array([pair for pair in right if pair[0] < pair[1]], float).reshape(-1, 2).T
    least = np.array([min(each, default=np.inf) for k, each in pairs if k < 0])
    ends = np.unique(np.concatenate((low, high, least)))
    ends = ends[np.isfinite(ends)]
    if not ends.size:
        return 0.5
    tried = np.concatenate(([ends[0]], (ends[:-1] + ends[1:]) / 2, [np.nextafter(ends[-1], np.inf)]))
    found = np.searchsorted(np.sort(low), tried) - np.searchsorted(np.sort(high), tried)
    passed = len(least) - np.searchsorted(np.sort(least), tried)
    f1 = harmonic(found / (known >= 0).sum(), passed / len(least))
    return float(tried[int(np.argmax(f1))])


def cross_fitted(labels: npt.ArrayLike, scores: Sequence[Sequence[float]], seed: int = 0) -> tuple[Ints, list[float]]:
    """Predictions whose threshold was chosen on the other half of the samples, and both halves' thresholds.

    The halves are a random split of the erroneous and of the correct samples. Raises ValueError where a half would
    lack either.
    """
    known = np.asarray(labels, np.int64)
    half = np.zeros(len(known), np.int64)
    for group in (np.flatnonzero(known >= 0), np.flatnonzero(known < 0)):
        if len(group) < 2:
            raise ValueError("two halves need at least two erroneous and two correct samples")
        half[stream("process bench halves", seed).permutation(group)[::2]] = 1
    predictions = np.empty(len(known), np.int64)
    thresholds = []
    for own in (0, 1):
        inside, outside = np.flatnonzero(half == own), np.flatnonzero(half != own)
        threshold = best_threshold(known[outside], [scores[i] for i in outside])
        predictions[inside] = first_below([scores[i] for i in inside], threshold)
        thresholds.append(threshold)
    return predictions, thresholds


def _compare(labels: Ints, predictions: Ints) -> tuple[Bools, Bools]:
    """Which samples were judged right, and which have an error."""
    if labels.shape != predictions.shape or labels.ndim != 1:
        raise ValueError(f"expected a prediction a label, not shapes {predictions.shape} and {labels.shape}")
    erroneous = labels >= 0
    if erroneous.all() or not erroneous.any():
        which = "correct" if erroneous.all() else "erroneous"
        raise ValueError(f"there is no {which} sample, so that F1 is not defined")
    return np.asarray(labels == predictions), np.asarray(erroneous)
