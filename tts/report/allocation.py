"""The tables of ``tts allocate``, and its plan as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tts.analysis import HeldOut, Row, Rules, plan_counts
from tts.core import UsageError
from tts.report.tables import TextTable


def allocation_tables(rows: list[Row], result: HeldOut, rules: Rules, unit: str) -> dict[str, TextTable]:
    """What prompts get, and the held-out evaluation."""
    chosen = f"{rules.selector} ({rules.verifier})" if rules.verifier else rules.selector
    ways = (("plan", result.plan), ("uniform", result.uniform), ("oracle", result.oracle))
    gain = result.gain
    return {
        "allocation": TextTable(
            f"The plan: prompts by what they get (pilot of {rules.pilot}, {chosen})",
            ("action", "n", "prompts"),
            tuple(plan_counts(rows)),
        ),
        "allocation_held_out": TextTable(
            "Held-out evaluation at equal compute (prior and values from other prompts; gain: paired, over uniform)",
            ("spending", unit, "accuracy", "ci_low", "ci_high", "gain", "gain_low", "gain_high", "abstained", "worth"),
            tuple(
                (
                    name,
                    float(way.compute.mean()),
                    *(lambda i: (i.mean, i.low, i.high))(way.interval()),
                    *((gain.mean, gain.low, gain.high) if name == "plan" else (None, None, None)),
                    float(way.abstained.mean()),
                    way.utility(rules.wrong),
                )
                for name, way in ways
            ),
        ),
    }


def write_plan(path: Path, plan: Mapping[str, Any]) -> Path:
    """Write a plan. Raises UsageError where that is not possible."""
    try:
        path.write_text(json.dumps(plan, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out: {path} cannot be written ({error.strerror}); name another file") from error
    return path
