"""What a search recorded of its steps, as a tree: who came from whom, how it was valued, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
class _Node:
    key: Key
    parent: Key | None
    value: float | None = None
    kept: bool = False


def genealogy(history: Sequence[Mapping[str, Any]], returned: Sequence[Sequence[Key]], limit: int) -> Tree | None:
    """The tree of a cell; None where its strategy recorded no steps.

    ``history``: as the journal holds it; ``returned``: for each candidate, the paths of its completions; ``limit``:
    nodes at most, of which those of returned answers and what they grew from are kept first.
    """
    nodes: dict[Key, _Node] = {}
    before: dict[Key, list[Key]] = {}  # particles of the last step, by sweep
    for entry in history:
        name = next((g for g in _GROUPS if g in entry), None)
        if name is None:
            continue
        keys = [tuple(path) for path in entry[name]]
        values = next((entry[v] for v in _VALUES if v in entry), [None] * len(keys))
        sweep = tuple(entry.get("sweep", ()))
        for i, (key, parent) in enumerate(
            zip(keys, _parents(entry, name, keys, before.get(sweep), nodes), strict=True)
        ):
            node = nodes.setdefault(key, _Node(key, parent if parent != key else None))
            node.value = None if values[i] is None else float(f"{values[i]:.4g}")
            node.kept |= _kept(entry, i)
        if name == "particles":
            before[sweep] = keys
    if len(nodes) < 2 or all(node.parent is None for node in nodes.values()):
        return None
    for node in list(nodes.values()):
        if node.parent is not None:
            nodes[node.parent].kept = True
    return _tree(nodes, returned, limit)


def _parents(
    entry: Mapping[str, Any], name: str, keys: list[Key], before: list[Key] | None, nodes: Mapping[Key, _Node]
) -> Iterable[Key | None]:
    """What each answer continues: as recorded (particles), the one before (revisions), else by its path."""
    if name == "attempts":
        return [None, *keys[:-1]]
    if name == "particles" and before is not None:
        return [before[i] for i in entry["parents"]]
    return [next((key[:i] for i in range(len(key) - 1, 0, -1) if key[:i] in nodes), None) for key in keys]


def _kept(entry: Mapping[str, Any], i: int) -> bool:
    kept = entry.get("kept", ())
    if "widths" in entry:
        return bool(entry["widths"][i])
    return i in kept if isinstance(kept, list | tuple) else i == kept


def _tree(nodes: Mapping[Key, _Node], returned: Sequence[Sequence[Key]], limit: int) -> Tree:
    ends = {tuple(chain[-1]): i for i, chain in enumerate(returned) if chain}
    on_path = _upwards(nodes, (key for chain in returned for key in map(tuple, chain)))
    chosen: dict[Key, None] = {}
    for group in (on_path, [n.key for n in nodes.values() if n.kept], nodes):
        for key in group:
            way = [k for k in _upwards(nodes, [key]) if k not in chosen]
            if len(chosen) + len(way) <= limit:
                chosen |= dict.fromkeys(way)
    order = sorted(chosen, key=lambda key: len(_upwards(nodes, [key])))
    at = {key: i for i, key in enumerate(order)}
    shown = [nodes[key] for key in order]
    return Tree(
        parent=[-1 if n.parent is None else at[n.parent] for n in shown],
        value=[n.value for n in shown],
        fate=[RETURNED if n.key in on_path else KEPT if n.kept else DROPPED for n in shown],
        candidate=[ends.get(n.key, -1) for n in shown],
        left_out=len(nodes) - len(chosen),
    )


def _upwards(nodes: Mapping[Key, _Node], keys: Iterable[Key]) -> dict[Key, None]:
    """The nodes at ``keys`` and all that they grew from, in no particular order but always the same one."""
    found: dict[Key, None] = {}
    for start in keys:
        key: Key | None = start
        while key is not None and key in nodes and key not in found:
            found[key] = None
            key = nodes[key].parent
    return found
