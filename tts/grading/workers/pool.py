"""Workers that are killed when they take too long, and replaced."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import Any

from tts.core import TtsError
from tts.grading.workers.calls import Call, CallFailedError, WorkerDiedError, WorkerError, WorkerTimeoutError
from tts.grading.workers.runner import Runner, SubprocessRunner, Worker

START_LIMIT_S = 120.0
"""Seconds a worker has for its imports, which count in no call's time."""
SHARED_WORKERS = 2


class Pool:
    """``size`` workers, started together when one is first needed; safe to use from several threads."""

    def __init__(self, size: int, runner: Runner | None = None) -> None:
        self._size = size
        self._runner = SubprocessRunner() if runner is None else runner
        self._idle: list[_Member] = []
        self._all: set[_Member] = set()
        self._modules: dict[str, None] = {}  # that calls were of, in order: what a fresh worker imports
        self._closed = self._used = False
        self._change = threading.Condition()

    def ask(self, call: Call) -> Any:
        """The value of a call. Waiting for a free worker, its imports and preparation do not count in the limit.

        Raises:
            WorkerTimeoutError: no reply within the limit.
            WorkerDiedError: two workers ended while they had the call. (One may have been killed by somebody else.)
            CallFailedError: the function raised.
            TtsError: the pool is closed, or a worker does not start.
        """
        try:
            return self._ask_one(call)
        except WorkerDiedError:
            return self._ask_one(call)

    def _ask_one(self, call: Call) -> Any:
        member = self._take(call)
        try:
            value = member.value(call)
        except CallFailedError:
            self._give_back(member)
            raise
        except BaseException:
            self._discard(member)
            raise
        self._give_back(member)
        return value

    def warm(self, module: str) -> None:
        """Have one worker ready for calls of a module, and the others on their way."""
        self._give_back(self._take(Call(f"{module}:", {}, START_LIMIT_S)))

    def close(self) -> None:
        """Kill all workers and wait for their end; calls under way fail with WorkerDiedError."""
        with self._change:
            self._closed = True
            members, self._all, self._idle = list(self._all), set(), []
            self._change.notify_all()
        for member in members:
            member.worker.kill()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that are alive."""
        with self._change:
            return sorted(member.worker.pid for member in self._all)

    def _take(self, call: Call) -> _Member:
        """A worker that has imported the call's module, preferably one that is prepared for it."""
        with self._change:
            self._modules.setdefault(call.module)
            while True:
                if self._closed:
                    raise TtsError("grading workers are closed: this Grader has left its with block")
                self._used = True
                self._start_spares()
                if self._idle:
                    member = self._idle.pop(self._best(call))
                    if member.worker.alive():
                        break
                    self._all.discard(member)
                    member.worker.kill()
                    continue
                self._change.wait()
        try:
            member.load(call.module)
        except BaseException:
            self._discard(member)
            raise
        return member

    def _best(self, call: Call) -> int:
        """The place of the idle worker that has most of what the call needs; of equal ones, the last used."""
        return max(range(len(self._idle)), key=lambda i: (self._idle[i].fitness(call), i))

    def _give_back(self, member: _Member) -> None:
        with self._change:
            if self._closed:
                member.worker.kill()
            else:
                self._idle.append(member)
            self._change.notify()

    def _discard(self, member: _Member) -> None:
        member.worker.kill()
        with self._change:
            self._all.discard(member)
            self._start_spares()
            self._change.notify()

    def _start_spares(self) -> None:
        """Start what is missing, without waiting for it: the next call finds a worker that is warm, or nearly so."""
        while not self._closed and self._used and len(self._all) < self._size:
            spare = _Member(self._runner.start())
            spare.begin(self._modules)
            self._all.add(spare)
            self._idle.insert(0, spare)


class _Member:
    """A worker, with what it has imported and been prepared for."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._loading: list[str] = []
        self._loaded: set[str] = set()
        self._prepared: set[str] = set()

    def begin(self, modules: dict[str, None]) -> None:
        """Have it import modules, without waiting for it."""
        for module in modules:
            try:
                self.worker.send({"load": module})
            except WorkerDiedError:
                return  # whoever takes it finds out
            self._loading.append(module)

    def load(self, module: str) -> None:
        """Wait until it has imported what it was told to, and the module. Raises TtsError."""
        if module not in self._loaded and module not in self._loading:
            self.begin({module: None})
        while self._loading:
            try:
                reply = self.worker.receive(START_LIMIT_S)
            except (WorkerDiedError, WorkerTimeoutError):
                reply = {"error": "it ended or hung"}
            loaded = self._loading.pop(0)
            if "error" in reply:
                raise TtsError(
                    f"a grading worker does not start: {loaded} cannot be imported there ({reply['error']}); "
                    f"try '{sys.executable} -c \"import {loaded}\"'"
                )
            self._loaded.add(loaded)
        if module not in self._loaded:  # it had ended before it could be told
            raise TtsError(f"a grading worker does not start; try '{sys.executable} -c \"import {module}\"'")

    def fitness(self, call: Call) -> int:
        """How much of what the call needs it has."""
        ready = call.module in self._loaded or call.module in self._loading
        return int(ready) + (call.prepare is not None and call.prepare.identity in self._prepared)

    def value(self, call: Call) -> Any:
        """What the call returns. Raises WorkerError."""
        if call.prepare is not None and call.prepare.identity not in self._prepared:
            try:
                self.value(call.prepare)
            except WorkerError as error:
                error.preparing = True
                raise
            self._prepared.add(call.prepare.identity)
        request = {"call": call.function, "arguments": dict(call.arguments), "limit_s": call.limit_s}
        self.worker.send({**request, "memory_bytes": call.memory_bytes})
        reply = self.worker.receive(call.limit_s)
        if "error" in reply:
            raise CallFailedError(reply["error"], reply.get("text", ""))
        return reply["value"]


_lock = threading.Lock()
_shared: tuple[int, Pool] | None = None


def shared_pool() -> Pool:
    """The workers that all callers of this process share, and that live until it ends.

    A forked child must not use its parent's pipes, and gets its own.
    """
    global _shared
    with _lock:
        if _shared is None or _shared[0] != os.getpid():
            pool = Pool(SHARED_WORKERS)
            atexit.register(pool.close)
            _shared = (os.getpid(), pool)
        return _shared[1]
