"""How workers are started and spoken to: subprocesses and JSON lines over pipes.

Not `multiprocessing`, because grading is called from anywhere: a spawned or fork-served child imports the caller's main
module again (which fails in a script without a main guard, and loads torch where the caller has it), and a daemonic
process may have no `multiprocessing` children at all. A subprocess has neither trouble, and killing it breaks no queue
that others share.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tts.grading.workers.calls import WorkerDiedError, WorkerTimeoutError

PROCESS = "tts.grading.workers.process"


class Worker(Protocol):
    """One worker. It belongs to one thread at a time; ``kill`` may come from any."""

    @property
    def pid(self) -> int:
        """Its process's id."""
        ...

    def alive(self) -> bool:
        """Whether its process has not ended."""
        ...

    def send(self, request: Mapping[str, Any]) -> None:
        """Give it a request, without waiting. Raises WorkerDiedError."""
        ...

    def receive(self, limit_s: float) -> dict[str, Any]:
        """The next reply, in the order of the requests. Raises WorkerTimeoutError or WorkerDiedError."""
        ...

    def kill(self) -> None:
        """End it at once and wait for its end."""
        ...


class Runner(Protocol):
    """Starts workers. They serve ``python -m tts.grading.workers.process``'s requests: see there."""

    def start(self) -> Worker:
        """A new worker, which need not be ready yet."""
        ...


class SubprocessRunner:
    """Workers as subprocesses of this one, on the same machine and with the same rights."""

    def __init__(self, wrapper: Sequence[str] = ()):
        """``wrapper``: a command to put before the worker's own, for instance one that locks it into a sandbox."""
        self._wrapper = tuple(wrapper)

    def start(self) -> Subprocess:
        """A new worker."""
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),  # what this process can import, it can import
            "PYTHONHASHSEED": "0",  # sympy orders some things by hash, and some generators iterate over sets
            "PYTHONWARNINGS": "ignore",
        }
        parent = 0 if self._wrapper else os.getpid()
        command = [*self._wrapper, sys.executable, "-P", "-m", PROCESS, str(parent)]
        return Subprocess(command, environment)


class Subprocess:
    """One subprocess and its two pipes."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]):
        """Start it."""
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            bufsize=0,
        )
        self._buffer = b""

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def send(self, request: Mapping[str, Any]) -> None:
        """Write a request. Raises WorkerDiedError."""
        assert self._process.stdin is not None
        data = json.dumps(request).encode() + b"\n"
        try:
            while data:
                data = data[self._process.stdin.write(data) or 0 :]
        except (OSError, ValueError):  # the process has ended, or another thread has closed its pipes
            raise WorkerDiedError from None

    def receive(self, limit_s: float) -> dict[str, Any]:
        """Read a reply. Raises WorkerTimeoutError or WorkerDiedError."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + limit_s
        poll = select.poll()
        try:
            poll.register(self._process.stdout, select.POLLIN)
            while b"\n" not in self._buffer:
                left = deadline - time.monotonic()
                if left <= 0 or not poll.poll(1000 * left):
                    raise WorkerTimeoutError
                chunk = os.read(self._process.stdout.fileno(), 1 << 16)
                if not chunk:
                    raise WorkerDiedError
                self._buffer += chunk
        except (OSError, ValueError):  # closed by another thread
            raise WorkerDiedError from None
        line, _, self._buffer = self._buffer.partition(b"\n")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def kill(self) -> None:
        """End the process and close its pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
