"""Scoring a finished run with further verifiers: its candidates are replayed from the journal, none is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from tts.core import UsageError
from tts.session.absent import AbsentEngine
from tts.session.run import Summary, run
from tts.store import RunDir
from tts.sweep.config import parse_config
from tts.sweep.directory import config_of, refuse_imported
from tts.sweep.merge import merge
from tts.sweep.trust import check_trust


def score_run(
    place: Path, verifiers: Sequence[Mapping[str, Any]], stream: TextIO | None = None, trust: bool = False
) -> Summary:
    """Add verifiers (entries of a sweep file) to a run and score its candidates.

    ``trust``: whether other code that the directory names may run.

    Raises UsageError where ``place`` is no run or not a finished one, or a verifier cannot be had.
    """
    if not (place / "config.yaml").is_file():
        raise UsageError(f"RUN: {place} is no run directory; name the directory that `tts run` printed")
    refuse_imported(place)
    check_trust(place, {"verifiers": list(verifiers)}, trust)
    with RunDir(place) as rundir:
        before, info = config_of(rundir), rundir.info
    if before is None or info is None:
        raise UsageError(f"RUN: {place} was never begun; run `tts run --out {place}` first")
    data = {**before.model_dump(mode="json"), "verifiers": [dict(v) for v in verifiers]}
    wanted = merge(before, parse_config(data, "command line"), str(place))
    unfinished = UsageError(f"RUN: {place} is not finished; run `tts run --out {place}` first, then score it")
    engine = AbsentEngine(info.model.identity, info.model.context, unfinished)
    return run(wanted, place, engine=engine, stream=stream, trust=True)
