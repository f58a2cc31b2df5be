"""Worker processes: functions of JSON values, within limits of time and memory, by a runner that can be exchanged."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tts.core import TtsError
from tts.grading.workers import (
    Call,
    CallFailedError,
    Pool,
    SubprocessRunner,
    WorkerDiedError,
    WorkerTimeoutError,
)

MODULE = "stuck_calls"


def call(name: str, limit_s: float = 5.0, prepare: Call | None = None, **arguments: Any) -> Call:
    return Call(f"{MODULE}:{name}", arguments, limit_s, prepare)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(1)
    yield pool
    pool.close()


def test_a_call_gives_what_the_function_returns_or_raises(pool: Pool) -> None:
    assert pool.ask(call("double", number=21)) == 42
    with pytest.raises(CallFailedError, match="ValueError: no such thing") as caught:
        pool.ask(call("fail", text="no such thing"))
    assert (caught.value.kind, caught.value.text) == ("ValueError", "no such thing")
    pids = pool.pids
    assert pool.ask(call("double", number=1)) == 2 and pool.pids == pids, "the worker lives on"


def test_what_takes_too_long_is_killed_and_the_next_call_has_another_worker(pool: Pool) -> None:
    pool.warm(MODULE)
    pids, start = pool.pids, time.monotonic()
    with pytest.raises(WorkerTimeoutError):
        pool.ask(call("sleep", 0.3, seconds=60))
    assert time.monotonic() - start < 5
    assert pool.ask(call("double", number=1)) == 2 and pool.pids != pids


def test_a_worker_that_dies_or_takes_too_much_memory_is_told(pool: Pool) -> None:
    with pytest.raises(WorkerDiedError):
        pool.ask(call("die"))
    small = Call(f"{MODULE}:fill", {"megabytes": 300}, 10.0, memory_bytes=100 << 20)
    with pytest.raises(WorkerDiedError):
        pool.ask(small)
    assert pool.ask(Call(f"{MODULE}:fill", {"megabytes": 300}, 10.0, memory_bytes=1 << 30)) == 300 << 20


def test_what_is_prepared_is_prepared_once_and_in_its_own_time(pool: Pool) -> None:
    one, two = (call("make", number=n) for n in (1, 2))
    assert pool.ask(call("made", 0.3, prepare=one)) == [1]
    assert pool.ask(call("made", 0.3, prepare=two)) == [1, 2]
    assert pool.ask(call("made", 0.3, prepare=one)) == [1, 2]
    with pytest.raises(WorkerTimeoutError) as caught:
        pool.ask(call("made", 5.0, prepare=call("make", 0.1, number=3)))
    assert caught.value.preparing


def test_calls_go_to_the_worker_that_is_prepared_for_them() -> None:
    pool = Pool(2)
    try:
        for number in (1, 2, 1, 2, 1):
            held = pool.ask(call("made", 5.0, prepare=call("make", number=number)))
            assert held.count(number) == 1
    finally:
        pool.close()


def test_a_module_that_cannot_be_imported_is_named(pool: Pool) -> None:
    with pytest.raises(TtsError, match=r"no_such_calls cannot be imported there \(ModuleNotFoundError\); try"):
        pool.ask(Call("no_such_calls:x", {}, 1.0))


class Local:
    """A worker without a process, as a sandbox's client might be: it answers what the test says."""

    pid = 1

    def __init__(self) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self.killed = False

    def alive(self) -> bool:
        return not self.killed

    def send(self, request: Mapping[str, Any]) -> None:
        self.asked.append(request)

    def receive(self, limit_s: float) -> dict[str, Any]:
        request = self.asked[-1]
        return {"value": None if "load" in request else request["arguments"]["number"] + 1}

    def kill(self) -> None:
        self.killed = True


def test_the_runner_can_be_exchanged() -> None:
    started: list[Local] = []

    class Sandbox:
        def start(self) -> Local:
            started.append(Local())
            return started[-1]

    pool = Pool(1, Sandbox())
    assert pool.ask(Call("not.importable.here:x", {"number": 4}, 1.0)) == 5
    pool.close()
    (only,) = started
    assert only.killed and only.asked[0] == {"load": "not.importable.here"}


def test_a_worker_may_be_started_through_another_command(tmp_path: Path) -> None:
    """As sandboxes are: the command that locks a worker in stands before the worker's own."""
    log = tmp_path / "log"
    pool = Pool(1, SubprocessRunner(["sh", "-c", f'echo "$@" >> {log}; exec "$@"', "sandbox"]))
    try:
        assert pool.ask(call("double", number=2)) == 4
        time.sleep(1.5)  # longer than it looks for its parent
        assert pool.ask(call("double", number=3)) == 6
    finally:
        pool.close()
    assert log.read_text().startswith(sys.executable) and log.read_text().count("\n") == 1
