"""The exception tree.

TtsError                    anything this package raises on purpose
├── UsageError              the user's mistake: one line, exit code 2, never a traceback
└── EngineError             the engine failed while working: exit code 1
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TtsError(Exception):
    """Base of every error that this package raises on purpose; its text is one line meant for a person."""

    exit_code = 1


class UsageError(TtsError):
    """A mistake that the user can mend: names the field or file, what was found, what was expected and the fix."""

    exit_code = 2


class EngineError(TtsError):
    """The engine died or refused work; what was journaled so far is safe and the run can be resumed."""


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the nearest known name, else an empty string."""
    near = difflib.get_close_matches(found, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""
