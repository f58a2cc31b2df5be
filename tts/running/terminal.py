"""Keeps the terminal for the run's own words: what an engine's processes and libraries print goes to a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def output_to(log: Path) -> Iterator[None]:
    """Send file descriptors 1 and 2, which child processes inherit, to ``log``; ``sys.stdout`` and ``sys.stderr`` stay.

    Only inside a process whose standard streams are the descriptors themselves; a captured stream is left alone.
    """
    out, err = sys.stdout, sys.stderr
    if _descriptor(out) != 1 or _descriptor(err) != 2:
        yield
        return
    out.flush()
    err.flush()
    kept = os.dup(1), os.dup(2)
    sys.stdout = os.fdopen(os.dup(1), "w", buffering=1)
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.dup2(target, 1)
        os.dup2(target, 2)
        yield
    finally:
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for descriptor in (target, *kept):
            os.close(descriptor)
        sys.stdout, sys.stderr = out, err


def _descriptor(stream: object) -> int | None:
    try:
        return int(stream.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return None
