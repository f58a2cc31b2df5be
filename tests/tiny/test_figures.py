"""The card's estimators against enumeration."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from lab import figures


@pytest.mark.parametrize("seed", range(12))
def test_best_at_k_equals_enumeration(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 8))
    scores, correct = random.integers(0, 4, n) / 4, random.random(n) < 0.5
    for k in range(1, n + 1):
        expected = []
        for subset in combinations(range(n), k):
            top = max(scores[i] for i in subset)
            expected.append(np.mean([correct[i] for i in subset if scores[i] == top]))
        assert figures.best_at_k(scores, correct, k) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("seed", range(8))
def test_auroc_equals_counting_pairs(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores, positive = random.integers(0, 5, 20), random.random(20) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[positive] for b in scores[~positive]]
    assert figures.auroc(scores, positive) == pytest.approx(np.mean(pairs))


def test_votes() -> None:
    answers = [1, 1, 2, None]
    assert figures.majority(answers, 1, 4) == 1.0
    assert figures.majority(answers, 2, 4) == 0.0
    assert figures.weighted_at_k(answers, [0.1, 0.1, 0.9, 1.0], 2, 4) == 1.0
    assert figures.weighted_at_k(answers, [0.5, 0.5, 0.9, 1.0], 1, 4) == 1.0
    assert figures.weighted_at_k([None], [1.0], 1, 1) == 0.0


def test_policy_figures() -> None:
    found = figures.policy_figures({"1": [[3, 3, None, 4], [5, 5, 5, 5]], "2": [[1, 2, 2, 2]]}, {"1": [3, 5], "2": [1]})
    assert found["levels"]["1"]["pass@1"]["mean"] == 0.75
    assert found["levels"]["2"]["majority@n"]["mean"] == 0.0
    assert found["mixed"]["pass@n"]["mean"] == 1.0
    assert found["mixed"]["no_answer"]["mean"] == pytest.approx(1 / 12, abs=1e-4)
    assert found["mixed"]["pass@n - majority@n"]["mean"] == pytest.approx(1 / 3, abs=1e-4)


def test_difference_is_paired() -> None:
    found = figures.difference([0.9, 0.5, 0.1], [0.8, 0.4, 0.0])
    assert (found["low"], found["mean"], found["high"]) == (0.1, 0.1, 0.1)
