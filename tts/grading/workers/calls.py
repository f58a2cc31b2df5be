"""What is asked of a worker, and how it may end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tts.core import canonical_json

MEMORY_BYTES = 1 << 30
"""Address space that a call may take beyond what its module's import took."""


@dataclass(frozen=True)
class Call:
    """A function of a module to call with JSON values by name; what it returns is a JSON value, too.

    The module is imported before, and its function ``warm()`` called where it has one: neither counts in the limit.
    """

    function: str
    """``package.module:name``."""
    arguments: Mapping[str, Any]
    limit_s: float
    prepare: Call | None = None
    """What the worker must have done before, in its own time; once a worker, whatever it returns."""
    memory_bytes: int = MEMORY_BYTES

    @property
    def module(self) -> str:
        """What is to be imported."""
        return self.function.partition(":")[0]

    @property
    def identity(self) -> str:
        """What it does, without its limits."""
        return canonical_json([self.function, dict(self.arguments)])


class WorkerError(Exception):
    """A call has no value; ``preparing``: it is what prepares another call that has none."""

    preparing = False


class WorkerTimeoutError(WorkerError):
    """The call took longer than its limit; its worker has been killed."""


class WorkerDiedError(WorkerError):
    """The worker ended before it answered, most likely for lack of memory."""


class CallFailedError(WorkerError):
    """The function raised an exception; the worker lives on."""

    def __init__(self, kind: str, text: str):
        """``kind``: the exception's class name; ``text``: what it says."""
        super().__init__(f"{kind}: {text}" if text else kind)
        self.kind = kind
        self.text = text
