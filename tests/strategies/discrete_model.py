"""A policy and a verifier small enough to enumerate, as in-memory Tools: what particle methods are checked against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from tts.core import Candidate, Completion, Question, stream

QUESTION = Question("q", "?")
VERIFIER = "toy"
LETTERS = "abc"
TREE: dict[str, tuple[tuple[float, bool, float], ...]] = {
    # After each prefix: (probability, finishes the answer, score) of the steps "a", "b" and "c".
    "": ((0.5, False, 0.3), (0.3, False, 0.6), (0.2, True, 0.7)),
    "a": ((0.6, False, 0.5), (0.4, True, 0.2)),
    "b": ((0.7, True, 0.4), (0.3, True, 0.8)),
    "aa": ((0.25, True, 0.9), (0.75, True, 0.35)),
}
"""Answers finish after one, two and three steps, so that finished ones wait for the others."""


def answers() -> dict[str, tuple[float, list[float]]]:
    """Every whole answer: its probability, and the score after each of its steps."""
    found: dict[str, tuple[float, list[float]]] = {}

    def walk(prefix: str, probability: float, scores: list[float]) -> None:
        for letter, (p, ends, score) in zip(LETTERS, TREE[prefix], strict=False):
            if ends:
                found[prefix + letter] = (probability * p, [*scores, score])
            else:
                walk(prefix + letter, probability * p, [*scores, score])

    walk("", 1.0, [])
    return found


def potential(weight: str, scores: Sequence[float]) -> float:
    """prod_t G_t of an answer, from the definitions."""
    if weight == "increment":
        return scores[-1]
    return float(np.prod([r / (1 - r) if weight == "odds" else r for r in scores]))


def target(weight: str, power: float = 1.0) -> dict[str, float]:
    """p(x) * (prod_t G_t(x_1..x_t))^power, normalised, by enumeration."""
    mass = {x: p * potential(weight, scores) ** power for x, (p, scores) in answers().items()}
    return normalised(mass)


def normalised(mass: Mapping[str, float]) -> dict[str, float]:
    total = sum(mass.values())
    return {x: m / total for x, m in mass.items()}


def total_variation(p: Mapping[str, float], q: Mapping[str, float]) -> float:
    return sum(abs(p.get(x, 0.0) - q.get(x, 0.0)) for x in {*p, *q}) / 2


def distribution(candidates: Sequence[Candidate]) -> Counter[str]:
    """The answers by their share of the weight."""
    found: Counter[str] = Counter()
    for candidate in candidates:
        found[candidate.text] += candidate.scores["weight"]
    return found


class DiscreteTools:
    """Samples and scores from ``TREE``; checks what every engine would: no path twice, no finished answer continued."""

    def __init__(self, seed: int | str = 0, scores: Mapping[str, float] | None = None):
        self.seed = seed
        self.history: list[dict[str, object]] = []
        self.drawn = 0
        self.text_of: dict[tuple[object, ...], str] = {}
        self.scored: list[str] = []
        self._steps = {
            prefix: (
                np.cumsum([p for p, _, _ in rows]),
                [
                    (prefix + letter, np.array([i], np.uint32), None if ends else "\n\n")
                    for i, (letter, (_, ends, _)) in enumerate(zip(LETTERS, rows, strict=False))
                ],
            )
            for prefix, rows in TREE.items()
        }
        tree = {
            prefix + letter: row[2] for prefix, rows in TREE.items() for letter, row in zip(LETTERS, rows, strict=False)
        }
        self.scores = {**tree, **(scores or {})}

    async def sample(self, n, *, path=("sample",), prefix=(), turns=(), **overrides):
        assert (*path, 0) not in self.text_of, f"{path} was drawn before"
        cumulated, outcomes = self._steps["".join(LETTERS[i] for i in prefix)]
        picks = np.searchsorted(cumulated, self.rng("engine", *path).random(n) * cumulated[-1], side="right").tolist()
        self.drawn += n
        found = []
        for i, pick in enumerate(picks):
            text, ids, stop = outcomes[pick]
            found.append(Completion((*path, i), text, ids, "stop", stop))
            self.text_of[*path, i] = text
        return found

    async def values(self, verifier, aggregation, candidates):
        assert (verifier, aggregation) == (VERIFIER, "last")
        self.scored += [c.text for c in candidates]
        return [self.scores[c.text] for c in candidates]

    def record(self, **entry):
        self.history.append(entry)

    def rng(self, *path):
        return stream(self.seed, *path)
