"""How a completion is written into the journal's columns, and read from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.core import Completion, Path

COMPLETION = "text, token_ids, logprobs, top_ids, top_logprobs, finish_reason, stop_reason"
"""The columns of a completion, beside its path."""


@lru_cache(1 << 18)
def path_text(path: Path) -> str:
    """A path as the journal writes it: canonical JSON. Most end in an index after a path that is known already."""
    if len(path) > 1 and isinstance(path[-1], int):
        return f"{path_text(path[:-1])[:-1]},{path[-1]}]"
    return json.dumps(path, separators=(",", ":"), ensure_ascii=False)


def columns_of(c: Completion) -> tuple[object, ...]:
    """A completion's values of ``COMPLETION``."""
    return (
        c.text.encode("utf-8", "replace").decode(),  # a lone surrogate has no place in UTF-8
        ids_bytes(c.token_ids),
        _half(c.logprobs),
        None if c.top_ids is None else ids_bytes(c.top_ids),
        _half(c.top_logprobs),
        c.finish_reason,
        None if c.stop_reason is None else json.dumps(c.stop_reason),
    )


def completion_of(path: Path, row: Sequence[Any]) -> Completion:
    """The completion at ``path`` from its values of ``COMPLETION``."""
    text, ids, logprobs, top_ids, top_logprobs, finish, stop = row
    tokens = np.frombuffer(ids, "<u4")
    table = (len(tokens), -1 if len(tokens) else 0)
    return Completion(
        path=path,
        text=str(text),
        token_ids=tokens,
        finish_reason=finish,
        stop_reason=None if stop is None else json.loads(stop),
        logprobs=None if logprobs is None else np.frombuffer(logprobs, "<f2"),
        top_ids=None if top_ids is None else np.frombuffer(top_ids, "<u4").reshape(table),
        top_logprobs=None if top_logprobs is None else np.frombuffer(top_logprobs, "<f2").reshape(table),
    )


def ids_bytes(ids: npt.NDArray[np.integer]) -> bytes:
    """Token ids as the journal writes them: little-endian uint32."""
    return ids.astype("<u4").tobytes()


def _half(values: npt.NDArray[np.floating] | None) -> bytes | None:
    return None if values is None else values.astype("<f2").tobytes()
