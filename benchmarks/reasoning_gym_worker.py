"""The worker process ``python -m tts.benchmarks.reasoning_gym_worker``: JSON requests in and replies out, one a line.

Everything that needs the package ``reasoning-gym`` happens here. The process is started with a fixed hash seed, because
some of its generators iterate over sets; and it may be killed, because some of its scorers evaluate what a model wrote.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import random
import resource
import signal
import sys
from importlib.metadata import version
from typing import Any

MEMORY_BYTES = 4 << 30
"""Address space that this process may take."""
NO_REFERENCE = "(any answer that the scorer accepts)"
"""Stands for the reference answer where a task has none."""

_datasets: dict[str, Any] = {}
_entries: dict[tuple[int, int], Any] = {}
"""Entries by data set (none is ever dropped) and index."""


def main() -> None:
    """Serve requests until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries print must not come in between
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        request = json.loads(line)
        signal.alarm(int(request["limit_s"]) + 2)  # ends a busy process whose parent is gone
        reply = answer(request)
        signal.alarm(0)
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The reply to a request; ``error`` tells what is wrong with it."""
    try:
        from reasoning_gym.factory import DATASETS
    except ImportError as error:
        return {"error": "not installed", "text": str(error)}
    if request["task"] not in DATASETS:
        return {"error": "unknown task", "known": sorted(DATASETS)}
    known = [f.name for f in dataclasses.fields(DATASETS[request["task"]][1]) if f.name not in ("seed", "size")]
    for key in request["options"]:
        if key not in known:
            return {"error": "unknown parameter", "key": key, "known": known}
    try:
        dataset = _dataset(request)
        if request["ask"] == "load":
            return {"version": version("reasoning-gym"), "rows": [_row(dataset, i) for i in range(request["size"])]}
        if _row(dataset, request["index"])["question"] != request["question"]:
            return {"error": "other problem", "version": version("reasoning-gym")}
    except Exception as error:  # whatever a generator raises for the parameters of its user
        return {"error": "refused", "text": f"{type(error).__name__}: {error}".strip(": ")}
    return {} if request["ask"] == "make" else _score(dataset, request)


def _dataset(request: dict[str, Any]) -> Any:
    import reasoning_gym

    name = json.dumps([request[key] for key in ("task", "size", "seed", "options")], sort_keys=True)
    if name not in _datasets:
        settings = {**request["options"], "size": request["size"], "seed": request["seed"]}
        random.seed(request["seed"])
        _datasets[name] = reasoning_gym.create_dataset(request["task"], **settings)
    return _datasets[name]


def _entry(dataset: Any, index: int) -> Any:
    """An entry, the same each time: a few generators draw from Python's global stream beside their own."""
    if (id(dataset), index) not in _entries:
        random.seed(index)
        _entries[id(dataset), index] = dataset[index]
    return copy.deepcopy(_entries[id(dataset), index])


def _row(dataset: Any, index: int) -> dict[str, str]:
    entry = _entry(dataset, index)
    gold = NO_REFERENCE if entry["answer"] is None else str(entry["answer"]).strip()
    return {"question": entry["question"].strip(), "answer": gold}


def _score(dataset: Any, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"score": float(dataset.score_answer(request["answer"], _entry(dataset, request["index"])))}
    except MemoryError:
        os._exit(1)  # a fresh process is cheaper than a doubtful one
    except Exception as error:  # the scorer's own failure on this text
        return {"score": 0.0, "failed": type(error).__name__}


if __name__ == "__main__":
    main()
