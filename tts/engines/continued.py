"""An answer drawn in pieces: its text is the text of all ids, and a delimiter may lie across a border of two pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tts.core import Completion


def continued(
    before: Sequence[int], piece: Completion, stops: Sequence[str], decode: Callable[[Sequence[int]], str]
) -> Completion:
    """``piece``, drawn after the answer's ids ``before``, with the text of the whole answer so far.

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
    text = decode([*before, *ids])
    if isinstance(piece.stop_reason, str):
        text = text.rpartition(piece.stop_reason)[0]
    return replace(piece, text=text)


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
