"""What a search recorded of its steps, as a tree: who came from whom, how it was valued, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_GROUPS = ("beams", "children", "nodes", "particles", "attempts")
"""Under which name a history's entry lists the answers of its step."""
_VALUES = ("values", "scores")

DROPPED, KEPT, RETURNED = range(3)
"""A node's fate: left by the search, kept at its step, or a part of an answer that was returned."""

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """One node an answer in the making, parents before their children."""

    keys: list[Key]
    """The path of each node's last completion."""
    parent: list[int]
    """Index of the node that it continues; -1 where it continues none."""
    value: list[float | None]
    """What the search saw in it, rounded."""
    fate: list[int]
    candidate: list[int]
    """Index of the candidate that ends here, else -1."""
    left_out: int
    """Nodes beyond the limit; dropped ones go first."""


@dataclass(slots=True)
class _Nodes:
    """All steps recorded, parents before their children."""

    at: dict[Key, int] = field(default_factory=dict)
    parent: list[int] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    value: list[float | None] = field(default_factory=list)
    kept: list[bool] = field(default_factory=list)

    def add(self, key: Key, parent: int) -> int:
        """A new node, which continues ``parent`` (-1: none)."""
        i = self.at[key] = len(self.parent)
        self.parent.append(parent)
        self.depth.append(self.depth[parent] + 1 if parent >= 0 else 0)
        self.value.append(None)
        self.kept.append(False)
        return i

    def way(self, i: int, known: Container[int]) -> list[int]:
        """The node and what it grew from, up to the first one ``known``."""
        found = []
        while i >= 0 and i not in known:
            found.append(i)
            i = self.parent[i]
        return found


def genealogy(history: Sequence[Mapping[str, Any]], returned: Sequence[Sequence[Key]], limit: int) -> Tree | None:
    """The tree of a cell; None where its strategy recorded no steps.

    ``history``: as the journal holds it; ``returned``: for each candidate, the paths of its completions; ``limit``:
    nodes at most, of which those of returned answers and what they grew from are kept first.
    """
    nodes = _Nodes()
    before: dict[Key, list[int]] = {}  # particles of the last step, by sweep
    for entry in history:
        name = next((g for g in _GROUPS if g in entry), None)
        if name is not None:
            _read(entry, name, nodes, before)
    if len(nodes.parent) < 2 or max(nodes.parent) < 0:
        return None
    for parent in nodes.parent:
        if parent >= 0:
            nodes.kept[parent] = True
    return _tree(nodes, returned, limit)


def _read(entry: Mapping[str, Any], name: str, nodes: _Nodes, before: dict[Key, list[int]]) -> None:
    """Take up the answers of one step, each with what it continues: as recorded (particles), the one before
    (revisions), else by its path."""
    keys = [tuple(path) for path in entry[name]]
    values = next((entry[v] for v in _VALUES if v in entry), [None] * len(keys))
    sweep = tuple(entry.get("sweep", ()))
    last = before.get(sweep) if name == "particles" else None
    found: list[int] = []
    for i, key in enumerate(keys):
        at = nodes.at.get(key, -1)  # where it is, what it was first said to continue holds
        if at < 0:
            if name == "attempts":
                parent = found[-1] if found else -1
            elif last is not None:
                parent = last[entry["parents"][i]]
            else:
                parent = next((nodes.at[key[:k]] for k in range(len(key) - 1, 0, -1) if key[:k] in nodes.at), -1)
            at = nodes.add(key, parent)
        found.append(at)
    kept = _kept(entry, len(keys))
    for i, (at, value) in enumerate(zip(found, values, strict=True)):
        nodes.value[at] = None if value is None else float(f"{value:.4g}")
        if i in kept:
            nodes.kept[at] = True
    if name == "particles":
        before[sweep] = found


def _kept(entry: Mapping[str, Any], size: int) -> Container[int]:
    if "widths" in entry:
        return {i for i in range(size) if entry["widths"][i]}
    kept = entry.get("kept", ())
    return set(kept) if isinstance(kept, list | tuple) else {kept}


def _tree(nodes: _Nodes, returned: Sequence[Sequence[Key]], limit: int) -> Tree:
    ends = {nodes.at[chain[-1]]: i for i, chain in enumerate(returned) if chain and chain[-1] in nodes.at}
    on_path: dict[int, None] = {}
    for chain in returned:
        for key in chain:
            on_path |= dict.fromkeys(nodes.way(nodes.at.get(key, -1), on_path))
    size = len(nodes.parent)
    chosen: Collection[int] = range(size) if size <= limit else _chosen(nodes, on_path, limit)
    order = sorted(sorted(chosen), key=nodes.depth.__getitem__)
    at = {i: new for new, i in enumerate(order)}
    keys = list(nodes.at)
    return Tree(
        keys=[keys[i] for i in order],
        parent=[at.get(nodes.parent[i], -1) for i in order],
        value=[nodes.value[i] for i in order],
        fate=[RETURNED if i in on_path else KEPT if nodes.kept[i] else DROPPED for i in order],
        candidate=[ends.get(i, -1) for i in order],
        left_out=size - len(chosen),
    )


def _chosen(nodes: _Nodes, on_path: Iterable[int], limit: int) -> dict[int, None]:
    """At most ``limit`` nodes, with all that they grew from: the way of returned answers first, then what was kept."""
    chosen: dict[int, None] = {}
    size = len(nodes.parent)
    for group in (on_path, (i for i in range(size) if nodes.kept[i]), range(size)):
        for i in group:
            if len(chosen) == limit:
                return chosen
            way = nodes.way(i, chosen)
            if len(chosen) + len(way) <= limit:
                chosen |= dict.fromkeys(way)
    return chosen
