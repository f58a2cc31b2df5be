from fractions import Fraction
from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.stats import all_of_k, avg_at_n, best_of_k, g_pass_at_k, majority_at_k, mean_g_pass_at_k, pass_at_k

verdicts = st.lists(st.booleans(), min_size=5, max_size=5)
pools = st.tuples(st.lists(st.integers(-1, 4), min_size=1, max_size=8), verdicts)
"""(class of each sample, whether each class is correct)"""


def vote(classes: tuple[int, ...], right: list[bool]) -> Fraction:
    """Expected correctness of the plurality of these votes, ties broken uniformly."""
    counts = {c: classes.count(c) for c in classes if c >= 0}
    if not counts:
        return Fraction(0)
    top = [c for c in counts if counts[c] == max(counts.values())]
    return Fraction(sum(right[c] for c in top), len(top))


@given(pools)
@settings(max_examples=300, deadline=None)
def test_majority_equals_enumeration_of_all_subsets(pool):
    classes, right = pool
    n = len(classes)
    correct = [c >= 0 and right[c] for c in classes]
    expected = [
        float(sum(vote(s, right) for s in combinations(classes, k)) / comb(n, k)) for k in range(1, n + 1)
    ]  # fmt: skip
    assert majority_at_k(classes, correct, np.arange(1, n + 1)) == pytest.approx(expected, abs=1e-12)


@given(st.integers(1, 8).flatmap(lambda n: st.lists(st.booleans(), min_size=n, max_size=n)))
@settings(deadline=None)
def test_pass_at_k_equals_enumeration_of_all_subsets(correct):
    n = len(correct)
    for k in range(1, n + 1):
        expected = sum(any(s) for s in combinations(correct, k)) / comb(n, k)
        assert float(pass_at_k(n, sum(correct), k)) == pytest.approx(expected, abs=1e-14)


def test_pass_at_k_keeps_its_digits_at_a_hundred_thousand_samples():
    n = 100_000
    for c, k in ((1, 1), (3, 7), (50, 1_000), (1_000, 50), (99_000, 999), (2, 99_999)):
        exact = 1 - Fraction(comb(n - c, k), comb(n, k))
        assert float(pass_at_k(n, c, k)) == pytest.approx(float(exact), rel=1e-12)


def test_pass_at_k_broadcasts_and_is_exact_at_the_ends():
    table = pass_at_k(10, np.arange(11), np.array([[1], [10]]))
    assert table.shape == (2, 11)
    assert table[0].tolist() == pytest.approx([c / 10 for c in range(11)], abs=1e-15)
    assert table[1].tolist() == [0.0] + [1.0] * 10


@pytest.mark.parametrize(
    ("n", "c", "k", "message"),
    [
        (4, 1, 5, "n=4, c=1, k=5"),
        (4, 1, 0, "n=4, c=1, k=0"),
        (4, 5, 2, "n=4, c=5, k=2"),
        (4, -1, 2, "n=4, c=-1, k=2"),
        (0, 0, 1, "n=0, c=0, k=1"),
    ],
)
def test_pass_at_k_refuses_impossible_numbers_and_says_them(n, c, k, message):
    with pytest.raises(ValueError, match=message):
        pass_at_k([8, n], [0, c], [1, k])


def test_pass_at_k_refuses_fractions():
    with pytest.raises(ValueError, match="c must be integers"):
        pass_at_k(4, 0.5, 2)


def test_avg_at_n_is_the_share_of_correct_samples():
    assert avg_at_n(8, [0, 2, 8]).tolist() == [0.0, 0.25, 1.0]


@given(st.integers(1, 8).flatmap(lambda n: st.lists(st.booleans(), min_size=n, max_size=n)))
@settings(deadline=None)
def test_all_of_k_equals_enumeration_of_all_subsets(correct):
    n = len(correct)
    for k in range(1, n + 1):
        expected = sum(all(s) for s in combinations(correct, k)) / comb(n, k)
        assert float(all_of_k(n, sum(correct), k)) == pytest.approx(expected, abs=1e-14)


@given(
    st.integers(1, 8).flatmap(lambda n: st.lists(st.booleans(), min_size=n, max_size=n)),
    st.fractions(0, 1, max_denominator=20).filter(bool),
)
@settings(deadline=None)
def test_g_pass_equals_enumeration_of_all_subsets(correct, tau):
    """The exact fraction decides what is whole; the estimator has its double."""
    n = len(correct)
    ks = np.arange(1, n + 1)
    expected = [sum(sum(s) >= max(tau * k, 1) for s in combinations(correct, k)) / comb(n, k) for k in ks.tolist()]
    assert g_pass_at_k(n, sum(correct), ks, float(tau)) == pytest.approx(expected, abs=1e-12)


@given(st.integers(1, 8).flatmap(lambda n: st.lists(st.booleans(), min_size=n, max_size=n)))
@settings(deadline=None)
def test_mean_g_pass_is_its_sum_over_thresholds(correct):
    n, c = len(correct), sum(correct)
    for k in range(1, n + 1):
        over = [float(g_pass_at_k(n, c, k, i / k)) for i in range(-(-k // 2) + 1, k + 1)]
        assert float(mean_g_pass_at_k(n, c, k)) == pytest.approx(2 / k * sum(over), abs=1e-12)


def test_thresholds_join_coverage_and_all_of_k():
    n, c, k = 20, np.arange(21), np.array([[1], [7], [20]])
    assert g_pass_at_k(n, c, k, 1e-6) == pytest.approx(pass_at_k(n, c, k), abs=1e-12)
    assert g_pass_at_k(n, c, k, 1.0) == pytest.approx(all_of_k(n, c, k), abs=1e-12)
    assert g_pass_at_k(10, 7, 10, 0.7) == 1.0, "0.7 * 10 is a hair above 7 in doubles"


def test_all_of_k_and_g_pass_keep_their_digits_at_thousands_of_samples():
    for n, c, k in ((4_000, 3_000, 1_000), (4_000, 30, 29), (4_000, 3_999, 2_000)):
        exact = float(Fraction(comb(c, k), comb(n, k)))
        assert float(all_of_k(n, c, k)) == pytest.approx(exact, rel=1e-11, abs=1e-300)
    n, c, k, least = 3_000, 1_200, 700, 350
    ways = sum(comb(c, j) * comb(n - c, k - j) for j in range(least, k + 1))
    assert float(g_pass_at_k(n, c, k, 0.5)) == pytest.approx(float(Fraction(ways, comb(n, k))), rel=1e-10)


@pytest.mark.parametrize("tau", [0.0, -0.1, 1.1, float("nan")])
def test_g_pass_refuses_a_threshold_that_is_no_share(tau):
    with pytest.raises(ValueError, match="tau must lie in"):
        g_pass_at_k(4, 2, 2, [0.5, tau])


@pytest.mark.parametrize("estimator", [all_of_k, mean_g_pass_at_k, lambda n, c, k: g_pass_at_k(n, c, k, 0.5)])
def test_the_others_refuse_a_budget_without_samples_too(estimator):
    with pytest.raises(ValueError, match="number of samples n: n=4, c=1, k=5"):
        estimator(4, 1, [2, 5])


def test_majority_of_many_samples_equals_exact_integers():
    """Two classes, where the vote is a hypergeometric tail: 2,000 samples overflow binomials in doubles."""
    right, wrong = 1_050, 950
    classes = np.repeat([0, 1], [right, wrong])
    ks = [1, 2, 11, 501, 1_000, 1_999, 2_000]
    for k, value in zip(ks, majority_at_k(classes, classes == 0, np.array(ks)), strict=True):
        ways = sum(
            comb(right, a) * comb(wrong, k - a) * (2 if 2 * a > k else 1 if 2 * a == k else 0)
            for a in range(min(k, right) + 1)
        )
        assert value == pytest.approx(float(Fraction(ways, 2 * comb(right + wrong, k))), rel=1e-10)


def votes_exactly(sizes: list[int], right: list[bool], silent: int, k: int) -> Fraction:
    """Ways of each number of ties at each winning count, in whole numbers, one class after the other."""
    total = Fraction(0)
    for winner in (i for i, is_right in enumerate(right) if is_right):
        for t in range(1, min(sizes[winner], k) + 1):
            ways = {(0, t): comb(sizes[winner], t)}  # (others tied, votes so far)
            for i, size in enumerate(sizes):
                if i != winner:
                    after: dict[tuple[int, int], int] = {}
                    for ((ties, votes), count), a in product(ways.items(), range(min(size, t, k) + 1)):
                        if votes + a <= k:
                            key = ties + (a == t), votes + a
                            after[key] = after.get(key, 0) + count * comb(size, a)
                    ways = after
            total += sum(Fraction(n * comb(silent, k - v), ties + 1) for (ties, v), n in ways.items())
    return total / comb(sum(sizes) + silent, k)


@pytest.mark.parametrize(
    ("sizes", "right", "silent"),
    [
        ([1] * 20, [0, 7], 3),  # all may tie at one vote
        ([2] * 12, [3], 0),  # twelve tied at two: the integral over ties has a high degree
        ([4, 4, 3, 3, 3, 2, 2, 1, 1, 1, 1], [0, 4, 7], 2),
        ([30, 12, 2, 1], [2, 3], 4),  # a right answer hardly ever wins
    ],
)
def test_majority_of_many_classes_equals_whole_numbers(sizes, right, silent):
    classes = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), np.full(silent, -1)])
    verdicts = [i in right for i in range(len(sizes))]
    ks = np.arange(1, len(classes) + 1, 3)
    found = majority_at_k(classes, np.isin(classes, right), ks)
    for k, value in zip(ks.tolist(), found, strict=True):
        assert value == pytest.approx(float(votes_exactly(sizes, verdicts, silent, k)), rel=1e-11, abs=0), k


def test_majority_with_many_tied_classes_equals_the_mean_over_random_subsets():
    rng = np.random.default_rng(7)
    classes = rng.integers(-1, 12, 64)
    right = [c in (2, 5) for c in range(12)]
    correct = [c >= 0 and right[c] for c in classes]
    exact = majority_at_k(classes, correct, 10)
    draws = [float(vote(tuple(rng.permutation(classes)[:10].tolist()), right)) for _ in range(4_000)]
    assert abs(np.mean(draws) - exact) < 4 * np.std(draws) / len(draws) ** 0.5


def test_majority_of_one_integer_is_a_float_and_of_an_array_has_its_shape():
    classes, correct = [0, 0, 1, -1], [True, True, False, False]
    assert isinstance(majority_at_k(classes, correct, 2), float)
    table = majority_at_k(classes, correct, np.array([[1, 2], [3, 4]]))
    assert table.shape == (2, 2)
    assert table[0, 1] == majority_at_k(classes, correct, 2)


def test_silent_samples_never_vote_and_a_silent_subset_is_wrong():
    assert majority_at_k([-1, -1, -1], [False] * 3, 2) == 0.0
    assert majority_at_k([-1, -1, 0], [False, False, True], 2) == pytest.approx(2 / 3)
    assert majority_at_k([-1, -1, 0], [False, False, True], 3) == 1.0


def test_one_sample_is_the_mean_to_the_last_digit():
    """Else equal figures of two selectors are rounded apart."""
    for n in range(1, 40):
        for right in range(n + 1):
            labels = np.r_[np.zeros(right, np.int64), 1 + np.arange(n - right) % 5]
            marks, scores = labels == 0, np.arange(n) % 7 / 7
            at_one = np.array([1, n])
            assert majority_at_k(labels, marks, at_one)[0] == marks.mean()
            assert best_of_k(scores, marks, at_one)[0] == marks.mean()


def test_majority_names_the_class_whose_verdicts_are_mixed():
    with pytest.raises(ValueError, match="class 7 is mixed: 1 of its 2"):
        majority_at_k([0, 7, 7], [True, True, False], 1)


@pytest.mark.parametrize("k", [0, 4])
def test_majority_refuses_a_budget_it_has_no_samples_for(k):
    with pytest.raises(ValueError, match="there are 3 samples"):
        majority_at_k([0, 1, 1], [True, False, False], k)


def test_majority_refuses_shapes_and_labels_that_make_no_sense():
    with pytest.raises(ValueError, match="shape"):
        majority_at_k([0, 1], [True], 1)
    with pytest.raises(ValueError, match="not -2"):
        majority_at_k([0, -2], [True, False], 1)
