"""Grading again what a run holds: by references that were corrected, another configuration or a newer grader."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from tts.core import UsageError
from tts.running.absent import AbsentEngine
from tts.running.config import parse_config
from tts.running.merge import merge
from tts.running.run import Summary, run
from tts.running.rundir import RunDir, refuse_imported
from tts.running.trust import check_trust


def regrade_run(
    place: Path,
    grading: Mapping[str, Any],
    data_dir: Path | None = None,
    stream: TextIO | None = None,
    trust: bool = False,
) -> Summary:
    """Take up references that were corrected in the run's data, and grade what is held as `tts run` would now.

    ``grading``: fields of the grading's configuration to change; ``trust``: whether code that the directory names may
    run. Nothing is sampled and no model is loaded; verifiers that are told what is correct are asked again. Raises
    UsageError where ``place`` is no run, or where a search that such a verifier guides takes another way than the
    samples held.
    """
    if not (place / "config.yaml").is_file():
        raise UsageError(f"RUN: {place} is no run directory; name the directory that `tts run` printed")
    refuse_imported(place)
    check_trust(place, None, trust)
    with RunDir(place) as rundir:
        before, model = rundir.config, rundir.info.get("model")
    if before is None or model is None:
        raise UsageError(f"RUN: {place} was never begun; run `tts run --out {place}` first")
    data = before.model_dump(mode="json")
    data["grading"] |= grading
    wanted = merge(before, parse_config(data, "command line"), str(place))
    needed = UsageError(
        f"RUN: {place} needs samples that it does not hold; `tts run --out {place}` draws and grades them"
    )
    engine = AbsentEngine(model["identity"], model["context"], needed)
    return run(wanted, place, data_dir, engine=engine, stream=stream, trust=True, follow="references")
