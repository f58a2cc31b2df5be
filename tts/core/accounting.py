"""What a cell costs, from its own requests: where its tokens lie, prefill under a perfect cache, the critical path."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.core.types import Completion, Positions

Words = npt.NDArray[np.uint64]


def positions(spans: Iterable[tuple[int, int]]) -> Positions:
    """Tokens of ``spans`` by position; a span is (first, end), a token at each position from first to before end."""
    changes: Counter[int] = Counter()
    for first, end in spans:
        changes[first] += 1
        changes[end] -= 1
    return tuple((at, change) for at, change in sorted(changes.items()) if change)


def ideal_prefill(requests: Sequence[tuple[Sequence[int], Sequence[Completion]]]) -> npt.NDArray[np.int64]:
    """Positions of the tokens to prefill for ``requests``, shape (tokens,), in no order.

    A request is an input (prompt and answer so far) and the completions drawn from it. Under a perfect prefix cache
    each distinct input token is computed once: the inputs form a trie. A node of it costs one token unless some
    completion of the cell generated it: then its keys and values were computed while decoding. A node is known by the
    sum of 64-bit hashes of (position, token) on the way to it, so that whole inputs are handled at once; two nodes in
    a million share a hash with probability 1e-7.
    """
    if not requests:
        return np.zeros(0, np.int64)
    nodes = [_nodes(np.asarray(ids, np.uint64)) for ids, _ in requests]
    generated = [
        (at[-1] if len(at) else np.uint64(0)) + _nodes(c.token_ids.astype(np.uint64), start=len(at))
        for at, (_, batch) in zip(nodes, requests, strict=True)
        for c in batch
    ]
    distinct, first = np.unique(np.concatenate(nodes), return_index=True)
    depths: npt.NDArray[np.int64] = np.concatenate([np.arange(len(at)) for at in nodes])[first]
    return depths[~np.isin(distinct, np.concatenate([*generated, np.zeros(0, np.uint64)]))]


def _nodes(ids: Words, start: int = 0) -> Words:
    """A hash for every prefix of ``ids`` (n,), which begins at position ``start``: sums modulo 2^64."""
    position = np.arange(start, start + len(ids), dtype=np.uint64)
    return np.cumsum(_mix(_mix(position) ^ ids), dtype=np.uint64)


def _mix(x: Words) -> Words:
    """The finaliser of splitmix64 (Steele et al. 2014): every bit of the result depends on every bit of ``x``."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@dataclass(eq=False)
class _Strand:
    """What one task of a cell has asked so far, one request after the other."""

    clock: CriticalPath
    task: asyncio.Task[Any] | None
    at: int
    """Tokens that came before the task's next request."""
    strands: list[_Strand] = field(default_factory=list)
    """Of tasks that it has started and not yet waited for."""

    def join(self) -> int:
        """Wait for the tasks that are done, which whoever goes on has waited for."""
        for strand in [s for s in self.strands if s.task is None or s.task.done()]:
            self.at = max(self.at, strand.join())
            self.strands.remove(strand)
        return self.at


_now: ContextVar[tuple[_Strand, int] | None] = ContextVar("tts_critical_path", default=None)
"""The task's strand, and how far it had come when a task that inherits this was started."""


class CriticalPath:
    """The generated tokens of a cell that had to come one after the other.

    A request begins where the requests of its own task that came before it have ended, those of the tasks that it
    started and waited for among them, and where the answer that it continues had come to; it ends the length of its
    longest answer later. A task begins where the one that started it stood. All of this is a function of the
    strategy's code and of its answers: no order of arrival and no speed of an engine enters.
    """

    def __init__(self) -> None:
        """Nothing was asked; the running task is the one that the cell's other tasks come from."""
        self._root = _Strand(self, _running(), 0)
        self._ends: dict[bytes, int] = {}
        self._lengths: set[int] = set()
        self._batches: list[tuple[Sequence[int], Sequence[Completion], int]] = []
        self._seen = 0  # of the batches, those that are among the ends
        self.before = 0
        """Tokens of what came before the cell, such as a plan's pilot."""
        self.enter()

    def enter(self) -> None:
        """Tasks that the running one starts from now on are this cell's, and no other cell's that it worked on."""
        _now.set((self._root, self._root.at))

    @property
    def tokens(self) -> int:
        """The whole path so far."""
        own = max((end for _, _, end in self._batches), default=0)
        return self.before + own

    def begin(self) -> int:
        """Where a request of the running task begins; call it before anything is awaited."""
        strand = self._strand()
        strand.join()
        _now.set((strand, strand.at))
        return strand.at

    def end(self, begin: int, input_ids: Sequence[int], prefix: int, completions: Sequence[Completion]) -> None:
        """A request has its answers. ``prefix``: how many of ``input_ids``, from the end, are the answer so far."""
        if prefix:
            begin = max(begin, self._known(input_ids))
        end = begin + max((c.output_tokens for c in completions), default=0)
        self._batches.append((input_ids, completions, end))
        strand = self._strand()
        strand.at = max(strand.at, end)
        _now.set((strand, strand.at))

    def _strand(self) -> _Strand:
        """The running task's."""
        task, inherited = _running(), _now.get()
        strand, at = inherited if inherited and inherited[0].clock is self else (self._root, self._root.at)
        if strand.task is not task:
            own = _Strand(self, task, at)
            strand.strands.append(own)
            _now.set((own, at))
            return own
        return strand

    def _known(self, input_ids: Sequence[int]) -> int:
        """Where the longest answer ended that ``input_ids`` continues; 0 where the cell drew none."""
        for ids, completions, end in self._batches[self._seen :]:
            for completion in completions:
                key = np.concatenate([np.asarray(ids, np.uint32), completion.token_ids]).tobytes()
                self._ends[key] = max(end, self._ends.get(key, 0))
                self._lengths.add(len(key))
        self._seen = len(self._batches)
        whole = np.asarray(input_ids, np.uint32).tobytes()
        at = next((n for n in sorted(self._lengths, reverse=True) if n <= len(whole) and whole[:n] in self._ends), None)
        return 0 if at is None else self._ends[whole[:at]]


def _running() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop runs
        return None
