"""How long the estimators take, all k at once: `python tests/speed/estimators.py [--problems 500] [--samples 256]`.

The problems are simulated: success rates from a beta distribution, wrong answers from a Chinese restaurant process (few
popular ones and a tail of answers given once), one sample in twenty without an answer. Prints processor seconds; run
with OMP_NUM_THREADS=1 for one core.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.stats import (
    all_of_k,
    best_of_k,
    fit_beta_binomial,
    fit_coverage_law,
    g_pass_at_k,
    majority_at_k,
    mean_g_pass_at_k,
    mean_interval,
    pass_at_k,
    weighted_majority_at_k,
    worst_of_k,
)

DRAWS = 1_000


@dataclass(frozen=True)
class Samples:
    """One problem's samples, all of shape (n,)."""

    classes: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    correct: npt.NDArray[np.bool_]


def simulate(rng: np.random.Generator, n: int) -> Samples:
    """Class 0 is right; the wrong answers' concentration is drawn for each problem, 0.5 to 20."""
    right, concentration = rng.beta(0.6, 0.8), np.exp(rng.uniform(np.log(0.5), np.log(20)))
    classes = np.full(n, -1)
    counts: list[int] = []
    for i in range(n):
        if rng.random() < 0.05:
            continue
        if rng.random() < right:
            classes[i] = 0
            continue
        weights = np.array([*counts, concentration])
        j = int(rng.choice(len(weights), p=weights / weights.sum()))
        counts[j:] = [counts[j] + 1, *counts[j + 1 :]] if j < len(counts) else [1]
        classes[i] = j + 1
    correct = classes == 0
    return Samples(classes, np.clip(rng.normal(0.45 + 0.15 * correct, 0.15), 0, 1), correct)


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main(problems: int, n: int) -> None:
    """Print one line an estimator."""
    rng = np.random.default_rng(0)
    data = [simulate(rng, n) for _ in range(problems)]
    ks = np.arange(1, n + 1)
    right = np.array([int(d.correct.sum()) for d in data])
    table: dict[str, Callable[[], object]] = {
        "pass_at_k": lambda: pass_at_k(n, right[:, None], ks),
        "best_of_k": lambda: [best_of_k(d.scores, d.correct, ks, answered=d.classes >= 0) for d in data],
        "worst_of_k": lambda: [worst_of_k(d.scores, d.correct, ks, answered=d.classes >= 0) for d in data],
        "all_of_k": lambda: all_of_k(n, right[:, None], ks),
        "g_pass_at_k, tau 0.5": lambda: g_pass_at_k(n, right[:, None], ks, 0.5),
        "mean_g_pass_at_k": lambda: mean_g_pass_at_k(n, right[:, None], ks),
        "majority_at_k": lambda: [majority_at_k(d.classes, d.correct, ks) for d in data],
        f"weighted_majority_at_k, {DRAWS} draws": lambda: [
            weighted_majority_at_k(d.classes, d.scores, d.correct, ks, draws=DRAWS, rng=np.random.default_rng(0))
            for d in data
        ],
        "mean_interval of one k": lambda: mean_interval(right / n),
        "fit_coverage_law": lambda: fit_coverage_law(n, right),
        "fit_beta_binomial": lambda: fit_beta_binomial(n, right),
    }
    sys.stdout.write(f"{problems} problems x {n} samples, every k\n")
    for name, work in table.items():
        sys.stdout.write(f"{name:40} {seconds(work):8.2f} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=500)
    parser.add_argument("--samples", type=int, default=256)
    options = parser.parse_args()
    main(options.problems, options.samples)
