import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.analysis.studies.bins import quantile_bins, threshold_bins

rates = st.lists(st.integers(0, 10).map(lambda x: x / 10), min_size=1, max_size=40)


@given(rates, st.integers(1, 6))
def test_bins_are_ordered_by_ease_and_equal_values_share_one(values, count):
    bins = quantile_bins(values, count)
    assert len(bins.names) <= count
    assert (bins.sizes > 0).all()
    x = np.array(values)
    for i in range(len(x)):
        assert (bins.member[x > x[i]] <= bins.member[i]).all()
        assert (bins.member[x == x[i]] == bins.member[i]).all()


def test_distinct_values_fall_into_equal_fifths_easiest_first():
    bins = quantile_bins(np.arange(100) / 100)
    assert bins.names == ("1", "2", "3", "4", "5")
    assert bins.sizes.tolist() == [20] * 5
    assert bins.member[[0, 99]].tolist() == [4, 0]


def test_absolute_thresholds_take_their_lower_end():
    bins = threshold_bins([0.0, 0.05, 0.1, 0.49, 0.5, 1.0])
    assert bins.names == ("easy", "medium", "hard")
    assert bins.member.tolist() == [2, 2, 1, 1, 0, 0]


def test_a_bin_without_problems_is_not_there():
    bins = threshold_bins([0.9, 0.01])
    assert bins.names == ("easy", "hard")
    assert bins.member.tolist() == [0, 1]


@pytest.mark.parametrize("values", [[], [float("nan")], [[0.5]]])
def test_what_is_no_list_of_numbers_is_refused(values):
    with pytest.raises(ValueError, match="finite value a problem"):
        quantile_bins(values)
    with pytest.raises(ValueError, match="finite value a problem"):
        threshold_bins(values)
