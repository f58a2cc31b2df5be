"""The resampling schemes: unbiased by enumeration, and draw for draw what the package ``particles`` does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from particles import resampling as chopin

from tts.strategies.resampling import SCHEMES, ess, normalise, resample

PARTS = st.lists(st.integers(0, 6), min_size=1, max_size=5).filter(any)


class Fixed:
    """A generator whose every uniform number is given."""

    def __init__(self, *numbers: float | np.ndarray):
        self.numbers = list(numbers)

    def random(self, size: int | None = None) -> float | np.ndarray:
        number = self.numbers.pop(0)
        return number if size is None or np.ndim(number) else np.full(size, number)


def grid(parts: list[int], m: int) -> np.ndarray:
    """Midpoints of an even grid on which a draw's index, as a function of one uniform number, is a step function.

    Expected counts are sums over draws, so that letting all draws share the number leaves the expectation as it is.
    """
    cells = sum(parts) * math.lcm(*range(1, m + 1))
    return (np.arange(cells) + 0.5) / cells


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(max_examples=40, deadline=None)
@given(parts=PARTS, m=st.integers(1, 4))
def test_each_index_is_drawn_in_proportion_to_its_weight(scheme, parts, m):
    weights = np.array(parts) / sum(parts)
    numbers = grid(parts, m)
    counts = np.zeros(len(parts))
    for u in numbers:
        drawn = SCHEMES[scheme](weights, m, Fixed(u))
        assert drawn.shape == (m,)
        counts += np.bincount(drawn, minlength=len(parts))
    np.testing.assert_allclose(counts / len(numbers), m * weights, atol=1e-9)


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(deadline=None)
@given(weights=st.lists(st.floats(0.01, 1), min_size=1, max_size=30), m=st.integers(1, 40), seed=st.integers(0, 2**31))
def test_draws_are_those_of_the_package_particles(scheme, weights, m, seed):
    weights = np.array(weights) / sum(weights)
    np.random.seed(seed)
    theirs = chopin.resampling(scheme, weights, M=m)
    np.random.seed(seed)  # the same uniform numbers again, for ours
    if scheme == "systematic":
        numbers = np.random.rand()
    elif scheme == "stratified":
        numbers = np.random.rand(m)
    else:
        left = m - int(np.floor(m * weights).sum()) if scheme == "residual" else m
        numbers = chopin.uniform_spacings(left) if left else None
    ours = SCHEMES[scheme](weights, m, Fixed(numbers))
    assert np.array_equal(np.sort(theirs), ours)


@given(log_weights=st.lists(st.floats(-500, 500), min_size=1, max_size=20))
def test_weights_and_effective_sample_size_are_those_of_the_package_particles(log_weights):
    held = np.array(log_weights)
    np.testing.assert_allclose(normalise(held), chopin.Weights(lw=held.copy()).W, atol=1e-12)
    assert ess(held) == pytest.approx(chopin.essl(held.copy()))
    assert 1 - 1e-9 <= ess(held) <= len(held) + 1e-9


@given(parts=PARTS, m=st.integers(1, 20), seed=st.integers(0, 999))
def test_systematic_and_residual_counts_stay_near_their_expectation(parts, m, seed):
    weights = np.array(parts) / sum(parts)
    rng = np.random.default_rng(seed)
    systematic = np.bincount(SCHEMES["systematic"](weights, m, rng), minlength=len(parts))
    assert np.all(np.abs(systematic - m * weights) < 1 + 1e-9)
    residual = np.bincount(SCHEMES["residual"](weights, m, rng), minlength=len(parts))
    assert np.all(residual >= np.floor(m * weights + 1e-9))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_weight_of_zero_is_never_drawn_and_extreme_weights_do_not_overflow(scheme):
    weights = np.array([0.0, 0.5, 0.0, 0.5, 0.0])
    for u in (0.0, 0.5, 1 - 2**-53):
        assert set(SCHEMES[scheme](weights, 7, Fixed(u))) <= {1, 3}
    ancestors, left = resample(np.array([-1e300, 900.0, -900.0]), scheme, np.random.default_rng(0))
    assert ancestors.tolist() == [1, 1, 1]
    assert np.isfinite(left).all()


@settings(max_examples=25, deadline=None)
@given(
    parts=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    temperature=st.sampled_from([1.0, 2.0, 5.0]),
    keep=st.integers(0, 4),
    scheme=st.sampled_from(sorted(SCHEMES)),
)
def test_flattened_resampling_and_kept_ancestors_leave_the_expected_weights_as_they_were(
    parts, temperature, keep, scheme
):
    log_weights, keep = np.log(parts), min(keep, len(parts))
    found, numbers = np.zeros(len(parts)), (np.arange(800) + 0.5) / 800
    for u in numbers:
        ancestors, left = resample(log_weights, scheme, Fixed(u), temperature=temperature, keep=keep)
        assert len(ancestors) == len(parts)
        assert set(np.argsort(-log_weights, kind="stable")[:keep]) <= set(ancestors.tolist())
        np.add.at(found, ancestors, np.exp(left) / len(numbers))
    np.testing.assert_allclose(found / found.sum(), np.array(parts) / sum(parts), atol=5e-3)


def test_plain_resampling_leaves_weights_of_one():
    _, left = resample(np.log([0.1, 0.2, 0.7]), "systematic", np.random.default_rng(0))
    np.testing.assert_allclose(left, 0, atol=1e-12)


def test_a_temperature_flattens_what_ancestors_are_drawn_by():
    parts, counts = np.array([1.0, 16.0]), np.zeros(2)
    for u in (np.arange(1000) + 0.5) / 1000:
        ancestors, _ = resample(np.log(parts), "multinomial", Fixed(u), temperature=2.0)
        counts += np.bincount(ancestors, minlength=2) / 1000
    np.testing.assert_allclose(counts, 2 * np.sqrt(parts) / np.sqrt(parts).sum(), atol=1e-2)
