"""What the problem explorer shows of one candidate: its text, cut to a length, and the score of each of its steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache

from tts.core import Candidate, Question, score_key
from tts.store import Reader

DELIMITERS = ("\n\n", "\n")
"""What verifiers cut steps at, where their options do not say."""

Span = tuple[int, int, float]
"""Start and end of a step in a text, in code points, and its score."""


class StepScores:
    """What a run's verifiers said of the steps of its answers."""

    def __init__(self, reader: Reader):
        info = reader.info
        configured = {v.get("name"): v.get("delimiter") for v in info.config.get("verifiers") or ()}
        self._reader = reader
        self._oracles = info.oracle_verifiers
        self._judges = [
            (name, judge.fingerprint, judge.reads_tokens, (configured.get(name), *DELIMITERS))
            for name, judge in info.judges.items()
        ]
        self.reads_tokens = any(tokens for _, _, tokens, _ in self._judges)
        """Whether a candidate's text is not all that a verifier reads."""

    def _told(self, name: str) -> tuple[bool | None, ...]:
        """What a verifier may have been told of an answer."""
        return (True, False) if name in self._oracles else (None,)

    def spans(self, problem: str, question: Question, candidate: Candidate) -> Iterator[tuple[str, list[Span]]]:
        """Each verifier that scored the steps of a candidate, with its scores. ``problem``: ``benchmark/id``.

        Steps are what a delimiter separates; a verifier whose scores are not one for each such step is left out.
        """
        pieces = cache(lambda delimiter: list(_steps(candidate.text, delimiter)))
        for name, fingerprint, tokens, delimiters in self._judges:
            keys = (score_key(fingerprint, tokens, problem, question, candidate, told) for told in self._told(name))
            values = next(filter(None, map(self._reader.score, keys)), None)
            if not values or not all(map(math.isfinite, values)):
                continue
            found = next((pieces(d) for d in delimiters if d and len(pieces(d)) == len(values)), None)
            if found is not None:
                yield name, [(start, end, float(f"{v:.3g}")) for (start, end), v in zip(found, values, strict=True)]


def _steps(text: str, delimiter: str) -> Iterator[tuple[int, int]]:
    at = 0
    for piece in text.split(delimiter):
        if piece.strip():
            yield at, at + len(piece)
        at += len(piece) + len(delimiter)


def cut(text: str, most: int, spans: Mapping[str, list[Span]]) -> tuple[str, int, dict[str, list[Span]]]:
    """A text of ``most`` characters (its beginning and its end), how many are left out, and the spans moved along.

    What is left out lies after the first half of the result. A span that begins and ends there is gone.
    """
    if len(text) <= most:
        return text, 0, dict(spans)
    head, gone = most // 2, len(text) - most
    kept: dict[str, list[Span]] = {}
    for name, found in spans.items():
        moved = [(_moved(start, head, gone), _moved(end, head, gone), value) for start, end, value in found]
        kept[name] = [span for span in moved if span[0] < span[1]]
    return text[:head] + text[head + gone :], gone, kept


def _moved(at: int, head: int, gone: int) -> int:
    return at if at <= head else max(head, at - gone)
