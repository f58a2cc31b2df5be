"""What the problem explorer shows of one candidate: its text, cut to a length, and the score of each of its steps."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from tts.analysis import RunData
from tts.core import Candidate, Completion, score_key

DELIMITERS = ("\n\n", "\n")
"""What verifiers cut steps at, where their options do not say."""

Span = tuple[int, int, float]
"""Start and end of a step in a text, in code points, and its score."""


def candidate_of(db: sqlite3.Connection, samples: Sequence[Sequence[Any]], whole: bool) -> Candidate | None:
    """A candidate from the journal's list of its completions; None where they are not held.

    Without ``whole`` only its text is read, which the last completion has.
    """
    if not whole:
        sql = "SELECT text FROM samples WHERE context = ? AND path = ?"
        row = db.execute(sql, (samples[-1][0], _written(samples[-1][1]))).fetchone() if samples else None
        return None if row is None else Candidate((), row[0])
    completions = [_completion(db, context, path) for context, path in samples]
    found = [c for c in completions if c is not None]
    return Candidate(tuple(found), found[-1].text) if found and len(found) == len(completions) else None


def _written(path: Sequence[str | int]) -> str:
    return json.dumps(path, separators=(",", ":"), ensure_ascii=False)


def _completion(db: sqlite3.Connection, context: int, path: Sequence[str | int]) -> Completion | None:
    row = db.execute(
        "SELECT text, token_ids, logprobs, top_logprobs, finish_reason FROM samples WHERE context = ? AND path = ?",
        (context, _written(path)),
    ).fetchone()
    if row is None:
        return None
    text, ids, logprobs, top, reason = row
    return Completion(
        tuple(path),
        text,
        np.frombuffer(ids, "<u4"),
        reason,
        logprobs=None if logprobs is None else np.frombuffer(logprobs, "<f2"),
        top_logprobs=None if top is None else np.frombuffer(top, "<f2"),
    )


class StepScores:
    """What a run's verifiers said of the steps of its answers."""

    def __init__(self, db: sqlite3.Connection, run: RunData):
        configured = {v.get("name"): v.get("delimiter") for v in (run.info.get("config") or {}).get("verifiers") or ()}
        self._db = db
        self._judges = [
            (name, judge["fingerprint"], bool(judge["reads_tokens"]), (configured.get(name), *DELIMITERS))
            for name, judge in (run.info.get("judges") or {}).items()
        ]
        self.reads_tokens = any(tokens for _, _, tokens, _ in self._judges)
        """Whether a candidate's text is not all that a verifier reads."""

    def spans(self, problem: str, question: str, candidate: Candidate) -> Iterator[tuple[str, list[Span]]]:
        """Each verifier that scored the steps of a candidate, with its scores. ``problem``: ``benchmark/id``.

        Steps are what a delimiter separates; a verifier whose scores are not one for each such step is left out.
        """
        pieces = cache(lambda delimiter: list(_steps(candidate.text, delimiter)))
        for name, fingerprint, tokens, delimiters in self._judges:
            key = score_key(fingerprint, tokens, problem, question, candidate)
            row = self._db.execute('SELECT "values" FROM scores WHERE key = ?', (key,)).fetchone()
            values = json.loads(row[0]) if row else []
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
