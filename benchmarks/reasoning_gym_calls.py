"""What a worker computes for ``reasoning_gym``: everything that needs the package.

A worker has a fixed hash seed, because some of the package's generators iterate over sets; and it may be killed,
because some of its scorers evaluate what a model wrote.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import random
from contextlib import suppress
from importlib.metadata import version
from typing import Any

NO_REFERENCE = "(any answer that the scorer accepts)"
"""Stands for the reference answer where a task has none."""

_datasets: dict[str, Any] = {}
_entries: dict[tuple[int, int], Any] = {}
"""Entries by data set (none is ever dropped) and index."""


def warm() -> None:
    """Import the package, where there is one."""
    with suppress(ImportError):
        from reasoning_gym.factory import DATASETS  # noqa: F401


def load(**task: Any) -> dict[str, Any]:
    """All problems of a task, or ``error`` and what is wrong with it."""
    refused, dataset = _made(task)
    if refused:
        return refused
    try:
        return {"version": version("reasoning-gym"), "rows": [_row(dataset, i) for i in range(task["size"])]}
    except MemoryError:
        raise
    except Exception as error:
        return _refused(error)


def make(index: int, question: str, **task: Any) -> dict[str, Any]:
    """Make one problem, so that scoring it takes the scorer's time alone; ``error`` where it is not ``question``."""
    refused, dataset = _made(task)
    if refused:
        return refused
    try:
        same = index < task["size"] and _row(dataset, index)["question"] == question
    except MemoryError:
        raise
    except Exception as error:
        return _refused(error)
    if not same:
        return {"error": "other problem", "version": version("reasoning-gym")}
    return {}


def score(index: int, answer: str, **task: Any) -> dict[str, Any]:
    """The scorer's score of an answer to a problem that was made; ``failed`` where it raised on this text."""
    _, dataset = _made(task)
    try:
        return {"score": float(dataset.score_answer(answer, _entry(dataset, index)))}
    except MemoryError:
        raise
    except Exception as error:  # the scorer's own failure on this text
        return {"score": 0.0, "failed": type(error).__name__}


def _made(task: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """What is wrong with a task, or its data set."""
    try:
        from reasoning_gym.factory import DATASETS
    except ImportError as error:
        return {"error": "not installed", "text": str(error)}, None
    if task["task"] not in DATASETS:
        return {"error": "unknown task", "known": sorted(DATASETS)}, None
    known = [f.name for f in dataclasses.fields(DATASETS[task["task"]][1]) if f.name not in ("seed", "size")]
    for key in task["options"]:
        if key not in known:
            return {"error": "unknown parameter", "key": key, "known": known}, None
    try:
        return {}, _dataset(task)
    except MemoryError:
        raise
    except Exception as error:
        return _refused(error), None


def _refused(error: Exception) -> dict[str, Any]:
    """Of whatever a generator raises for the parameters of its user."""
    return {"error": "refused", "text": f"{type(error).__name__}: {error}".strip(": ")}


def _dataset(task: dict[str, Any]) -> Any:
    import reasoning_gym

    name = json.dumps([task[key] for key in ("task", "size", "seed", "options")], sort_keys=True)
    if name not in _datasets:
        settings = {**task["options"], "size": task["size"], "seed": task["seed"]}
        random.seed(task["seed"])
        _datasets[name] = reasoning_gym.create_dataset(task["task"], **settings)
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
