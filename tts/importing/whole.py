"""A directory that is there as a whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tts.core import UsageError


@contextmanager
def whole_directory(path: Path) -> Iterator[Path]:
    """An empty directory beside ``path``, which becomes ``path`` when the block ends, and is gone where it fails.

    What a killed process left there is cleared by the next. Raises UsageError where ``path`` is not new or empty,
    cannot be written, or another process is making it.
    """
    _check_new(path)
    place = path.resolve()
    part = place.with_name(f".{place.name}.part")
    made = [p for p in part.parents if not p.exists()]
    lock = _lock(path, part)
    try:
        _clear(part)
        yield part
        try:
            part.rename(place)
        except OSError as error:
            raise _unwritable(path, error) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
        with suppress(OSError):  # the first that is not empty ends it
            for directory in made:
                directory.rmdir()
        os.close(lock)


def _check_new(path: Path) -> None:
    try:
        there = path.exists()
    except OSError as error:  # a name that is too long
        raise _unwritable(path, error) from None
    if path.is_dir():
        names = sorted(p.name for p in path.iterdir())
        if {"config.yaml", "run.json"} & set(names):
            raise UsageError(f"--out: {path} holds a run already; name a new directory")
        if names:
            raise UsageError(f"--out: {path} holds {names[0]!r}; name a new or empty directory")
        if path.samefile(Path.cwd()):
            raise UsageError(f"--out: {path} is the directory that you are in; name a new one")
    elif there:
        raise UsageError(f"--out: {path} is a file; name a directory")


def _lock(path: Path, part: Path) -> int:
    """Make ``part`` and lock the directory itself, which is released by whatever ends the process."""
    try:
        part.mkdir(parents=True, exist_ok=True)
        lock = os.open(part, os.O_RDONLY)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if part.stat().st_ino == os.fstat(lock).st_ino:  # else another process has just finished with it
            return lock
    except OSError:
        pass
    os.close(lock)
    raise UsageError(f"--out: {path} is being made by another process; wait for it, or name another directory")


def _clear(directory: Path) -> None:
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"--out: {path} cannot be written ({error.strerror}); name a directory that you may write to")
