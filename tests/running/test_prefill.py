"""Prefill under a perfect prefix cache equals a token-by-token trie."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tts.core import Completion
from tts.core.accounting import ideal_prefill

ids = st.lists(st.integers(0, 2), max_size=4)


def brute_force(requests: list[tuple[list[int], list[list[int]]]]) -> list[int]:
    """Walk every prefix of every input as a tuple; those that some completion generated are free.

    Returns the positions of the rest.
    """
    generated = {
        tuple([*prefix, *answer][:end])
        for prefix, answers in requests
        for answer in answers
        for end in range(len(prefix) + 1, len(prefix) + len(answer) + 1)
    }
    inputs = {tuple(prefix[:end]) for prefix, _ in requests for end in range(1, len(prefix) + 1)}
    return sorted(len(prefix) - 1 for prefix in inputs - generated)


@given(requests=st.lists(st.tuples(ids, st.lists(ids, max_size=3)), max_size=5))
def test_ideal_prefill_counts_each_distinct_ungenerated_prefix_token_once(
    requests: list[tuple[list[int], list[list[int]]]],
) -> None:
    asked = [
        (prefix, [Completion(("s", i), "", np.array(a, np.uint32), "stop") for i, a in enumerate(answers)])
        for prefix, answers in requests
    ]
    assert sorted(ideal_prefill(asked).tolist()) == brute_force(requests)
