"""Worker processes that are killed when they take too long, and replaced.

They are plain subprocesses that speak JSON over pipes, not `multiprocessing` ones, because is_equivalent is called
from anywhere: a spawned or fork-served child imports the caller's main module again (which fails in a script without a
main guard, and loads torch where the caller has it), and a daemonic process may have no `multiprocessing` children at
all. A subprocess has neither trouble, and killing it breaks no queue that others share.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from typing import Any

from tts.core.errors import TtsError

START_LIMIT_S = 120.0
"""Seconds a worker has for its imports, which count in no pair's time."""


class WorkerTimeoutError(Exception):
    """The request took longer than its limit; its worker has been killed."""


class WorkerDiedError(Exception):
    """The worker ended before it answered, most likely for lack of memory."""


class Workers:
    """``size`` workers, started together when one is first needed; safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._closed = self._used = False
        self._change = threading.Condition()

    def ask(self, request: dict[str, Any], limit_s: float) -> dict[str, Any]:
        """The reply of a worker. Waiting for a free worker, or for one to start, does not count in the limit.

        Raises:
            WorkerTimeoutError: no reply within the limit.
            WorkerDiedError: two workers ended while they had the request. (One may have been killed by somebody else.)
            TtsError: the workers are closed, or a worker does not start.
        """
        try:
            return self._ask_one(request, limit_s)
        except WorkerDiedError:
            return self._ask_one(request, limit_s)

    def _ask_one(self, request: dict[str, Any], limit_s: float) -> dict[str, Any]:
        worker = self._take()
        try:
            reply = worker.ask({**request, "limit_s": limit_s}, limit_s)
        except BaseException:
            self._discard(worker)
            raise
        with self._change:
            if self._closed:
                worker.kill()
            else:
                self._idle.append(worker)
            self._change.notify()
        return reply

    def warm(self) -> None:
        """Start one worker and wait for its imports."""
        worker = self._take()
        with self._change:
            self._idle.append(worker)
            self._change.notify()

    def close(self) -> None:
        """Kill all workers and wait for their end; requests under way fail with WorkerDiedError."""
        with self._change:
            self._closed = True
            workers, self._all, self._idle = list(self._all), set(), []
            self._change.notify_all()
        for worker in workers:
            worker.kill()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that are alive."""
        with self._change:
            return sorted(worker.pid for worker in self._all)

    def _take(self) -> _Worker:
        with self._change:
            while True:
                if self._closed:
                    raise TtsError("grading workers are closed: this Grader has left its with block")
                self._used = True
                self._start_spares()
                if self._idle:
                    worker = self._idle.pop()
                    if worker.alive():
                        break
                    self._all.discard(worker)
                    worker.kill()
                    continue
                self._change.wait()
        try:
            worker.wait_until_ready()
        except BaseException:
            self._discard(worker)
            raise
        return worker

    def _discard(self, worker: _Worker) -> None:
        worker.kill()
        with self._change:
            self._all.discard(worker)
            self._start_spares()
            self._change.notify()

    def _start_spares(self) -> None:
        """Start what is missing, without waiting for it: the next request finds a worker that is warm, or nearly so."""
        while not self._closed and self._used and len(self._all) < self._size:
            spare = _Worker()
            self._all.add(spare)
            self._idle.insert(0, spare)


class _Worker:
    """One subprocess and its two pipes."""

    def __init__(self) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                path for path in sys.path if path
            ),  # what the parent can import, it can import
            "PYTHONHASHSEED": "0",  # sympy orders some things by hash
            "PYTHONWARNINGS": "ignore",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tts.grading.worker", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            bufsize=0,
        )
        self._buffer = b""
        self._ready = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        if self._ready:
            return
        try:
            self._receive(START_LIMIT_S)
            self._ready = True
        except (WorkerDiedError, WorkerTimeoutError):
            raise TtsError(
                f"a grading worker did not start (exit code {self._process.poll()}): "
                f"try '{sys.executable} -c \"import math_verify\"'"
            ) from None

    def ask(self, request: dict[str, Any], limit_s: float) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
        except OSError:
            raise WorkerDiedError from None
        return self._receive(limit_s)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _receive(self, limit_s: float) -> dict[str, Any]:
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
