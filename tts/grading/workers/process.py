"""The worker process: ``python -m tts.grading.workers.process PARENT_PID``; a JSON request a line in, a reply out.

(``PARENT_PID`` is 0 where another process stands in between: then the end of the input is the only sign.)

    {"load": "package.module"}                                                    {"value": null}
    {"call": "package.module:name", "arguments": {...}, "limit_s": 2, "memory_bytes": 1073741824}    {"value": ...}

A function that raises gives {"error": its class's name, "text": what it says}. The process is made to be killed.
Whatever a formula does to it (endless loops in C code, towers of powers that fill the memory), it harms nothing else,
and it never outlives its parent: its input ends with the parent, it looks for the parent while idle, and an alarm ends
it while busy.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import select
import signal
import sys
from typing import Any

_GRACE_S = 2
_LOAD_LIMIT_S = 120
_RECURSION_LIMIT = 3000


def main() -> None:
    """Serve requests until the input ends or the parent is gone."""
    parent = int(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    replies = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries that print must not speak in between
    sys.setrecursionlimit(_RECURSION_LIMIT)
    sys.set_int_max_str_digits(100_000)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    taken = _taken()
    while (line := _next_line(parent)) is not None:
        request = json.loads(line)
        signal.alarm(int(request.get("limit_s", _LOAD_LIMIT_S)) + _GRACE_S)
        if "load" in request:
            _limit_memory(None)
            reply = _replied(_load, request["load"])
            taken = max(taken, _taken())
        else:
            _limit_memory(taken + request["memory_bytes"])
            module, _, name = request["call"].partition(":")
            reply = _replied(getattr(importlib.import_module(module), name), **request["arguments"])
        signal.alarm(0)
        _send(replies, reply)


def _load(name: str) -> None:
    """Import a module and do what it wants done once: first calls build tables and import more."""
    module = importlib.import_module(name)
    if hasattr(module, "warm"):
        module.warm()


def _replied(function: Any, *values: Any, **arguments: Any) -> dict[str, Any]:
    try:
        return {"value": function(*values, **arguments)}
    except MemoryError:
        os._exit(1)  # whatever state the libraries are in now: a fresh process is cheaper than a doubtful one
    except Exception as error:  # any failure of parser, algebra or checker is an outcome of this call
        return {"error": type(error).__name__, "text": str(error)}


def _taken() -> int:
    """Bytes of address space in use."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[0]) * resource.getpagesize()


def _limit_memory(limit: int | None) -> None:
    """Bound the address space; None: as far as this process may go."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if limit is None or (most != resource.RLIM_INFINITY and limit > most):
        limit = most
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))


_buffer = bytearray()


def _next_line(parent: int) -> bytes | None:
    """The next request; None at the end of the input, or where the parent is gone (a sibling may hold the pipe's other
    end open)."""
    while b"\n" not in _buffer:
        if not select.select([0], [], [], 1.0)[0]:
            if parent and os.getppid() != parent:
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
