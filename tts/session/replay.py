"""A run's candidates as the journal replays them, none drawn: scored by further verifiers, or graded again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from tts.core import UsageError
from tts.session.absent import AbsentEngine
from tts.session.run import Summary, run
from tts.store import read_info
from tts.sweep.config import parse_config
from tts.sweep.directory import begun_run
from tts.sweep.merge import merge


def score_run(
    place: Path, verifiers: Sequence[Mapping[str, Any]], stream: TextIO | None = None, trust: bool = False
) -> Summary:
    """Add verifiers (entries of a sweep file) to a run and score its candidates.

    ``trust``: whether other code that the directory names may run.

    Raises UsageError where ``place`` is no run or not a finished one, or a verifier cannot be had.
    """
    before, info = begun_run(place, {"verifiers": list(verifiers)}, trust)
    data = {**before.model_dump(mode="json"), "verifiers": [dict(v) for v in verifiers]}
    wanted = merge(before, parse_config(data, "command line"), str(place))
    unfinished = UsageError(f"RUN: {place} is not finished; run `tts run --out {place}` first, then score it")
    engine = AbsentEngine(info.model.identity, info.model.context, unfinished)
    return run(wanted, place, engine=engine, stream=stream, trust=True, follow="nothing")


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
    held = read_info(place)
    if held is not None and held.imported:
        raise UsageError(
            f"RUN: {place}: its samples were imported; `tts import` its files again into a new directory to grade them "
            f"as they would be now ({', '.join(held.imported.files)})"
        )
    before, info = begun_run(place, {}, trust)
    data = before.model_dump(mode="json")
    data["grading"] |= grading
    wanted = merge(before, parse_config(data, "command line"), str(place))
    needed = UsageError(f"RUN: {place} needs samples that it does not hold; `tts run --out {place}` draws them")
    engine = AbsentEngine(info.model.identity, info.model.context, needed)
    return run(wanted, place, data_dir, engine=engine, stream=stream, trust=True, follow="references")
