"""The journal: every answer of a model and of a verifier, durable and keyed. Cache, resume and reuse in one.

The tables are described in ``schema.sql``. What is not yet committed is served from memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path as FilePath

import numpy as np

from tts.core import Completion, Message, Path, Prompt, Score, UsageError, canonical_json
from tts.store.columns import COMPLETION, columns_of, completion_of, ids_bytes
from tts.store.writer import Writer

_KEPT = f"engine, {COMPLETION}"
_INSERT = (
    f"INSERT INTO samples (context, engine, path, {COMPLETION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    f"ON CONFLICT (context, path) DO UPDATE SET ({_KEPT}) = "
    f"({', '.join(f'excluded.{column}' for column in _KEPT.split(', '))}) "
    "WHERE finish_reason = 'refused'"  # the first answer written stays, but a refusal is none
)
_SELECT = f"SELECT path, {COMPLETION} FROM samples WHERE context = ?"


class Journal:
    """The journal of one run directory. All methods belong to one thread, the event loop's."""

    def __init__(self, path: FilePath):
        """Open or make the journal at ``path``. Raises UsageError where the file there is none."""
        self.db = sqlite3.connect(path, isolation_level=None)
        """For reading what is committed."""
        try:
            self.db.execute("PRAGMA journal_mode = WAL")
            self.db.executescript(files("tts.store").joinpath("schema.sql").read_text())
        except sqlite3.DatabaseError as error:
            raise UsageError(
                f"{path}: is no journal that can be used ({error}); put back a whole copy, or name another directory "
                "with --out"
            ) from None
        self.held, self.redrawn = self._take_up()
        self._contexts: dict[bytes, int] = dict(self.db.execute("SELECT digest, id FROM contexts"))
        self._chats: dict[bytes, tuple[int, tuple[int, ...]]] = {}  # not yet committed
        (self._last_chat,) = self.db.execute("SELECT coalesce(max(id), 0) FROM chats").fetchone()
        self._requests = 0
        self._samples: dict[tuple[int, str], Completion] = {}  # not yet committed
        self._scores: dict[bytes, Score] = {}  # not yet committed
        self.writer = Writer(path)

    def _take_up(self) -> tuple[int, int]:
        """Start a session: count the samples held, and those that were in flight when the last session died."""
        (held,) = self.db.execute("SELECT count(*) FROM samples").fetchone()
        redrawn = 0
        for context, paths in self.db.execute("SELECT context, paths FROM started").fetchall():
            have = {p for (p,) in self.db.execute("SELECT path FROM samples WHERE context = ?", (context,))}
            redrawn += sum(canonical_json(p) not in have for p in json.loads(paths))
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("DELETE FROM started")
        self.db.execute("INSERT INTO sessions (held, redrawn) VALUES (?, ?)", (held, redrawn))
        self.db.execute("COMMIT")
        return held, redrawn

    def close(self) -> None:
        """Commit what is queued and close the file. Raises TtsError where writing failed."""
        try:
            self.writer.close()
        finally:
            self.db.close()

    def engine(self, version: str) -> int:
        """The row of an engine's version, made where it is new."""
        engines = dict(self.db.execute("SELECT version, id FROM engines"))
        row = int(engines.get(version, len(engines) + 1))
        self.writer.put(lambda db: db.execute("INSERT OR IGNORE INTO engines VALUES (?, ?)", (row, version)))
        return row

    # --- samples -----------------------------------------------------------------------------------------------

    def chat(self, key: bytes) -> tuple[int, tuple[int, ...]] | None:
        """Row and prompt ids of a chat that was rendered before."""
        if key in self._chats:
            return self._chats[key]
        row = self.db.execute("SELECT id, prompt_ids FROM chats WHERE key = ?", (key,)).fetchone()
        return None if row is None else (row[0], tuple(np.frombuffer(row[1], "<u4").tolist()))

    def add_chat(
        self, key: bytes, problem: int | None, messages: Sequence[Message], prompt: Prompt
    ) -> tuple[int, tuple[int, ...]]:
        """Keep a chat's prompt; returns its row and ids."""
        self._last_chat += 1
        found = self._chats[key] = self._last_chat, prompt.token_ids
        ids = ids_bytes(np.asarray(prompt.token_ids))
        values = (found[0], key, problem, canonical_json(list(messages)), prompt.text, ids)
        self.writer.put(
            lambda db: db.execute("INSERT INTO chats VALUES (?, ?, ?, ?, ?, ?)", values),
            after=lambda: self._chats.pop(key, None),
        )
        return found

    def add_text(self, key: bytes, text: Prompt) -> tuple[int, tuple[int, ...]]:
        """Keep the ids of a text that is no chat; returns its row and ids."""
        return self.add_chat(key, None, (), text)

    def context(
        self,
        digest: bytes,
        *,
        problem: int,
        model: str,
        chat: int | None,
        prefix_ids: Sequence[int],
        params: str,
        seed: int,
        bound: int | None,
    ) -> int:
        """The row of a context, made where it is new."""
        known = self._contexts.get(digest)
        if known is not None:
            return known
        row = self._contexts[digest] = len(self._contexts) + 1
        values = (row, digest, problem, chat, ids_bytes(np.asarray(prefix_ids)), params, seed, model, bound)
        self.writer.put(lambda db: db.execute("INSERT INTO contexts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values))
        return row

    def samples(self, context: int, paths: Sequence[Path], refused: bool = True) -> dict[Path, Completion]:
        """Those of ``paths`` that the journal has an answer for; with ``refused``, refusals too."""
        wanted = {canonical_json(p): p for p in paths}
        # Memory first: a sample leaves memory only after its commit, so what is missing here is in the file or nowhere.
        answers = {p: s for text, p in wanted.items() if (s := self._samples.get((context, text))) is not None}
        if len(answers) == len(wanted):
            return answers
        if len(wanted) > 8:  # most of a context's samples are wanted together
            rows = self.db.execute(_SELECT, (context,)).fetchall()
        else:
            rows = [r for text in wanted for r in self.db.execute(f"{_SELECT} AND path = ?", (context, text))]
        answers |= {wanted[r[0]]: completion_of(wanted[r[0]], r[1:]) for r in rows if r[0] in wanted}
        return answers if refused else {p: c for p, c in answers.items() if not c.refused}

    def start(self, context: int, paths: Sequence[Path]) -> int:
        """Mark a request as sent; returns its number."""
        self._requests += 1
        values = (self._requests, context, canonical_json(paths))
        self.writer.put(lambda db: db.execute("INSERT INTO started VALUES (?, ?, ?)", values))
        return values[0]

    def finish(self, request: int, context: int, completions: Sequence[Completion], engine: int) -> None:
        """Record a request's answers. Aborted and errored outputs must never come here."""
        self._keep(context, completions, engine, request)

    def add_samples(self, context: int, completions: Sequence[Completion], engine: int) -> None:
        """Record answers that were not asked for here."""
        self._keep(context, completions, engine, None)

    def _keep(self, context: int, completions: Sequence[Completion], engine: int, request: int | None) -> None:
        rows = [(context, engine, canonical_json(c.path), *columns_of(c)) for c in completions]
        keys = [(context, str(row[2])) for row in rows]
        self._samples.update(zip(keys, completions, strict=True))

        def record(db: sqlite3.Connection) -> None:
            db.executemany(_INSERT, rows)
            if request is not None:
                db.execute("DELETE FROM started WHERE id = ?", (request,))

        def forget() -> None:
            for key in keys:
                self._samples.pop(key, None)

        self.writer.put(record, after=forget)

    # --- scores ------------------------------------------------------------------------------------------------

    def scores(self, keys: Sequence[bytes]) -> dict[bytes, Score]:
        """Those of ``keys`` that a verifier has answered."""
        found = {k: s for k in keys if (s := self._scores.get(k)) is not None}
        for key in keys:
            if key not in found:
                for values, tokens in self.db.execute('SELECT "values", tokens FROM scores WHERE key = ?', (key,)):
                    found[key] = Score(tuple(json.loads(values)), tokens)
        return found

    def record_scores(self, verifier: str, scores: dict[bytes, Score]) -> None:
        """Record a verifier's answers."""
        rows = [(key, verifier, canonical_json(s.values), s.tokens) for key, s in scores.items()]
        self._scores.update(scores)

        def forget() -> None:
            for key in scores:
                self._scores.pop(key, None)

        self.writer.put(lambda db: db.executemany("INSERT OR IGNORE INTO scores VALUES (?, ?, ?, ?)", rows), forget)
