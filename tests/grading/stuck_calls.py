"""Functions that workers of the tests call."""

from __future__ import annotations

import os
import time

_made: list[int] = []


def double(number: int) -> int:
    return 2 * number


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "awake"


def fill(megabytes: int) -> int:
    return len(bytearray(megabytes << 20))


def die() -> None:
    os._exit(3)


def fail(text: str) -> None:
    raise ValueError(text)


def make(number: int) -> None:
    time.sleep(0.6)
    _made.append(number)


def made() -> list[int]:
    return _made
