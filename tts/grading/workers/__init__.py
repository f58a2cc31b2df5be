"""Worker processes for what may take for ever: functions of JSON values, called in a process that can be killed.

    with Pool(2) as pool:
        pool.ask(Call("tts.grading.calls:equal", {"gold": "x+1", "answer": "1+x"}, limit_s=2.0))  # True

A worker harms nobody: it has a limit of memory and of time, is killed where it exceeds one, and does not outlive its
parent. How one is started and spoken to is a ``Runner``; a sandboxed one needs no change elsewhere.
"""

from tts.grading.workers.calls import Call, CallFailedError, WorkerDiedError, WorkerError, WorkerTimeoutError
from tts.grading.workers.pool import Pool, shared_pool
from tts.grading.workers.runner import Runner, SubprocessRunner, Worker

__all__ = [
    "Call",
    "CallFailedError",
    "Pool",
    "Runner",
    "SubprocessRunner",
    "Worker",
    "WorkerDiedError",
    "WorkerError",
    "WorkerTimeoutError",
    "shared_pool",
]
