"""Selectors: which of a cell's candidates is the answer. Each is the literature's rule for one pool of candidates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tts.core.protocols import Pool, Selector

SAME_SUM = 1e-12
"""Sums of weights that differ by less than this share of the larger are tied: more than adding up can be off."""


class First:
    """The earliest sample, whatever it says: on independent samples this is pass@1."""

    name = "first"
    oracle = False
    needs_scores = False
    by_group = False

    def select(self, pool: Pool, verifier: str | None = None) -> int:
        """Always 0."""
        return 0


class Majority:
    """The most common answer, by equivalence class; ties go to the earliest sample (self-consistency)."""

    name = "majority"
    oracle = False
    needs_scores = False
    by_group = False

    def select(self, pool: Pool, verifier: str | None = None) -> int:
        """Index of the first member of the largest class, 0 where no candidate has an answer."""
        return _heaviest(pool.classes, np.ones(len(pool.classes)))


class Best:
    """The answer that a verifier scores highest; ties go to the earliest sample (best-of-N).

    Cobbe et al. 2021, "Training Verifiers to Solve Math Word Problems".
    """

    name = "best"
    oracle = False
    needs_scores = True
    by_group = False

    def select(self, pool: Pool, verifier: str | None = None) -> int:
        """Index of the first highest score among the candidates with an answer, 0 where none has one."""
        voters = np.flatnonzero(pool.classes >= 0)
        scores = _scores(pool, verifier)[voters]
        if np.isnan(scores).any():
            raise ValueError(f"{verifier}: a score is not a number, so candidates cannot be ranked by it")
        return int(voters[np.argmax(scores)]) if len(voters) else 0


class Weighted:
    """The answer whose equivalence class has the largest sum of a verifier's scores (weighted best-of-N).

    Li et al. 2022, "Making Large Language Models Better Reasoners with Step-Aware Verifier" (DiVeRSe). Ties go to the
    earliest sample. The scores are votes, so they must be non-negative and finite: probabilities, not logits.
    """

    name = "weighted"
    oracle = False
    needs_scores = True
    by_group = False

    def select(self, pool: Pool, verifier: str | None = None) -> int:
        """Index of the first member of the heaviest class, 0 where no candidate has an answer."""
        return _heaviest(pool.classes, _weights(pool, verifier))


class MajorityByGroup:
    """The most common answer of each chain or temperature first, then the most common of these.

    Wu et al. 2025, "On the Role of Temperature Sampling in Test-Time Scaling" (votes within and across temperatures).
    Ties go to the earliest. A candidate without a group is a group of its own.
    """

    name = "majority_by_group"
    oracle = False
    needs_scores = False
    by_group = True

    def select(self, pool: Pool, verifier: str | None = None) -> int:
        """Index of the first group's winner of the largest class of winners, 0 where no candidate has an answer."""
        winners = [group[_heaviest(pool.classes[group], np.ones(len(group)))] for group in _groups(pool)]
        return int(winners[_heaviest(pool.classes[winners], np.ones(len(winners)))])


class WeightedByGroup:
    """The weighted vote within each chain first, then among the winners (hierarchical verifier selection).

    Snell et al. 2024, section 6 and its appendix on selecting over revisions. A group's winner is the best-scored
    candidate of its heaviest class, and votes with its own score.
    """

    name = "weighted_by_group"
    oracle = False
    needs_scores = True
    by_group = True

    def select(self, pool: Pool, verifier: str | None = None) -> int:
        """Index of the first group's winner of the heaviest class of winners, 0 where no candidate has an answer."""
        weights = _weights(pool, verifier)
        winners = []
        for group in _groups(pool):
            first = group[_heaviest(pool.classes[group], weights[group])]
            alike = group[pool.classes[group] == pool.classes[first]]
            winners.append(alike[np.argmax(weights[alike])] if pool.classes[first] >= 0 else first)
        return int(winners[_heaviest(pool.classes[winners], weights[winners])])


class Oracle:
    """A correct candidate wherever there is one: coverage, the bound on every selector."""

    name = "oracle"
    oracle = True
    needs_scores = False
    by_group = False

    def select(self, pool: Pool, verifier: str | None = None) -> int:
        """Index of the first correct candidate, 0 where none is correct."""
        assert pool.correct is not None, "the oracle selector needs the graded pool"
        return int(np.argmax(pool.correct))


def _scores(pool: Pool, verifier: str | None) -> npt.NDArray[np.float64]:
    """Shape (n,): the pool's scores by that verifier."""
    if verifier is None or verifier not in pool.scores:
        raise ValueError(f"{verifier}: not among the scores of these candidates ({', '.join(pool.scores) or 'none'})")
    return pool.scores[verifier]


def _weights(pool: Pool, verifier: str | None) -> npt.NDArray[np.float64]:
    """Shape (n,): the pool's scores by that verifier, which must do as votes."""
    weights = _scores(pool, verifier)
    bad = (pool.classes >= 0) & ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        raise ValueError(
            f"{verifier}: weights must be non-negative and finite, found {weights[np.argmax(bad)]:g}; "
            "use an aggregation that gives probabilities"
        )
    return weights


def _groups(pool: Pool) -> list[npt.NDArray[np.int64]]:
    """The indices of each group's candidates, groups in order of their first candidate; without groups, one each."""
    labels = pool.scores.get("group", np.arange(len(pool.classes)))
    return [np.flatnonzero(labels == label) for label in dict.fromkeys(labels.tolist())]


def _heaviest(classes: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]) -> int:
    """Index of the first member of a class with the largest sum of ``weights`` (n,), 0 where there is no class."""
    voters = np.flatnonzero(classes >= 0)
    if not len(voters):
        return 0
    totals = np.bincount(classes[voters], weights=weights[voters])[classes[voters]]
    return int(voters[np.argmax(totals >= totals.max() * (1 - SAME_SUM))])


SELECTORS: dict[str, Selector] = {
    s.name: s for s in (First(), Majority(), Best(), Weighted(), MajorityByGroup(), WeightedByGroup(), Oracle())
}
