"""Decisions are functions of content: the order in which an engine answers changes nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from helpers import outcomes, sweep
from scripted import ScriptedEngine

from tts.report import write_report
from tts.session import run
from tts.strategies import STRATEGIES


@pytest.mark.parametrize("strategy", STRATEGIES.names())
def test_shuffled_completion_order_gives_identical_results(strategy: str, tmp_path: Path) -> None:
    found = []
    for order in (None, 1, 2, 3):
        place = tmp_path / str(order)
        run(sweep(strategy, n=8), place, engine=ScriptedEngine(order))
        csv = write_report(place).csv.read_bytes()
        found.append((outcomes(place), csv))
    assert found[0][0], "no candidates: the comparison would be empty"
    assert all(f == found[0] for f in found[1:])


def test_the_engine_did_answer_out_of_order(tmp_path: Path) -> None:
    """Guards the test above: without shuffling it could not fail."""
    arrivals = []
    for order in (None, 1):
        place = tmp_path / str(order)
        run(sweep("best_of_n", n=8), place, engine=ScriptedEngine(order))
        with sqlite3.connect(place / "journal.sqlite") as db:
            arrivals.append(db.execute("SELECT context, path FROM samples ORDER BY id").fetchall())
    assert arrivals[0] != arrivals[1]
