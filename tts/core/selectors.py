"""Selectors that need no verifier: which of a cell's candidates is the answer."""

from __future__ import annotations

import numpy as np

from tts.core.protocols import Pool, Selector


class First:
    """The earliest sample, whatever it says: on independent samples this is pass@1."""

    name = "first"
    oracle = False

    def select(self, pool: Pool) -> int:
        """Always 0."""
        return 0


class Majority:
    """The most common answer, by equivalence class; ties go to the earliest sample (self-consistency)."""

    name = "majority"
    oracle = False

    def select(self, pool: Pool) -> int:
        """Index of the first member of the largest class, 0 where no candidate has an answer."""
        voters = pool.classes >= 0
        if not voters.any():
            return 0
        votes = np.bincount(pool.classes[voters])
        return int(np.argmax(np.where(voters, votes[pool.classes], 0)))


class Oracle:
    """A correct candidate wherever there is one: coverage, the bound on every selector."""

    name = "oracle"
    oracle = True

    def select(self, pool: Pool) -> int:
        """Index of the first correct candidate, 0 where none is correct."""
        assert pool.correct is not None, "the oracle selector needs the graded pool"
        return int(np.argmax(pool.correct))


SELECTORS: dict[str, Selector] = {s.name: s for s in (First(), Majority(), Oracle())}
