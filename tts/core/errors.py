"""The exception tree.

TtsError                    anything this package raises on purpose
├── UsageError              the user's mistake: one line, exit code 2, never a traceback
├── Refused                 a model will not answer this one request: an outcome of its samples, never the run's end
└── EngineError             an engine failed while working: exit code 1
    ├── EngineDied          its process is gone: restarted and asked again, a configurable number of times
    └── Retryable           it is busy or out of reach for now: asked again after a while
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


class Refused(TtsError):
    """A model will not answer this request, and would not if asked again: a prompt with no room, a bad parameter."""


class EngineError(TtsError):
    """An engine failed at its work; what was journaled so far is safe and the run can be resumed."""


class EngineDied(EngineError):
    """An engine's process is gone. What it was asked can be asked of a new one."""


class Retryable(EngineError):
    """An engine is busy or out of reach for now."""

    def __init__(self, message: str, after: float = 1.0):
        """``after``: seconds to wait before asking again."""
        super().__init__(message)
        self.after = after


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the nearest known name, else an empty string."""
    near = difflib.get_close_matches(found, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""
