"""The completions that a journal holds of one problem, found by the steps of a search: those it dropped as well.

A search's history names a step by its path alone. A sample is a context and a path, and the context of a step follows
from what it continues: the token ids so far are the context's prefix.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from tts.report.explorer.genealogy import Key, Tree
from tts.store import Reader, StoredContext, path_text

_OF_A_STEP = ("stop", "step_tokens")
"""Sampling parameters that differ between the steps of one search: its last step has none."""


@dataclass(slots=True, eq=False)
class Held:
    """A completion: the answer up to its end."""

    text: str
    prefix: bytes
    """Token ids of what it continues, as the journal writes them."""
    own: bytes

    @property
    def ids(self) -> bytes:
        """Of the answer up to its end."""
        return self.prefix + self.own

    def after(self, parent: Held | None) -> str:
        """What it adds to the answer that it continues; all of it where it does not continue ``parent``."""
        if parent is None or not self.prefix.startswith(parent.ids) or not self.text.startswith(parent.text):
            return self.text
        return self.text[len(parent.text) :]


_Start = tuple[int, bytes, frozenset[str]]
"""Run seed, token ids so far, and the sampling parameters that are known of a search."""


class Completions:
    """The completions of one problem, read as they are asked for."""

    def __init__(self, reader: Reader, contexts: Sequence[StoredContext]):
        """``contexts``: those of the problem."""
        self._reader = reader
        self._all = {context.id: context for context in contexts}
        self._after: dict[tuple[int, bytes], list[StoredContext]] = {}  # by run seed and prefix
        self._read_samples: dict[int, dict[str, Held]] = {}  # by context and path, as the journal writes it
        self._continued: dict[_Start, dict[str, Held | None]] = {}
        for context in contexts:
            if context.chat is None:
                self._after.setdefault((context.seed, context.prefix_ids), []).append(context)

    def of(self, tree: Tree, returned: Mapping[Key, int], seed: int) -> list[Held | None]:
        """Each node's completion; None where the journal does not hold it, or more than one fits.

        ``returned``: the contexts of the completions that the cell's candidates are made of, by path.
        """
        params = frozenset(self._all[c].params for c in {*returned.values()} if c in self._all)
        known = {path: self._all[c] for path, c in returned.items() if c in self._all}
        root: _Start = (seed, b"", params)
        starts: dict[int, tuple[_Start, dict[str, Held | None]]] = {-1: (root, self._next(root))}
        found: list[Held | None] = []
        for key, parent in zip(tree.keys, tree.parent, strict=True):
            before = found[parent] if parent >= 0 else None
            context = known.get(key)
            if context is not None:
                found.append(self._read(context).get(path_text(key)))
            elif parent >= 0 and before is None:
                found.append(None)
            else:
                if parent not in starts:
                    start = (seed, before.ids if before else b"", params)
                    starts[parent] = (start, self._next(start))
                start, following = starts[parent]
                one = following.get(path_text(key))
                found.append(one or self._between(start, key, len(tree.keys[parent]) if parent >= 0 else 0))
        return found

    def _between(self, start: _Start, key: Key, known: int) -> Held | None:
        """The completion at ``key`` that goes on from ``start`` over steps that the history does not name.

        ``known``: length of the path at the start; a step's path is that of the step before and an index.
        """
        if len(key) - 1 <= known:
            return None
        before = self._next(start).get(path_text(key[:-1])) or self._between(start, key[:-1], known)
        return None if before is None else self._next((start[0], before.ids, start[2])).get(path_text(key))

    def _next(self, start: _Start) -> dict[str, Held | None]:
        """All that continues ``start`` in the same search, by path; None where several do.

        Contexts with parameters of the cell's own candidates come before those of other steps.
        """
        if start not in self._continued:
            seed, ids, params = start
            contexts = self._after.get((seed, ids), ())
            common = {_common(one) for one in params}
            found: dict[str, Held | None] = {}
            for group in (
                [c for c in contexts if c.params not in params and _common(c.params) in common],
                [c for c in contexts if c.params in params],
            ):
                held = [self._read(c) for c in group]
                twice = {path for one, other in combinations(held, 2) for path in one.keys() & other.keys()}
                for one in held:
                    found |= one
                found |= dict.fromkeys(twice)
            self._continued[start] = found
        return self._continued[start]

    def _read(self, context: StoredContext) -> dict[str, Held]:
        if context.id not in self._read_samples:
            samples = self._reader.samples(context.id)
            self._read_samples[context.id] = {
                path: Held(text, context.prefix_ids, ids) for path, (text, ids) in samples.items()
            }
        return self._read_samples[context.id]


@lru_cache(1 << 12)
def _common(params: str) -> str:
    """What the steps of one search have in common."""
    return json.dumps({k: v for k, v in json.loads(params).items() if k not in _OF_A_STEP}, sort_keys=True)
