"""The stored samples, scores and verdicts of old runs still give every column of every table that they gave.

The runs and what is expected of them were made by `make.py` with the code of commit 73fe160. Counts and exact
estimators must agree to 1e-9, what is fitted or resampled to 1e-6. Where a figure was wrong, `CHANGED` says so and why.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sweeps
import tables
from convert import RUNS, convert

EXACT, FITTED = 1e-9, 1e-6
FITTED_TABLES = ("coverage_fits", "saturation", "over_optimisation", "compare_calibration", "compare_reliability",
                 "allocation_held_out", "plan")  # fmt: skip
"""Tables whose numbers that are no integers follow from a fit."""
FITTED_COLUMNS = ("stderr", "law", "beta_binomial")
"""Columns likewise, beside the ends of intervals (``_low``, ``_high``)."""
CHANGED: Mapping[tuple[str, str, str], str] = {}
"""(run, table, column) of figures that are no longer the old ones, and why; ``*`` stands for any."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every golden run as a directory of today."""
    folder = tmp_path_factory.mktemp("golden")
    return {name: convert(name, folder / name) for name in sweeps.RUNS}


@pytest.mark.parametrize("name", sweeps.RUNS)
def test_stored_runs_give_every_column_of_every_table_that_they_gave(name, runs, tmp_path):
    expected = json.loads((RUNS / name / "expected.json").read_text(encoding="utf-8"))
    got = tables.tables_of(name, runs, tmp_path)
    assert set(expected) <= set(got), "a table is gone"
    wrong = [
        f"{table}.{column}[{i}]: was {old!r}, is {new!r}"
        for table, columns in expected.items()
        for column, values in columns.items()
        if not changed(name, table, column)
        for i, old, new in differences(unpacked(values), got[table].get(column), tolerance(table, column))
    ]
    assert not wrong, f"{len(wrong)} figures: " + "; ".join(wrong[:8])


def changed(name: str, table: str, column: str) -> bool:
    return any((n, t, c) in CHANGED for n in (name, "*") for t in (table, "*") for c in (column, "*"))


def unpacked(values: Any) -> list[Any]:
    return [values["values"][i] for i in values["at"]] if isinstance(values, dict) else values


def tolerance(table: str, column: str) -> float:
    """Relative and absolute, of the numbers in a column."""
    fitted = table.split("/")[-1] in FITTED_TABLES or column in FITTED_COLUMNS or column.endswith(("_low", "_high"))
    return FITTED if fitted else EXACT


def differences(old: list[Any], new: list[Any] | None, within: float) -> list[tuple[int, Any, Any]]:
    """Places where a column's values are not the old ones."""
    if new is None or len(old) != len(new):
        return [(-1, f"{len(old)} rows", "no such column" if new is None else f"{len(new)} rows")]
    return [(i, a, b) for i, (a, b) in enumerate(zip(old, new, strict=True)) if not alike(a, b, within)]


def alike(old: Any, new: Any, within: float) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(alike(old[k], new[k], within) for k in old)
    if isinstance(old, float) and isinstance(new, int | float):
        return math.isclose(old, new, rel_tol=within, abs_tol=within)
    return bool(old == new)


def test_the_comparison_sees_a_changed_figure():
    assert tolerance("report/curves", "accuracy") == EXACT
    assert tolerance("report/curves", "ci_low") == FITTED
    assert differences([0.5, 1.0], [0.5, 1.0 + 1e-8], EXACT) == [(1, 1.0, 1.0 + 1e-8)]
    assert not differences([0.5], [0.5 + 1e-7], FITTED)
    assert differences([0.5], [0.5 + 1e-5], FITTED)
    assert differences([0.5], None, FITTED)
    assert differences([1], [1, 2], FITTED)
    assert differences([{"a": 1.0}], [{"a": 2.0}], FITTED)
