"""Where a cell's tokens lie in their sequences, and its prefill under a perfect prefix cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

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
