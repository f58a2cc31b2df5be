"""One thread that commits to SQLite in order of arrival, in batches, so that nobody waits for the disk."""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tts.core import TtsError

BATCH_SECONDS = 0.25
"""At most this much finished work is lost by a crash, beside what is in flight."""

Operation = Callable[[sqlite3.Connection], object]
Callback = Callable[[], object]
Item = tuple[Operation | None, Callback | None]


class Writer:
    """The only writer of a journal. A failed batch (a full disk) stops it: later writes raise."""

    def __init__(self, path: Path):
        """Start the thread on the database at ``path``, whose schema exists."""
        self._path = path
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="journal-writer", daemon=True)
        self._thread.start()

    def put(self, operation: Operation | None, after: Callback | None = None) -> None:
        """Queue an operation; ``after`` is called, in the writer's thread, once it is durable. Never waits.

        Raises TtsError where an earlier write failed.
        """
        self._check()
        self._queue.put((operation, after))

    def flush(self) -> None:
        """Wait until all that was queued is durable. Raises TtsError where writing failed."""
        done = threading.Event()
        self.put(None, after=done.set)
        while not done.wait(0.1):
            self._check()

    def close(self) -> None:
        """Commit what is queued and end the thread. Raises TtsError where writing failed."""
        self._queue.put(None)
        self._thread.join()
        self._check()

    def _check(self) -> None:
        if self._failure is not None:
            raise TtsError(
                f"{self._path}: cannot be written ({self._failure}); what was committed is safe: "
                "mend that and run the same directory again"
            ) from self._failure

    def _work(self) -> None:
        db = sqlite3.connect(self._path, isolation_level=None)
        try:
            db.execute("PRAGMA synchronous = NORMAL")  # in WAL mode a killed process loses nothing that was committed
            db.execute("PRAGMA foreign_keys = ON")
            while (item := self._queue.get()) is not None:
                if not self._commit(db, item):
                    break
        except Exception as error:
            self._failure = error
        finally:
            db.close()

    def _commit(self, db: sqlite3.Connection, item: Item | None) -> bool:
        """Commit ``item`` and what arrives within the batch's time, then call the callbacks; False when closing."""
        callbacks: list[Callback] = []
        until = time.monotonic() + BATCH_SECONDS
        db.execute("BEGIN IMMEDIATE")
        while item is not None:
            operation, after = item
            if operation is not None:
                operation(db)
            if after is not None:
                callbacks.append(after)
            if operation is None:  # somebody waits for it
                break
            wait = until - time.monotonic()
            if wait <= 0:
                break
            try:
                item = self._queue.get(timeout=wait)
            except queue.Empty:
                break
        db.execute("COMMIT")
        for callback in callbacks:
            callback()
        return item is not None
