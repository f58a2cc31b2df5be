"""The table of strategies compares with best-of-n at the tokens that were measured."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lab import strategies
from lab.strategies import Row, at_budget, difference
from tts.core import Usage
from tts.stats import pass_at_k
from tts.store import CellData, Entry

PROMPT = 10


def cell(n: int, right: int, tokens: int, made: int) -> CellData:
    """``right`` of ``n`` answers are correct; ``made`` tokens in all."""
    correct = np.arange(n) < right
    return CellData(
        n=n,
        usage=Usage(output_tokens=made, prompt_tokens_ideal=PROMPT, samples=n),
        grader={},
        classes=np.where(correct, 0, 1 + np.arange(n)),
        correct=correct,
        finished=np.ones(n, np.bool_),
        output_tokens=np.full(n, tokens),
    )


def entry(strategy: str, independent: bool, n: tuple[int, ...]) -> Entry:
    return Entry(strategy=strategy, setting="{}", independent=independent, n=n)


BASE = Row(entry("best_of_n", True, (1, 8)), 8, [cell(8, 2, 50, 400), cell(8, 4, 50, 400)])


def test_a_budget_between_two_is_their_mean_by_distance() -> None:
    at = {k: at_budget(BASE.cells, "oracle", None, k) for k in (2, 2.25, 3, 8)}
    assert at[2] == pytest.approx([float(pass_at_k(8, c, 2)) for c in (2, 4)])
    assert at[2.25] == pytest.approx(0.75 * at[2] + 0.25 * at[3])
    assert at[8].tolist() == [1.0, 1.0]


def test_a_smaller_budget_of_best_of_n_costs_its_share_and_the_prompt_once() -> None:
    row = dataclasses.replace(BASE, n=2)
    assert row.tokens == PROMPT + 100
    assert row.answers == 2


def test_the_difference_is_taken_at_equal_tokens() -> None:
    """A search that spends what three samples cost, and finds a right answer to both problems."""
    search = Row(
        entry("beam_search", False, (4,)),
        4,
        [cell(1, 1, 30, 150), cell(1, 1, 30, 150)],
    )
    third = np.mean([pass_at_k(8, 2, 3), pass_at_k(8, 4, 3)])
    assert difference(search, BASE, "oracle", None).startswith(f"{100 * (1 - third):.1f} (")


def test_what_no_held_budget_pays_for_is_said() -> None:
    search = Row(entry("mcts", False, (4,)), 4, [cell(1, 1, 30, 500), cell(1, 1, 30, 500)])
    assert difference(search, BASE, "oracle", None) == "costs 10 samples"
    assert BASE.entry.strategy == strategies.BASELINE
