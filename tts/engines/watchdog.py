"""Ends engine processes when this process dies, however it dies.

vLLM's engine runs in processes of its own, which outlive a parent that is killed. A small process holds one end of a
pipe whose other end is held here: when this process ends, the kernel closes it, and the watchdog kills the engine's
processes: those that inherited a mark in their environment, and their descendants. vLLM's processes overwrite the mark
when they rename themselves, so the watchdog looks every second and remembers whom it saw while they were importing. (A
parent-death signal would have to be set inside each child, after its slow imports, and follows the parent's thread.)
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
import uuid

MARK = "TTS_ENGINE_MARK"
"""Environment variable that processes inherit which are started between ``Watchdog()`` and ``unmark()``."""
_LOOK_SECONDS = 1.0
"""How often descendants are looked for; a vLLM process imports for several seconds before it renames itself."""


class Watchdog:
    """Guards the processes that are started after it. Keep it for as long as the engine lives."""

    def __init__(self) -> None:
        """Mark the environment and start the watching process."""
        mark = uuid.uuid4().hex
        self._process = subprocess.Popen(
            [sys.executable, "-S", __file__, mark],
            stdin=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C or a kill meant for our process group does not reach it
            cwd="/",
        )
        os.environ[MARK] = mark

    def unmark(self) -> None:
        """The engine has started: processes that are started from now on are not its own."""
        os.environ.pop(MARK, None)

    def close(self) -> None:
        """End what is left of the engine, and the watchdog. Waits for both."""
        self.unmark()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class _Family:
    """The guarded processes: all that were ever seen marked, or below a marked one. By pid and start time."""

    def __init__(self, mark: str):
        self._needle = f"{MARK}={mark}".encode()
        self._seen: dict[int, str] = {}

    def look(self) -> list[int]:
        """Take up new members; returns those that live."""
        table = _processes()
        self._seen = {pid: start for pid, start in self._seen.items() if table.get(pid, (0, ""))[1] == start}
        for pid, (_, start) in table.items():
            if pid not in self._seen and self._needle in _environment(pid):
                self._seen[pid] = start
        grown = True
        while grown:
            below = {pid: s for pid, (above, s) in table.items() if above in self._seen and pid not in self._seen}
            self._seen |= below
            grown = bool(below)
        return list(self._seen)


def _watch(mark: str) -> None:
    """Wait for the parent's end of the pipe to close, then kill the family until nobody is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    family = _Family(mark)
    while not select.select([0], [], [], _LOOK_SECONDS)[0]:
        family.look()
    until = time.monotonic() + 9
    while (living := family.look()) and time.monotonic() < until:
        for pid in living:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)  # a dying process may just have started another


def _processes() -> dict[int, tuple[int, str]]:
    """Parent and start time of every process that lives."""
    table = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as f:  # noqa: PTH123
                    fields = f.read().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] not in "ZX":
                table[int(name)] = (int(fields[1]), fields[19])
    return table


def _environment(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/environ", "rb") as f:  # noqa: PTH123
            return f.read()
    except OSError:
        return b""


if __name__ == "__main__":
    _watch(sys.argv[1])
