"""One pair, one verdict: the function for callers without a `Grader`."""

from __future__ import annotations

import atexit
import os
import threading
from functools import lru_cache

from tts.grading.compare import decide
from tts.grading.grader import Verdict
from tts.grading.workers import WorkerDiedError, Workers, WorkerTimeoutError

_SHARED_WORKERS = 2
_REMEMBERED = 16384

_lock = threading.Lock()
_shared: tuple[int, Workers] | None = None


def is_equivalent(gold: str, answer: str | None, *, timeout_s: float = 2.0) -> bool:
    r"""Whether an answer is mathematically equal to the reference; None is never equal.

    Either side may be a bare answer or a text that ends in one (a box, a statement). Most pairs are decided at once;
    the others go to worker processes that all callers of this process share, and that live until it ends. A worker
    that exceeds the limit is killed and replaced.

    Args:
        gold: the reference.
        answer: what `extract_answer` returned.
        timeout_s: seconds that the comparison may take; after that the answer counts as unequal. The start of the
            first worker (about a second) is not counted.

    Raises:
        TtsError: a worker does not start.
    """
    if answer is None:
        return False
    decided = decide(gold, answer)
    return _graded(gold, answer, timeout_s).equal if decided is None else decided


@lru_cache(maxsize=_REMEMBERED)
def _graded(gold: str, answer: str, timeout_s: float) -> Verdict:
    try:
        reply = _workers().ask({"ask": "equal", "gold": gold, "answer": answer}, timeout_s)
    except WorkerTimeoutError:
        return Verdict(equal=False, outcome="timeout")
    except WorkerDiedError:
        return Verdict(equal=False, outcome="error")
    return Verdict(bool(reply.get("equal", False)), "error" if "error" in reply else "ok")


def _workers() -> Workers:
    """The shared workers of this process; a forked child must not use its parent's pipes, and gets its own."""
    global _shared
    with _lock:
        if _shared is None or _shared[0] != os.getpid():
            workers = Workers(_SHARED_WORKERS)
            atexit.register(workers.close)
            _shared = (os.getpid(), workers)
        return _shared[1]
