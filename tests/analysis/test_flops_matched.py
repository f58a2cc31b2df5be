import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.analysis.studies.flops_matched import at_budget, flops_matched, inference_multiplier


@given(st.floats(1, 100), st.floats(0.01, 100))
def test_the_multiplier_equates_total_flops(times, ratio):
    """6 N D_pre + 2 N D_inf c = M (6 N D_pre + 2 N D_inf), written out."""
    pretrain, inference = 1.0, ratio
    c = inference_multiplier(times, ratio)
    assert 6 * pretrain + 2 * inference * c == pytest.approx(times * (6 * pretrain + 2 * inference))


def test_where_pretraining_is_free_only_inference_counts():
    assert inference_multiplier(14, float("inf")) == 14


@pytest.mark.parametrize(("times", "ratio"), [(0.5, 1), (float("nan"), 1), (2, 0), (2, -1), (2, float("nan"))])
def test_ratios_that_make_no_sense_are_refused(times, ratio):
    with pytest.raises(ValueError, match="must"):
        inference_multiplier(times, ratio)


def test_a_curve_is_read_between_its_points_and_never_past_its_end():
    accuracy, compute = np.array([[0.2], [0.4], [0.8]]), np.array([[1.0], [4.0], [16.0]])
    assert at_budget(accuracy, compute, 4.0) == (0.4, 4.0)
    value, spent = at_budget(accuracy, compute, 2.0)
    assert value == pytest.approx(0.3)
    assert spent == 2.0
    assert at_budget(accuracy, compute, 1000.0) == (0.8, 16.0)
    with pytest.raises(ValueError, match="begins at 1"):
        at_budget(accuracy, compute, 0.5)


def test_the_difference_is_paired_over_problems():
    """The small model is 0.1 better on every problem, which differ widely: the interval is narrow."""
    large = np.linspace(0, 0.9, 200)
    small = np.stack([large, large + 0.1])
    result = flops_matched(small, np.ones((2, 200)) * [[1.0], [4.0]], large, single=1.0, times=2.0, ratio=3.0)
    assert (result.multiplier, result.budget, result.spent) == (3.0, 3.0, 3.0)
    found = 0.1 * np.log(3) / np.log(4)
    assert result.difference.mean == pytest.approx(found)
    assert result.difference.high - result.difference.low < 0.04 < result.large.high - result.large.low
