"""What a person sees while a run goes on: one line of progress, and nothing of what engines print."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

LIVE_SECONDS = 0.5
PLAIN_SECONDS = 10.0


@dataclass(frozen=True)
class Status:
    """One look at a run."""

    cells: int
    """All cells of the run, those of earlier sessions included."""
    done: int
    session_done: int
    """Cells finished in this session: the rate and the remaining time are told from these."""
    samples: int
    """Drawn in this session."""
    in_flight: int
    """Asked for and not yet answered."""
    tokens: int
    """Generated in this session."""
    accuracy: float | None
    """Mean over the candidates graded in this session."""
    starting: bool
    """The engine is loading its model."""


class Progress:
    """Looks at a run every now and then; the run itself is never slowed by it."""

    def __init__(self, look: Callable[[], Status], stream: TextIO, clock: Callable[[], float] = time.monotonic):
        """``look`` is called a few times a second at most; ``stream`` gets the lines."""
        self._look = look
        self._stream = stream
        self._clock = clock
        self._console = Console(file=stream)
        self._since = clock()

    async def show(self) -> None:
        """Show the run until cancelled."""
        live = self._console.is_terminal
        screen: AbstractContextManager[Live | None]
        screen = Live(console=self._console, auto_refresh=False, transient=True) if live else nullcontext()
        with screen as display:
            while True:
                await asyncio.sleep(LIVE_SECONDS if live else PLAIN_SECONDS)
                status = self._look()
                if display is not None:
                    display.update(self._bar(status), refresh=True)
                else:
                    self._stream.write(self.line(status) + "\n")
                    self._stream.flush()

    def line(self, status: Status) -> str:
        """One line of plain text."""
        if status.starting:
            return f"starting the engine ... {self._clock() - self._since:.0f} s"
        if not status.samples and not status.session_done:
            self._since = self._clock()  # rates count from where the engine began to answer
        seconds = max(self._clock() - self._since, 1e-9)
        parts = [
            f"{status.done}/{status.cells} cells",
            f"{status.samples} samples ({status.in_flight} in flight)",
            f"{status.tokens / seconds:,.0f} tokens/s",
            f"ETA {self._remaining(status, seconds)}",
        ]
        if status.accuracy is not None:
            parts.append(f"accuracy {status.accuracy:.1%}")
        return "  ".join(parts)

    def _bar(self, status: Status) -> Table:
        grid = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=max(status.cells, 1), completed=status.done, width=12)
        grid.add_row(bar, Text(self.line(status), no_wrap=True, overflow="ellipsis"))
        return grid

    @staticmethod
    def _remaining(status: Status, seconds: float) -> str:
        if not status.session_done:
            return "?"
        left = (status.cells - status.done) * seconds / status.session_done
        return str(timedelta(seconds=round(left)))


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
