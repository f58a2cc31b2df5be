"""Answers that are on their way: asked for once, and shared by all who want them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(eq=False)
class _Flight(Generic[K, V]):
    task: asyncio.Task[Mapping[K, V]]
    waiting: int = 0


class Flights(Generic[K, V]):
    """The requests under way. A flight belongs to this table and to no asker.

    Whoever stops waiting cancels nobody else; a flight that nobody waits for any more is called off.
    """

    def __init__(self) -> None:
        """Nothing is under way."""
        self._by_key: dict[K, _Flight[K, V]] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._by_key

    def launch(self, keys: Iterable[K], ask: Callable[[], Awaitable[Mapping[K, V]]]) -> None:
        """Start ``ask``, which answers all of ``keys``; none of them is under way. Wait for them before you await."""
        keys = tuple(keys)
        flight: _Flight[K, V] = _Flight(asyncio.ensure_future(_awaited(ask)))
        self._by_key |= dict.fromkeys(keys, flight)

        def landed(task: asyncio.Task[Mapping[K, V]]) -> None:
            for key in keys:
                del self._by_key[key]
            if not task.cancelled():
                task.exception()  # every asker may have left: nobody is to be told that nobody looked

        flight.task.add_done_callback(landed)

    async def wait(self, keys: Iterable[K]) -> dict[K, V]:
        """The answers to ``keys``, all of which are under way. Raises what their requests raise."""
        flights = {key: self._by_key[key] for key in keys}
        distinct = list(dict.fromkeys(flights.values()))
        for flight in distinct:
            flight.waiting += 1
        try:
            for flight in distinct:
                await asyncio.shield(flight.task)
            return {key: flight.task.result()[key] for key, flight in flights.items()}
        finally:
            for flight in distinct:
                flight.waiting -= 1
                if not flight.waiting:
                    flight.task.cancel()  # without effect on one that has landed


async def _awaited(ask: Callable[[], Awaitable[Mapping[K, V]]]) -> Mapping[K, V]:
    return await ask()
