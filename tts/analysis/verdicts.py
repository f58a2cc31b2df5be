"""Whose verdicts count: of a run imported with ``--labels both`` one of the two, since a verdict is no strategy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from tts.core import UsageError
from tts.store import Entry, RunData

Labels = Literal["own", "file"]
FILE_SETTING = '{"labels":"file"}'
"""The setting that holds the file's verdicts beside ours, on the very same samples."""


def labels_of(run: RunData) -> str:
    """``own``, ``file`` or ``both``: whose verdicts a run holds."""
    return run.info.imported.labels if run.info.imported else "own"


def judged_by(run: RunData, labels: Labels) -> RunData:
    """The run with the verdicts of our grader (``own``) or of the imported file alone.

    Raises UsageError where it lacks them.
    """
    held = labels_of(run)
    if held not in (labels, "both"):
        raise UsageError(
            f"--labels: found {labels}, but {run.path} holds the labels {held} alone; `tts import --labels both` "
            "keeps both"
        )
    if held != "both":
        return run
    other = FILE_SETTING if labels == "own" else "{}"
    return replace(run, plan=tuple(entry for entry in run.plan if entry.setting != other))


def one_verdict(run: RunData) -> Iterator[Entry]:
    """The plan's settings, without the file's verdicts where ours stand beside them."""
    ours = {entry.strategy for entry in run.plan if entry.setting == "{}"} if labels_of(run) == "both" else set()
    return (entry for entry in run.plan if entry.setting != FILE_SETTING or entry.strategy not in ours)


def verdict_notes(runs: Sequence[RunData], command: str) -> list[str]:
    """Whose verdicts count, where a file's were imported; ``command`` takes ``--labels``."""
    both = [run for run in runs if labels_of(run) == "both"]
    if any(entry.setting == FILE_SETTING for run in both for entry in one_verdict(run)):
        return ["right and wrong are by the labels of the imported file, not by our grader"]
    if both:
        return [
            "right and wrong are by our grader, not by the labels of the imported file; "
            f"`{command} --labels file` takes those"
        ]
    if any(labels_of(run) == "file" for run in runs):
        return ["right and wrong are by the labels of the imported file"]
    return []
