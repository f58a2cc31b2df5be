"""The worker process: ``python -m tts.grading.worker PARENT_PID``; one JSON request a line in, one JSON reply a line
out.

It is made to be killed. Whatever a formula does to it (endless loops in C code, towers of powers that fill the
memory), it harms nothing else, and it never outlives its parent: its input ends with the parent, it looks for the
parent while idle, and an alarm ends it while busy.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
from typing import Any

MEMORY_BYTES = 1 << 30
"""Address space that a worker may take beyond what its imports took."""

_WARMING = (
    (r"\frac{x+1}{\sqrt{2}}", "(1+x) 2^{-1/2}"),
    (r"x^2 \leq 1", "[-1,1]"),
    ("x+2y=3", r"y=\frac{3-x}{2}"),
    (r"(0,1) \cup (1,2)", r"(0,2)"),
    (r"\sum_{k=1}^n k", r"\log_2 3"),
)
_GRACE_S = 2
_RECURSION_LIMIT = 3000


def main() -> None:
    """Serve requests until the input ends or the parent is gone."""
    parent = int(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    replies = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries that print must not speak in between
    from tts.grading import compare

    sys.setrecursionlimit(_RECURSION_LIMIT)
    sys.set_int_max_str_digits(100_000)
    for gold, answer in _WARMING:  # first calls build tables and import more: not at a pair's cost
        compare.equal(gold, answer)
    _limit_memory()
    _send(replies, {"ready": True})
    while (line := _next_line(parent)) is not None:
        request = json.loads(line)
        signal.alarm(int(request["limit_s"]) + _GRACE_S)
        reply = _answer(compare, request)
        signal.alarm(0)
        _send(replies, reply)


def _answer(compare: Any, request: dict[str, Any]) -> dict[str, Any]:
    try:
        if request["ask"] == "key":
            key = compare.key(request["answer"])
            return {"key": key and [key.value, key.kind]}
        return {"equal": compare.equal(request["gold"], request["answer"])}
    except MemoryError:
        os._exit(1)  # whatever state the libraries are in now: a fresh process is cheaper than a doubtful one
    except Exception as error:  # any failure of parser or algebra is an outcome of this pair
        return {"error": type(error).__name__}


def _limit_memory() -> None:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        taken = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY_BYTES, taken + MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


_buffer = bytearray()


def _next_line(parent: int) -> bytes | None:
    """The next request; None at the end of the input, or where the parent is gone (a sibling may hold the pipe's other
    end open)."""
    while b"\n" not in _buffer:
        if not select.select([0], [], [], 1.0)[0]:
            if os.getppid() != parent:
                return None
            continue
        chunk = os.read(0, 1 << 16)
        if not chunk:
            return None
        _buffer.extend(chunk)
    line, _, rest = bytes(_buffer).partition(b"\n")
    _buffer[:] = rest
    return line


def _send(out: int, reply: dict[str, Any]) -> None:
    data = json.dumps(reply).encode() + b"\n"
    while data:
        data = data[os.write(out, data) :]


if __name__ == "__main__":
    main()
