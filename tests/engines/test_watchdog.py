"""When a process dies, the processes of its engine die with it, whatever they have done to their environment."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PARENT = """
import subprocess, sys, time
from tts.engines.watchdog import Watchdog
guard = Watchdog()
sleeper = "import time; time.sleep(300)"
below = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], env={})"
subprocess.Popen([sys.executable, "-c", sleeper])
subprocess.Popen([sys.executable, "-c", sleeper], start_new_session=True)
subprocess.Popen([sys.executable, "-c", below + "; time.sleep(300)"])
guard.unmark()
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
time.sleep(4)
print(other.pid, flush=True)
END
"""


def sleepers(parent: int) -> set[int]:
    """Processes below ``parent`` that sleep for 300 s."""
    family, found = {parent}, set()
    for _ in range(3):
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                pid, above = int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])
                if above in family:
                    family.add(pid)
                    if b"sleep(300)" in (stat.parent / "cmdline").read_bytes():
                        found.add(pid)
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("end", "number"),
    [
        ("time.sleep(300)", signal.SIGKILL),
        ("time.sleep(300)", signal.SIGTERM),
        ("guard.close(); time.sleep(300)", None),
    ],
)
def test_every_engine_process_ends_within_ten_seconds(end: str, number: signal.Signals | None) -> None:
    process = subprocess.Popen([sys.executable, "-c", PARENT.replace("END", end)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    other = int(process.stdout.readline())
    pids = sleepers(process.pid)
    try:
        if number is not None:
            assert len(pids) == 4
            process.send_signal(number)
        until = time.monotonic() + 10
        while any(map(alive, pids)) and time.monotonic() < until:
            time.sleep(0.1)
        assert not [pid for pid in pids if alive(pid)]
        assert alive(other), "a process that is not the engine's was killed"
        if number is None:
            assert process.poll() is None, "closing the watchdog must not end the process itself"
    finally:
        process.kill()
        for pid in (*pids, other):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
