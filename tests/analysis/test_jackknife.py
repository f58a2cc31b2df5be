import numpy as np
import pytest

from tts.stats import delete_one, majority_at_k, pass_at_k, these_problems_interval


def test_deleted_values_are_estimates_without_each_sample():
    classes = np.array([0, 0, 1, 2, 2])

    def vote(kept):
        return majority_at_k(classes[kept], classes[kept] == 0, 3)

    expected = [vote(np.delete(np.arange(5), i)) for i in range(5)]
    assert delete_one(vote, 5).tolist() == pytest.approx(expected)
    assert delete_one(vote, 5, classes).tolist() == pytest.approx(expected)


def test_one_estimate_a_kind():
    asked = []
    delete_one(lambda kept: asked.append(kept) or 0.0, 6, [0, 1, 0, 1, 1, 0])
    assert len(asked) == 2


def test_for_a_mean_the_variance_is_the_textbook_one():
    """pass@1: the sum of the variances c(n-c)/(n^2 (n-1)) / m^2."""
    rng = np.random.default_rng(0)
    marks = rng.random((20, 8)) < rng.random((20, 1))
    found = these_problems_interval(marks.mean(axis=1), [delete_one(lambda k, m=m: m[k].mean(), 8) for m in marks])
    assert found.stderr == pytest.approx(float(np.sqrt((marks.var(axis=1, ddof=1) / 8).sum())) / 20)
    assert found.low == pytest.approx(found.mean - 1.959964 * found.stderr)


def test_it_holds_the_mean_over_these_very_problems_about_95_times_in_100():
    """pass@4 of 40 fixed problems; 400 repetitions have a standard error of 1.1%: the bounds are 3 of them away."""
    rng = np.random.default_rng(4)
    rates = rng.beta(0.5, 1.0, 40)
    truth = float((1 - (1 - rates) ** 4).mean())
    held = 0
    for _ in range(400):
        correct = rng.binomial(24, rates)
        values = pass_at_k(24, correct, 4)
        lose_right = pass_at_k(23, np.maximum(correct - 1, 0), 4)
        lose_wrong = pass_at_k(23, np.minimum(correct, 23), 4)
        without = [
            np.repeat([r, w], [c, 24 - c]) for r, w, c in zip(lose_right, lose_wrong, correct.tolist(), strict=True)
        ]
        found = these_problems_interval(values, without)
        held += found.low <= truth <= found.high
    assert 0.917 <= held / 400 <= 0.985


def test_numbers_that_make_no_jackknife_are_refused():
    with pytest.raises(ValueError, match="at least 2 samples"):
        these_problems_interval([0.5], [[0.5]])
    with pytest.raises(ValueError, match="one set of deleted values"):
        these_problems_interval([0.5, 0.5], [[0.5, 0.5]])
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        these_problems_interval([0.5], [[0.5, float("nan")]])
    with pytest.raises(ValueError, match="at least 2"):
        delete_one(lambda _: 0.0, 1)
    with pytest.raises(ValueError, match="level"):
        these_problems_interval([0.5], [[0.5, 0.6]], level=95)
