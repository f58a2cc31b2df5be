"""The rooms are as the documentation draws them, and their doors hold what they say."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from lab import rooms

DOCS = rooms.ROOT / "docs"
ROOMS = [room for layer in rooms.layers() for room in layer]


def test_the_picture_and_the_table_are_those_of_the_contracts() -> None:
    """`python -m lab.rooms docs` makes them anew."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    assert (DOCS / "rooms.svg").read_text(encoding="utf-8") == rooms.picture()
    assert text == rooms.page(text)


def test_every_room_is_in_the_contract() -> None:
    folders = {p.name for p in (rooms.ROOT / "tts").iterdir() if (p / "__init__.py").is_file()}
    assert folders == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_door_has_all_that_it_names_and_each_name_once(room: str) -> None:
    door = importlib.import_module(f"tts.{room}")
    names = list(getattr(door, "__all__", []))
    assert len(names) == len(set(names))
    assert not [name for name in names if not hasattr(door, name)]


def test_the_folders_of_the_package_are_small() -> None:
    """At most 14 modules a folder, its door apart; strategies, verifiers and benchmarks have one file a family."""
    large = {}
    for folder in [
        rooms.ROOT / "tts",
        *(p for p in (rooms.ROOT / "tts").rglob("*") if p.is_dir() and not p.is_symlink()),
    ]:
        modules = [p for p in folder.glob("*.py") if p.name != "__init__.py"]
        if len(modules) > 14:
            large[str(Path(folder).relative_to(rooms.ROOT))] = len(modules)
    assert not large
