"""What the tests of the run wing share."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from tts.sweep import SweepConfig, parse_config


def sweep(*strategies: str, n: int | list[int] = 4, **more: Any) -> SweepConfig:
    """A small sweep of generated problems; with a toy verifier where a strategy needs one."""
    from tts.strategies import STRATEGIES

    kinds = {s: STRATEGIES.load(s, "strategy") for s in strategies}
    entries = [{"name": s, "n": n} if kinds[s].budgets is None else {"name": s} for s in strategies]
    if any(kind.needs for kind in kinds.values()):
        more.setdefault("verifiers", ["toy_verifier:create"])
    data = {"model": "simulated", "benchmarks": ["arith:levels=1-3,per_level=2"], "strategies": entries, **more}
    return parse_config(data, "test")


def outcomes(run: Path) -> list[tuple[object, ...]]:
    """Every candidate of a run with its texts, in canonical order, whatever the order of arrival."""
    sql = """
        SELECT p.problem, c.strategy, c.setting, c.seed, c.n, c.usage, d.idx, d.answer, d.class, d.correct, d.finished,
               (SELECT group_concat(s.text, '|') FROM json_each(d.samples) j JOIN samples s
                ON s.context = json_extract(j.value, '$[0]') AND s.path = json_extract(j.value, '$[1]'))
        FROM candidates d JOIN cells c ON c.id = d.cell JOIN problems p ON p.id = c.problem
        ORDER BY p.problem, c.strategy, c.setting, c.seed, c.n, d.idx
    """
    with sqlite3.connect(run / "journal.sqlite") as db:
        return db.execute(sql).fetchall()


def rows(run: Path, sql: str) -> list[Any]:
    """Rows of a run's journal."""
    with sqlite3.connect(run / "journal.sqlite") as db:
        return db.execute(sql).fetchall()
