"""Which directory a sweep takes up, and what that was asked before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tts.core import UsageError
from tts.store import RunDir, RunInfo, read_info
from tts.sweep.config import SweepConfig, parse_config
from tts.sweep.merge import merge
from tts.sweep.trust import check_trust


def config_of(rundir: RunDir) -> SweepConfig | None:
    """What the directory was asked to do so far; None for a new one. Raises UsageError where it cannot be read."""
    data = rundir.config()
    return None if data is None else parse_config(data, str(rundir.config_file))


def union_of(rundir: RunDir, config: SweepConfig | None) -> SweepConfig:
    """What was asked before and ``config`` together. Raises UsageError where they conflict."""
    before = config_of(rundir)
    if before is None and config is None:
        raise UsageError(
            f"--out: {rundir.path} holds no run to take up; give a sweep file, or --model, --benchmark and --strategy"
        )
    union = merge(before, config, str(rundir.path)) if before and config else before or config
    assert union is not None
    return union


def begun_run(place: Path, named: Mapping[str, Any], trust: bool) -> tuple[SweepConfig, RunInfo]:
    """What a directory that a command names as RUN was asked to do, and what is known of it.

    ``named``: what the command itself names of code; ``trust``: whether other code that the directory names may run.
    Raises UsageError where ``place`` is no run of samples drawn here.
    """
    if not (place / "config.yaml").is_file():
        raise UsageError(f"RUN: {place} is no run directory; name the directory that `tts run` printed")
    refuse_imported(place)
    check_trust(place, named, trust)
    with RunDir(place) as rundir:
        config, info = config_of(rundir), rundir.info
    if config is None or info is None:
        raise UsageError(f"RUN: {place} was never begun; run `tts run --out {place}` first")
    return config, info


def new_run_path(config: SweepConfig) -> Path:
    """A directory under ``runs/`` that does not exist yet, named after the moment and the sweep."""
    words = [config.model.split("/")[-1].split(":")[0], config.benchmarks[0].name.split(":")[0]]
    slug = re.sub(r"[^A-Za-z0-9_.-]+", "-", "-".join(words))
    base = Path("runs") / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{slug}"
    path, i = base, 1
    while path.exists():
        path, i = base.with_name(f"{base.name}-{i}"), i + 1
    return path


def refuse_imported(place: Path) -> None:
    """Raise UsageError where ``place`` is a run of imported samples: no model can draw more of them."""
    info = read_info(place)
    if info is not None and info.imported:
        raise UsageError(
            f"{place}: its samples were imported, and their model is not known here, so there is nothing to run; "
            "`tts report` reads it as it is: import more files into a new directory, or name another --out"
        )
