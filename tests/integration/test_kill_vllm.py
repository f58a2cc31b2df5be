"""A run on the real engine that is killed leaves no process behind, and is finished without asking again."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ALL = 6 * 10 * 16


def descendants(pid: int) -> dict[int, str]:
    """Every process below ``pid``, with its command line."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found: dict[int, str] = {}
    frontier = {pid}
    while frontier:
        frontier = {child for child, parent in parents.items() if parent in frontier and child not in found}
        for child in frontier:
            with contextlib.suppress(OSError):
                found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
    return found


def living(pids: dict[int, str]) -> list[str]:
    """Those of the processes that still run (a zombie has an empty command line)."""
    found = []
    for pid, command in pids.items():
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") == command:
                found.append(command)
    return found


def wait_until(condition: object, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.1)
    return False


def test_kill_9_leaves_no_engine_process_and_the_resume_asks_for_nothing_again(tmp_path: Path) -> None:
    place = tmp_path / "run"
    arguments = ["run", "--model", "vllm/tiny-arith", "--benchmark", "arith:levels=7-12,per_level=10"]
    arguments += ["--strategy", "best_of_n", "--n", "16", "--set", "sampling.max_tokens=200", "--set"]
    arguments += ["engine.max_model_len=512", "--set", "engine.max_num_seqs=8", "--out", str(place)]
    command = [sys.executable, "-m", "tts.cli", *arguments]

    def held() -> int:
        try:
            with sqlite3.connect(f"file:{place}/journal.sqlite?mode=ro", uri=True) as db:
                return int(db.execute("SELECT count(*) FROM samples").fetchone()[0])
        except sqlite3.OperationalError:
            return 0

    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: held() >= 8, 240), "no sample arrived"
        family = descendants(process.pid)
        assert any("EngineCore" in command for command in family.values()), family
        assert any("Worker" in command for command in family.values()), family
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert wait_until(lambda: not living(family), 10), f"outlived the run by ten seconds: {living(family)}"
    finally:
        process.kill()
    before = held()
    assert 8 <= before < ALL
    with sqlite3.connect(place / "journal.sqlite") as db:
        first = db.execute("SELECT id, context, path, token_ids FROM samples ORDER BY id").fetchall()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{ALL - before} samples drawn" in done.stdout
    with sqlite3.connect(place / "journal.sqlite") as db:
        assert db.execute("SELECT id, context, path, token_ids FROM samples ORDER BY id").fetchall()[:before] == first
        assert db.execute("SELECT count(*) FROM samples").fetchone() == (ALL,)
