"""Runs cells: many at once, in order, through a window sized to the engine; older cells' requests go first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from tts.core import POLICY
from tts.session.broker import Broker
from tts.session.outcomes import Outcomes
from tts.session.panel import Panel
from tts.session.tools import CellTools
from tts.store import Journal
from tts.sweep.cells import Cell

AHEAD = 2
"""Cells are admitted while fewer than this many times an engine's capacity of samples are in flight."""
HELD_BYTES = 1 << 30
"""Cells are admitted while the answers of those under way take less than about this in memory."""


class Runner:
    """Solves and grades cells."""

    def __init__(
        self, broker: Broker, journal: Journal, outcomes: Outcomes, panel: Panel, held_bytes: int = HELD_BYTES
    ):
        """The run's parts; the runner owns none of them. ``held_bytes``: see ``HELD_BYTES``."""
        self._live: set[CellTools] = set()
        self._held_bytes = held_bytes
        self._broker = broker
        self._journal = journal
        self._outcomes = outcomes
        self._panel = panel
        self.finished = 0
        """Cells finished in this session."""

    async def run(self, cells: Iterable[Cell]) -> None:
        """Run all cells to their outcomes. Raises what a strategy or the engine raises, as an ExceptionGroup."""
        await admit(cells, self._run_cell, self._has_room, self._broker.landed)

    def _has_room(self, live: int) -> bool:
        capacity = self._broker.models[POLICY].engine.capacity
        held = sum(tools.held_bytes for tools in self._live)
        return self._broker.has_room(AHEAD) and live < AHEAD * capacity and held < self._held_bytes

    async def _run_cell(self, cell: Cell) -> None:
        tools = CellTools(cell, self._broker, self._panel)
        self._live.add(tools)
        try:
            await self._solve(cell, tools)
        finally:
            self._live.discard(tools)

    async def _solve(self, cell: Cell, tools: CellTools) -> None:
        if cell.pilot is not None:
            before = CellTools(cell.pilot, self._broker, self._panel)
            await cell.pilot.setting.strategy.solve(cell.problem.question, cell.pilot.n, before)
            tools.charge(before)
        candidates = await cell.setting.strategy.solve(cell.problem.question, cell.n, tools)
        origins = [tools.origin(c) for c in candidates]
        scored, passes = await self._panel.scored(cell.problem, candidates)
        usage = tools.usage(candidates, passes)
        await self._outcomes.record(cell, scored, origins, usage, tools.history, tools.contexts)
        self.finished += 1


async def admit(
    cells: Iterable[Cell],
    work: Callable[[Cell], Awaitable[None]],
    has_room: Callable[[int], bool],
    changed: asyncio.Event,
) -> None:
    """Start ``work`` on each cell in order, whenever ``has_room(cells under way)``; ``changed`` says when to look."""
    live = 0

    async def one(cell: Cell) -> None:
        nonlocal live
        try:
            await work(cell)
        finally:
            live -= 1
            changed.set()

    async with asyncio.TaskGroup() as group:
        for cell in cells:
            while live and not has_room(live):
                changed.clear()
                await changed.wait()
            live += 1
            group.create_task(one(cell))
            await asyncio.sleep(0)  # let it send its first requests, so that the next look counts them
