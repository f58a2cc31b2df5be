"""An answer, drawn at once or in pieces: its text is the text of all ids.

A delimiter may lie across a border of two pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tts.core import Completion


def continued(
    before: Sequence[int], piece: Completion, stops: Sequence[str], decode: Callable[[Sequence[int]], str]
) -> Completion:
    """``piece`` with the text of the whole answer so far; ``before``: the answer's ids that it was drawn after, if any.

    The token that ends an answer is no part of its text, nor is the stop string that ends a piece.

    An engine looks for stop strings in what it generates. Where a piece completes one that ``before`` began, it is cut
    after the token that does so: the first tokens of a sample are a sample of what would have stopped there.
    """
    ids, known = piece.token_ids.tolist(), decode(before)
    begun = [s for s in stops if not known.endswith(s) and any(known.endswith(s[:i]) for i in range(1, len(s)))]
    for end in range(1, min(len(ids), max(map(len, begun), default=0)) + 1):  # a token is a character or more
        text = decode([*before, *ids[:end]])
        for stop in begun:
            at = text.find(stop, max(0, len(known) - len(stop) + 1))
            if 0 <= at < len(known) and (end < len(ids) or piece.truncated):
                return _cut(piece, end, text[:at], stop)
    if isinstance(piece.stop_reason, str):
        return replace(piece, text=_before_stop([*before, *ids], piece.stop_reason, decode))
    return replace(piece, text=decode([*before, *(ids[:-1] if piece.finished else ids)]))


def _before_stop(ids: Sequence[int], stop: str, decode: Callable[[Sequence[int]], str]) -> str:
    """The text of ids up to the stop string that their last token completes: what stands before may hold another."""
    text, known = decode(ids), decode(ids[:-1])
    at = text.find(stop, max(0, len(known) - len(stop) + 1))
    return text[:at] if at >= 0 else text.rpartition(stop)[0] or text


def _cut(piece: Completion, end: int, text: str, stop: str) -> Completion:
    return replace(
        piece,
        text=text,
        token_ids=piece.token_ids[:end],
        finish_reason="stop",
        stop_reason=stop,
        logprobs=None if piece.logprobs is None else piece.logprobs[:end],
        top_ids=None if piece.top_ids is None else piece.top_ids[:end],
        top_logprobs=None if piece.top_logprobs is None else piece.top_logprobs[:end],
    )
