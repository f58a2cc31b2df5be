"""Ends engine processes when this process dies, however it dies.

vLLM's engine runs in processes of its own, which outlive a parent that is killed. A small process holds one end of a
pipe whose other end is held here: when this process ends, the kernel closes it, and the watchdog kills every process
that carries the run's mark in its environment. (A parent-death signal would have to be set inside each child, after its
slow imports, and follows the parent's thread, not the parent.)
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

MARK = "TTS_ENGINE_MARK"
"""Environment variable that every process started after ``Watchdog()`` inherits."""


class Watchdog:
    """Guards the processes that are started after it. Keep it for as long as the engine lives."""

    def __init__(self) -> None:
        """Mark the environment and start the watching process."""
        self.mark = os.environ[MARK] = uuid.uuid4().hex
        self._process = subprocess.Popen(
            [sys.executable, "-S", __file__, self.mark, str(os.getpid())],
            stdin=subprocess.PIPE,
            env={k: v for k, v in os.environ.items() if k != MARK},
            start_new_session=True,  # a Ctrl-C or a kill meant for our process group does not reach it
            cwd="/",
        )

    def close(self) -> None:
        """End what is left of the engine, and the watchdog. Waits for both."""
        os.environ.pop(MARK, None)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def _watch(mark: str, parent: int) -> None:
    """Wait for the parent's end of the pipe to close, then kill every marked process until there is none."""
    import signal
    import time

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while sys.stdin.buffer.read(1):
        pass
    needle = f"{MARK}={mark}".encode()
    for _ in range(50):
        marked = [pid for pid in _pids() if pid not in (parent, os.getpid()) and needle in _environment(pid)]
        for pid in marked:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if not marked:
            return
        time.sleep(0.1)  # a dying process may just have started another


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208


def _environment(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/environ", "rb") as f:  # noqa: PTH123
            return f.read()
    except OSError:
        return b""


if __name__ == "__main__":
    _watch(sys.argv[1], int(sys.argv[2]))
