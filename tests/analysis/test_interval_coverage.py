"""A short run of `python tests/analysis/interval_coverage.py`; docs/estimators.md has the figures of the long one."""

import numpy as np
import pytest
from interval_coverage import FIGURES, SHAPES, population

REPETITIONS = 40


@pytest.mark.parametrize("shape", SHAPES)
def test_the_populations_truth_lies_in_the_range_that_is_promised(shape):
    truth = population(SHAPES[shape]).truth()
    assert all(0.1 < truth[name] < 0.9 for name in FIGURES)


def test_estimates_are_unbiased_for_the_population_and_their_intervals_hold_it():
    """Of 40 nominal 95% intervals fewer than 32 hold the truth once in 7,000 times; the seed is fixed."""
    people = population(SHAPES["even"])
    truth, rng = people.truth(), np.random.default_rng(1)
    found = [people.estimate(rng, 100) for _ in range(REPETITIONS)]
    for name in FIGURES:
        means = np.array([f[name].mean for f in found])
        assert abs(means.mean() - truth[name]) < 4 * means.std(ddof=1) / REPETITIONS**0.5
        assert sum(f[name].low <= truth[name] <= f[name].high for f in found) >= 32
