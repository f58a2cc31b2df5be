"""The one worker process that holds the package ``reasoning-gym``, started when it is first needed."""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from typing import Any

from tts.core import TtsError


class NoReplyError(Exception):
    """The worker took too long, or died, over this request; the next one gets a new worker."""


class Client:
    """Asks the worker, one request at a time; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    def ask(self, request: dict[str, Any], limit_s: float) -> dict[str, Any]:
        """The worker's reply. Raises NoReplyError where there is none in time."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            try:
                self._send({**request, "limit_s": limit_s})
                return self._receive(limit_s)
            except (OSError, EOFError, TimeoutError):
                self._stop()
                raise NoReplyError from None

    def close(self) -> None:
        """End the worker; a later request starts another."""
        with self._lock:
            self._stop()

    def _start(self) -> None:
        self._stop()
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),  # what this process can import, it can import
            "PYTHONHASHSEED": "0",
            "PYTHONWARNINGS": "ignore",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tts.benchmarks.reasoning_gym_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            bufsize=0,
        )
        atexit.register(self._process.kill)
        try:  # the imports take seconds, which are not this request's
            self._send({"ask": "load", "task": "", "limit_s": 120})
            self._receive(120)
        except (OSError, EOFError, TimeoutError):
            raise TtsError(
                f"the worker for reasoning-gym does not start; try '{sys.executable} -c \"import reasoning_gym\"'"
            ) from None

    def _stop(self) -> None:
        self._buffer = b""
        if self._process is not None:
            atexit.unregister(self._process.kill)
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def _send(self, request: dict[str, Any]) -> None:
        assert self._process is not None and self._process.stdin is not None
        data = json.dumps(request).encode() + b"\n"
        while data:
            data = data[self._process.stdin.write(data) or 0 :]

    def _receive(self, limit_s: float) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        deadline = time.monotonic() + limit_s
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(1000 * left):
                raise TimeoutError
            chunk = os.read(self._process.stdout.fileno(), 1 << 16)
            if not chunk:
                raise EOFError
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        reply: dict[str, Any] = json.loads(line)
        return reply


CLIENT = Client()
