"""Prefill of a cell under a perfect prefix cache: each distinct prefix token once, and none that the cell generated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tts.core import Completion

Ids = npt.NDArray[np.uint32]


def ideal_prefill(prompt: Sequence[int], requests: Sequence[tuple[Sequence[int], Sequence[Completion]]]) -> int:
    """Tokens to prefill for ``requests``, each a prefix (after ``prompt``) and the completions drawn from it.

    The requests' inputs form a trie below the prompt. A node of it costs one token unless some completion of the cell
    generated it: then its keys and values were computed while decoding.
    """
    if not requests:
        return 0
    inputs = [np.asarray(p, np.uint32) for p in sorted({tuple(prefix) for prefix, _ in requests if prefix})]
    if not inputs:
        return len(prompt)
    generated = [
        (len(prefix), np.concatenate([np.asarray(prefix, np.uint32), c.token_ids]))
        for prefix, batch in requests
        for c in batch
    ]
    tokens, before = len(prompt), np.zeros(0, np.uint32)
    for ids in inputs:  # in lexicographic order, the nodes new to the trie are those below the last shared one
        fresh = np.zeros(len(ids), bool)
        fresh[_shared(before, ids) :] = True
        for start, path in generated:
            fresh[start : _shared(path, ids)] = False
        tokens += int(fresh.sum())
        before = ids
    return tokens


def _shared(a: Ids, b: Ids) -> int:
    """Length of the longest common prefix."""
    n = min(len(a), len(b))
    differ = np.flatnonzero(a[:n] != b[:n])
    return int(differ[0]) if len(differ) else n
