import pytest

from tts.analysis import level_groups
from tts.store import ProblemInfo


def groups(*levels, most=6):
    return level_groups([ProblemInfo("toy", str(i), level, 1) for i, level in enumerate(levels)], most)


def test_few_levels_are_groups_of_their_own_in_the_order_in_which_people_count():
    assert list(groups("10", "2", "1", "2").items()) == [("1", "1"), ("2", "2"), ("10", "10")]
    assert list(groups("Level 5", "Level 10")) == ["Level 5", "Level 10"]


def test_many_levels_are_joined_with_their_neighbours():
    found = groups(*map(str, range(1, 13)))
    assert list(dict.fromkeys(found.values())) == ["1-2", "3-4", "5-6", "7-8", "9-10", "11-12"]
    assert groups(*"1234567", most=3) == dict(
        zip("1234567", ["1-2", "1-2", "3-5", "3-5", "3-5", "6-7", "6-7"], strict=True)
    )


@pytest.mark.parametrize("levels", [(), ("3", "3"), (None, None), (None, "3")])
def test_one_level_is_no_difficulty(levels):
    assert groups(*levels) == {}


def test_problems_without_a_level_are_the_last_group():
    found = groups(None, *map(str, range(1, 13)))
    assert len(set(found.values())) == 6 and list(found)[-1] == ""
