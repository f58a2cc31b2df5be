"""Grading again what a run holds: by references that were corrected, another configuration or a newer grader."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from tts.core import UsageError
from tts.running.absent import AbsentEngine
from tts.running.config import parse_config
from tts.running.directory import begun_run
from tts.running.merge import merge
from tts.running.run import Summary, run


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
    before, info = begun_run(place, {}, trust)
    data = before.model_dump(mode="json")
    data["grading"] |= grading
    wanted = merge(before, parse_config(data, "command line"), str(place))
    needed = UsageError(f"RUN: {place} needs samples that it does not hold; `tts run --out {place}` draws them")
    engine = AbsentEngine(info.model.identity, info.model.context, needed)
    return run(wanted, place, data_dir, engine=engine, stream=stream, trust=True, follow="references")
