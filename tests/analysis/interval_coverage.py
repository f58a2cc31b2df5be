"""How often nominal 95% intervals hold the truth: `python tests/analysis/interval_coverage.py [--repetitions 1000]`.

Each repetition draws new problems from a population and new samples for them; the truth is the population's expected
accuracy. A problem is a rate of right answers, from a beta distribution, and three wrong answers that share the rest
unevenly; a sample has a score from a 9-point scale, which ranks a right answer over a wrong one nine times in ten: so
far that every figure, differences too, has a truth between 0.1 and 0.9. The population is 20,000 such problems, drawn
from with replacement, so that its truth is computed and not estimated.

`--extrapolation` instead: how often the bands of the two coverage fits hold the true coverage, beyond the samples too.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from itertools import product
from math import factorial, lgamma

import numpy as np
import numpy.typing as npt

from tts.stats import (
    Interval,
    best_of_k,
    difference_interval,
    fit_beta_binomial,
    fit_coverage_law,
    fits,
    majority_at_k,
    mean_interval,
    pass_at_k,
)

Floats = npt.NDArray[np.float64]

SHAPES = {"hard": (0.18, 1.2), "even": (0.6, 0.8), "easy": (1.2, 0.7)}
"""Parameters of the beta distribution of the rate of right answers."""
K = 4
SAMPLES = 16
PROBLEMS = 100
POPULATION = 20_000
LEVELS = 9
BUDGETS = (16, 256, 4096)
TRUTHS = ((0.4, 1.5, 0.0), (0.25, 2.0, 0.0), (1.2, 2.0, 0.25))
"""Beta distributions of success rates, and the share of hopeless problems."""
FIGURES = ("pass@k", "best-of-k", "maj@k", "best-of-k - maj@k", "pass@k - pass@1")


@dataclass(frozen=True)
class Population:
    """Problems whose answers and scores have known probabilities."""

    answers: Floats
    """(P, 4): probability of each answer; the first one is right."""
    scores: Floats
    """(2, LEVELS): probability of each score of wrong and of right answers."""

    def truth(self) -> dict[str, float]:
        """Expected accuracies of fresh draws of ``K`` samples."""
        right = self.answers[:, 0]
        best, majority, coverage = _best(right, self.scores), _majority(self.answers), 1 - (1 - right) ** K
        values = (coverage, best, majority, best - majority, coverage - right)
        return {name: float(v.mean()) for name, v in zip(FIGURES, values, strict=True)}

    def estimate(self, rng: np.random.Generator, problems: int) -> dict[str, Interval]:
        """Intervals from new problems with ``SAMPLES`` new samples each."""
        found = np.array([self._problem(rng) for _ in range(problems)])
        coverage, best, majority, right = found.T
        return {
            "pass@k": mean_interval(coverage),
            "best-of-k": mean_interval(best),
            "maj@k": mean_interval(majority),
            "best-of-k - maj@k": difference_interval(best, majority),
            "pass@k - pass@1": difference_interval(coverage, right),
        }

    def _problem(self, rng: np.random.Generator) -> tuple[float, float, float, float]:
        chances = self.answers[rng.integers(len(self.answers))]
        classes = np.minimum(np.searchsorted(np.cumsum(chances), rng.random(SAMPLES)), 3)
        correct = classes == 0
        ladder = np.cumsum(self.scores, axis=1)[correct.astype(int)]
        scores = np.minimum((ladder < rng.random((SAMPLES, 1))).sum(axis=1), LEVELS - 1)
        hits = int(correct.sum())
        return (
            float(pass_at_k(SAMPLES, hits, K)),
            best_of_k(scores, correct, K),
            majority_at_k(classes, correct, K),
            hits / SAMPLES,
        )


def population(shape: tuple[float, float]) -> Population:
    """One of ``SHAPES``; the same problems every time."""
    rng = np.random.default_rng(0)
    right = rng.beta(*shape, POPULATION)
    wrong = rng.dirichlet((1.5, 0.8, 0.4), POPULATION) * (1 - right)[:, None]
    ladder = np.exp(-0.5 * ((np.arange(LEVELS) - np.array([[2.2], [5.8]])) / 2.0) ** 2)
    return Population(np.column_stack([right, wrong]), ladder / ladder.sum(axis=1, keepdims=True))


def _best(right: Floats, scores: Floats) -> Floats:
    """P(the best of K by score is right): the best score's distribution, and how often its samples are right."""
    wrong, correct = scores
    level = np.outer(1 - right, wrong) + np.outer(right, correct)
    share = np.outer(right, correct) / level
    below = np.column_stack([np.zeros(len(right)), np.cumsum(level, axis=1)])
    return ((below[:, 1:] ** K - below[:, :-1] ** K) * share).sum(axis=1)


def _majority(answers: Floats) -> Floats:
    """P(the vote of K is right), over every count vector."""
    total = np.zeros(len(answers))
    for counts in product(range(K + 1), repeat=answers.shape[1]):
        if sum(counts) == K and counts[0] == max(counts):
            ways = factorial(K) / np.prod([factorial(c) for c in counts])
            total += ways * np.prod(answers ** np.array(counts), axis=1) / counts.count(max(counts))
    return total


def held(shape: tuple[float, float], repetitions: int, problems: int = PROBLEMS) -> dict[str, tuple[float, float]]:
    """Truth and share of the repetitions whose interval holds it, by figure."""
    people = population(shape)
    truth, rng = people.truth(), np.random.default_rng(1)
    hits = dict.fromkeys(FIGURES, 0)
    for _ in range(repetitions):
        for name, found in people.estimate(rng, problems).items():
            hits[name] += found.low <= truth[name] <= found.high
    return {name: (truth[name], count / repetitions) for name, count in hits.items()}


def extrapolation_held(truth: tuple[float, float, float], repetitions: int) -> tuple[Floats, Floats, Floats]:
    """True coverage at ``BUDGETS``, and how often the beta-binomial's and the coverage law's bands hold it.

    ``truth``: alpha, beta and the share of hopeless problems.
    """
    rng, (alpha, beta, zero) = np.random.default_rng(1), truth
    missed = [lgamma(beta + k) - lgamma(beta) + lgamma(alpha + beta) - lgamma(alpha + beta + k) for k in BUDGETS]
    coverage = (1 - zero) * (1 - np.exp(missed))
    hits = np.zeros((2, len(BUDGETS)))
    for _ in range(repetitions):
        right = rng.binomial(SAMPLES, rng.beta(alpha, beta, PROBLEMS) * (rng.random(PROBLEMS) >= zero))
        bands = fit_beta_binomial(SAMPLES, right).coverage(BUDGETS), fit_coverage_law(SAMPLES, right).at(BUDGETS)
        hits += [(found.low <= coverage) & (coverage <= found.high) for found in bands]
    return coverage, *(hits / repetitions)


def main(repetitions: int, problems: int) -> None:
    """Print a line a figure."""
    for title, shape in SHAPES.items():
        for name, (truth, share) in held(shape, repetitions, problems).items():
            sys.stdout.write(f"{title:5} {name:20} truth {truth:6.3f}   held {100 * share:5.1f}%\n")
            sys.stdout.flush()


def extrapolation(repetitions: int) -> None:
    """Print a line a truth."""
    fits.RESAMPLES = 300  # fewer than the package's: the bands' ends are noisier, and the figures no better for it
    for truth in TRUTHS:
        found = zip(("coverage", "beta-binomial", "law"), extrapolation_held(truth, repetitions), strict=True)
        shown = "   ".join(f"{name} {', '.join(f'{v:.3f}' for v in values)}" for name, values in found)
        sys.stdout.write(f"{truth}: {shown}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1_000)
    parser.add_argument("--problems", type=int, default=PROBLEMS)
    parser.add_argument("--extrapolation", action="store_true")
    options = parser.parse_args()
    if options.extrapolation:
        extrapolation(options.repetitions)
    else:
        main(options.repetitions, options.problems)
