"""A step drawn after other steps: the text is that of all ids, and a delimiter across the border is found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tts.core import Completion
from tts.engines.vllm import continued

TOKENS = ("a", "b", "\n", "\n\n", ".\n\n", "\n\nb", "é", "\n\n\n")


def decode(ids: Sequence[int]) -> str:
    return "".join(TOKENS[i] for i in ids)


def piece(ids: Sequence[int], finish: str = "length", stop: str | None = None) -> Completion:
    logprobs = np.zeros(len(ids), np.float16)
    return Completion(("s", 0), "ignored", np.array(ids, np.uint32), finish, stop, logprobs)  # type: ignore[arg-type]


def test_the_text_is_the_whole_answers_cut_before_the_delimiter() -> None:
    found = continued([0, 4], piece([1, 4], "stop", "\n\n"), ("\n\n",), decode)
    assert found.text == "a.\n\nb."
    assert found.token_ids.tolist() == [1, 4]


def test_a_token_that_holds_more_than_the_delimiter_is_kept_whole() -> None:
    found = continued([0], piece([0, 5], "stop", "\n\n"), ("\n\n",), decode)
    assert found.text == "aa"
    assert found.token_ids.tolist() == [0, 5], "the next step goes on after the whole token"


def test_a_delimiter_across_the_border_cuts_the_piece_there() -> None:
    found = continued([0, 2], piece([2, 0, 1]), ("\n\n",), decode)
    assert (found.text, found.token_ids.tolist()) == ("a", [2])
    assert (found.finish_reason, found.stop_reason) == ("stop", "\n\n")
    assert found.logprobs is not None and len(found.logprobs) == 1


def test_a_delimiter_that_the_last_piece_ended_with_is_not_found_again() -> None:
    assert continued([0, 3], piece([2, 0]), ("\n\n",), decode).token_ids.tolist() == [2, 0]


def test_the_token_that_ends_the_answer_is_no_part_of_its_text() -> None:
    """Whether or not the tokenizer marks it as special."""
    assert continued([], piece([0, 1, 6], "stop"), (), decode).text == "ab"
    assert continued([0], piece([0, 1, 6], "stop"), (), decode).text == "aab"
    assert continued([], piece([0, 1, 6], "length"), (), decode).text == "abé"


def test_the_text_is_cut_at_the_stop_that_its_last_token_completes() -> None:
    found = continued([3, 0], piece([1, 7], "stop", "\n\n"), ("\n\n",), decode)
    assert found.text == "\n\nab", "three line breaks in one token: the first two are the delimiter"


@given(
    before=st.lists(st.integers(0, 6), min_size=1, max_size=5),
    ids=st.lists(st.integers(0, 6), min_size=1, max_size=5),
)
def test_no_piece_runs_over_a_delimiter_begun_before_it(before: list[int], ids: list[int]) -> None:
    """Where the border lies inside a delimiter, the piece ends with the token that completes it."""
    text, border = decode([*before, *ids]), len(decode(before))
    across = not decode(before).endswith("\n\n") and text[border - 1 : border + 1] == "\n\n"
    found = continued(before, piece(ids), ("\n\n",), decode)
    if across:
        assert found.token_ids.tolist() == ids[:1]
        assert found.paused_at("\n\n")
        assert text.startswith(found.text + "\n\n")
    else:
        assert found.token_ids.tolist() == ids
        assert found.text == text
