"""Every table of a run that the commands write, in full precision, by command and file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import sweeps
import yaml

from tts.cli import main

Tables = dict[str, dict[str, list[Any]]]
"""By ``command/file``: each column's values."""


def call(*arguments: str) -> None:
    """The command line; raises where it fails."""
    try:
        main(arguments)
    except SystemExit as end:
        if end.code:
            raise RuntimeError(f"tts {' '.join(arguments)}: exit code {end.code}") from None


def tables_of(name: str, runs: Mapping[str, Path], work: Path) -> Tables:
    """Every table of the run ``name``. ``runs``: directories by name; ``work``: a folder for what is not a run's."""
    run, found = runs[name], Tables()
    commands = {"report": ("report", "{run}"), **sweeps.RUNS[name].commands}
    for label, command in commands.items():
        places = {"run": str(run), "out": str(work / f"{name}-{label}"), **{k: str(v) for k, v in runs.items()}}
        arguments = [part.format_map(places) for part in command]
        own = work / f"{name}-{label}"
        if command[0] == "allocate":
            arguments += ["--out", str(work / f"{name}-{label}.json")]
        before = {p: p.stat().st_mtime_ns for p in run.rglob("*.parquet")}
        call(*arguments)
        folder = own if own.is_dir() else run / "report"
        for file in sorted(folder.rglob("*.parquet")):
            if before.get(file) != file.stat().st_mtime_ns:
                found[f"{label}/{file.relative_to(folder).with_suffix('')}"] = pq.read_table(file).to_pydict()
        if command[0] == "allocate":
            found[f"{label}/plan"] = _plan(work / f"{name}-{label}.json")
    found["cost"] = _costs(run, work)
    found["candidates"] = _candidates(run, work / f"{name}-candidates.jsonl")
    return found


def _plan(file: Path) -> dict[str, list[Any]]:
    rows = json.loads(file.read_text())["problems"]
    return {column: [row.get(column) for row in rows] for column in rows[0]}


def _costs(run: Path, work: Path) -> dict[str, list[Any]]:
    """Money by row of the curves, and in all."""
    from tts.analysis import curves, engine_seconds, gpu_cost, read_prices, token_cost

    try:
        from tts.store import read_run
    except ImportError:  # the code that made the fixtures
        from tts.analysis import read_run

    data = read_run(run)
    names = {label.rpartition(":")[0] for label in data.verifiers}
    table = {**sweeps.PRICES, "verifiers": {k: v for k, v in sweeps.PRICES["verifiers"].items() if k in names}}
    file = work / "prices.yaml"
    file.write_text(yaml.safe_dump(table))
    prices = read_prices(file, data)
    return {
        "token_cost": [token_cost(row, prices) for row in curves(data).rows],
        "engine_seconds": [engine_seconds(data)],
        "gpu_cost": [gpu_cost(data, prices)],
    }


def _candidates(run: Path, file: Path) -> dict[str, list[Any]]:
    """What `tts export` writes, without what the stored rows have already."""
    call("export", str(run), "--out", str(file))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    left_out = {"question", "reference", "text", "subject", "level"}
    return {column: [row[column] for row in rows] for column in rows[0] if column not in left_out}
