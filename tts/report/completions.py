"""The completions that a journal holds of one problem, found by the steps of a search: those it dropped as well.

A search's history names a step by its path alone. A sample is a context and a path, and the context of a step follows
from what it continues: the token ids so far are the context's prefix.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tts.report.genealogy import Key, Tree

_OF_A_STEP = ("stop", "step_tokens")
"""Sampling parameters that differ between the steps of one search: its last step has none."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A completion: the answer up to its end."""

    text: str
    prefix: bytes
    """Token ids of what it continues, as the journal writes them."""
    ids: bytes
    """``prefix`` and its own."""

    def after(self, parent: Held | None) -> str:
        """What it adds to the answer that it continues; all of it where it does not continue ``parent``."""
        if parent is None or not self.prefix.startswith(parent.ids) or not self.text.startswith(parent.text):
            return self.text
        return self.text[len(parent.text) :]


@dataclass(slots=True, eq=False)
class _Context:
    id: int
    params: str
    prefix: bytes
    held: dict[str, Held] | None = None
    """By path, as the journal writes it; None before they are read."""


class Completions:
    """The completions of one problem, read as they are asked for."""

    def __init__(self, db: sqlite3.Connection, contexts: Sequence[int]):
        """``contexts``: the ids of the problem's contexts."""
        self._db = db
        self._all: dict[int, _Context] = {}
        self._after: dict[tuple[int, bytes], list[_Context]] = {}  # by run seed and prefix
        sql = "SELECT id, params, prefix_ids, seed, chat FROM contexts WHERE id = ?"
        for one in contexts:
            name, params, prefix, seed, chat = db.execute(sql, (one,)).fetchone()
            self._all[name] = context = _Context(name, params, prefix)
            if chat is None:
                self._after.setdefault((seed, prefix), []).append(context)

    def of(self, tree: Tree, returned: Mapping[Key, int], seed: int) -> list[Held | None]:
        """Each node's completion; None where the journal does not hold it, or more than one fits.

        ``returned``: the contexts of the completions that the cell's candidates are made of, by path.
        """
        contexts = [self._all[c] for c in {*returned.values()} if c in self._all]
        search = _Search(seed, frozenset(c.params for c in contexts), frozenset(_common(c.params) for c in contexts))
        found: list[Held | None] = []
        for key, parent in zip(tree.keys, tree.parent, strict=True):
            if key in returned:
                context = self._all.get(returned[key])
                found.append(None if context is None else self._read(context).get(_path(key)))
            elif parent < 0:
                found.append(self._follow(search, b"", key, 0))
            else:
                before = found[parent]
                found.append(before and self._follow(search, before.ids, key, len(tree.keys[parent])))
        return found

    def _follow(self, search: _Search, ids: bytes, key: Key, known: int) -> Held | None:
        """The completion at ``key`` that continues ``ids``, over steps that the history does not name where it must.

        ``known``: length of the path that ``ids`` stand for; a step's path is that of the step before and an index.
        """
        found = self._next(search, ids, key)
        if found is None and len(key) - 1 > known:
            between = self._follow(search, ids, key[:-1], known)
            found = between and self._next(search, between.ids, key)
        return found

    def _next(self, search: _Search, ids: bytes, key: Key) -> Held | None:
        contexts = self._after.get((search.seed, ids), ())
        path = _path(key)
        for fits in (search.same, search.alike):
            held = [self._read(c)[path] for c in contexts if fits(c.params) and path in self._read(c)]
            if held:
                return held[0] if len(held) == 1 else None
        return None

    def _read(self, context: _Context) -> dict[str, Held]:
        if context.held is None:
            rows = self._db.execute("SELECT path, text, token_ids FROM samples WHERE context = ?", (context.id,))
            prefix = context.prefix
            context.held = {path: Held(text, prefix, prefix + ids) for path, text, ids in rows}
        return context.held


@dataclass(frozen=True, slots=True)
class _Search:
    """What the contexts of one cell have in common."""

    seed: int
    params: frozenset[str]
    common: frozenset[str]

    def same(self, params: str) -> bool:
        """Whether a returned candidate was drawn so."""
        return params in self.params

    def alike(self, params: str) -> bool:
        """Whether it may be another step of the same search."""
        return _common(params) in self.common


_COMMON: dict[str, str] = {}
_PATHS: dict[Key, str] = {}


def _common(params: str) -> str:
    if params not in _COMMON:
        kept = {k: v for k, v in json.loads(params).items() if k not in _OF_A_STEP}
        _COMMON[params] = json.dumps(kept, sort_keys=True)
    return _COMMON[params]


def _path(key: Key) -> str:
    if key not in _PATHS:
        _PATHS[key] = json.dumps(key, separators=(",", ":"), ensure_ascii=False)
    return _PATHS[key]


def contexts_of(db: sqlite3.Connection) -> dict[int, list[int]]:
    """The ids of the contexts of each problem, by the problem's row."""
    found: dict[int, list[int]] = {}
    for problem, context in db.execute("SELECT problem, id FROM contexts ORDER BY id"):
        found.setdefault(problem, []).append(context)
    return found


def steps(tree: Tree, held: Sequence[Held | None], most: int) -> Iterator[str | None]:
    """What each node says, cut to ``most`` characters."""
    for parent, one in zip(tree.parent, held, strict=True):
        if one is None:
            yield None
            continue
        text = one.after(held[parent] if parent >= 0 else None).strip()
        yield text if len(text) <= most else text[: most - 1] + "…"
