"""The literature's rules for one pool of candidates."""

import numpy as np
import pytest

from tts.core import SELECTORS, Pool

V = "prm/x:last"


def pick(name, classes, scores=None, correct=None, verifier=V):
    marks = None if correct is None else np.array(correct, dtype=np.bool_)
    held = {} if scores is None else {V: np.array(scores, dtype=np.float64)}
    selector = SELECTORS[name]
    pool = Pool(np.array(classes, dtype=np.int64), held, marks)
    return selector.select(pool, verifier) if selector.needs_scores else selector.select(pool)


def test_only_selectors_by_score_need_scores():
    assert {name for name, selector in SELECTORS.items() if selector.needs_scores} == {
        "best",
        "weighted",
        "weighted_by_group",
    }
    assert {name for name, selector in SELECTORS.items() if selector.oracle} == {"oracle"}
    assert all(selector.name == name for name, selector in SELECTORS.items())


@pytest.mark.parametrize(
    ("name", "classes", "scores", "chosen"),
    [
        ("first", [-1, 0], None, 0),
        ("majority", [2, 1, 1, -1, -1, -1], None, 1),
        ("majority", [2, 1, 1, 2], None, 0),
        ("majority", [-1, -1], None, 0),
        ("best", [0, 1, 2], [0.1, 0.9, 0.3], 1),
        ("best", [0, 1, 2], [0.1, 0.9, 0.9], 1),
        ("best", [-1, 1, 2], [0.9, 0.2, 0.1], 1),
        ("best", [-1, 0], [-1.0, float("-inf")], 1),
        ("best", [-1, -1], [0.1, 0.9], 0),
        ("best", [0, 1], [-3.0, -2.0], 1),
        ("weighted", [0, 1, 1], [0.9, 0.5, 0.5], 1),
        ("weighted", [0, 1, 1], [1.0, 0.5, 0.5], 0),
        ("weighted", [1, 0, 0], [0.3, 0.1, 0.2], 0),
        ("weighted", [-1, -1, 3], [0.9, 0.9, 0.0], 2),
        ("weighted", [-1, -1], [0.9, 0.9], 0),
        ("weighted", [-1, 0, 1], [float("nan"), 0.1, 0.2], 2),
    ],
)
def test_a_pool_and_its_answer(name, classes, scores, chosen):
    assert pick(name, classes, scores) == chosen


def test_the_oracle_takes_the_first_correct_candidate():
    assert pick("oracle", [0, 1, 1], correct=[False, True, True]) == 1
    assert pick("oracle", [0, 1], correct=[False, False]) == 0


@pytest.mark.parametrize("weight", [-0.1, float("inf"), float("nan")])
def test_votes_that_are_no_weights_are_refused_by_the_verifiers_name(weight):
    with pytest.raises(ValueError, match=f"^{V}: weights must be non-negative and finite, found"):
        pick("weighted", [0, 1], [0.5, weight])


def test_a_score_that_is_not_a_number_ranks_nothing():
    with pytest.raises(ValueError, match=f"^{V}: a score is not a number"):
        pick("best", [0, 1], [0.5, float("nan")])


@pytest.mark.parametrize("name", ["best", "weighted"])
def test_scores_that_are_not_there_are_named(name):
    with pytest.raises(ValueError, match=r"^rm:last: not among the scores of these candidates \(prm/x:last\)"):
        pick(name, [0, 1], [0.5, 0.5], verifier="rm:last")
    with pytest.raises(ValueError, match="none"):
        pick(name, [0, 1], None)


def grouped(name, groups, classes, scores=None):
    held = {"group": np.array(groups, dtype=np.float64)}
    if scores is not None:
        held[V] = np.array(scores, dtype=np.float64)
    return SELECTORS[name].select(Pool(np.array(classes, dtype=np.int64), held), V if scores is not None else None)


def test_a_vote_by_group_counts_each_group_once():
    # 7 wins the first group with four votes; the other two groups agree on 5.
    assert grouped("majority_by_group", [0, 0, 0, 0, 1, 1, 2], [7, 7, 7, 7, 3, 5, 5]) == 0, "1 ties: 3 came first"
    assert grouped("majority_by_group", [0, 0, 0, 0, 1, 1, 1, 2], [7, 7, 7, 7, 3, 5, 5, 5]) == 5
    assert grouped("majority_by_group", [0, 0, 1], [-1, -1, 4]) == 2, "a group without an answer has no vote"
    assert grouped("majority_by_group", [0, 1], [-1, -1]) == 0


def test_a_weighted_vote_by_group_is_between_the_best_of_each_groups_heaviest_class():
    # Within: 7 (.3 + .4) over 3 (.6), 5 (.5), 5 (.3); then 5 (.5 + .3) over 7 (.4).
    assert grouped("weighted_by_group", [0, 0, 0, 1, 2], [7, 7, 3, 5, 5], [0.3, 0.4, 0.6, 0.5, 0.3]) == 3
    # With one group, the best member of the heaviest class.
    assert grouped("weighted_by_group", [0, 0, 0], [7, 7, 3], [0.3, 0.4, 0.6]) == 1
    assert grouped("weighted_by_group", [0, 0, 1], [-1, -1, -1], [0.3, 0.4, 0.6]) == 0
    with pytest.raises(ValueError, match="non-negative"):
        grouped("weighted_by_group", [0], [1], [-0.5])


@pytest.mark.parametrize("rule", ["majority", "weighted"])
def test_without_groups_a_selector_by_group_is_the_plain_rule(rule):
    rng = np.random.default_rng(0)
    for _ in range(200):
        classes, scores = rng.integers(-1, 3, 6), rng.integers(0, 4, 6) / 4
        pool = Pool(classes, {V: scores})
        assert SELECTORS[f"{rule}_by_group"].select(pool, V) == SELECTORS[rule].select(pool, V)
