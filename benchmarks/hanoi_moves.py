"""Moves in a Tower of Hanoi: reading, simulating and finding them.

A state is a string of letters, the peg of disk 1 (the smallest), of disk 2, and so on. A move is two letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tts.core import Question
from tts.grading.boxes import last_boxed

PEGS = "ABC"
MOST_CHARACTERS = 100_000
"""A longer answer is not read; 1023 moves take 6,000 characters."""

_LATEX = re.compile(r"\\(?:text|mathrm|mathtt|texttt)\s?(?=\{)|\\[,;:! \\]|[${}\[\]`*]|\\q?quad|\\left|\\right")
_ARROW = re.compile(r"\\(?:long)?rightarrow|\\to(?![a-z])|[-=−–—]+>|[→➔⇒]|\s+to\s+", re.IGNORECASE)
_MOVE = re.compile(r"(?:\b\d{1,5}[.):]\s*)?(?<![A-Za-z>])([ABC])\s*>\s*([ABC])(?![A-Za-z])(?!\s*>)", re.IGNORECASE)
_BETWEEN = re.compile(r"(?:[\s,;()]|\.(?!\.))*")
_MARKER = re.compile(r"^[\s*#_>]*(?:final\s+)?(?:answer|moves|solution)\b[\s*_]*(?:is|are)?[\s*_]*:", re.I | re.M)


class HanoiChecker:
    """Plays the moves; the problem's states are read from its id (``.../START-GOAL``)."""

    def extract(self, text: str) -> str | None:
        """The last box, else the moves after the last line that begins with ``Answer:``, ``Moves:`` or the like."""
        boxed = last_boxed(text)
        if boxed is not None:
            return boxed
        stated = _MARKER.split(text)[-1] if _MARKER.search(text) else ""
        paragraph = stated.lstrip(" \t\n*_").partition("\n\n")[0].strip()
        return paragraph if read_moves(paragraph) else None

    def canonical(self, answer: str) -> str:
        """The same moves in one spelling."""
        moves = read_moves(answer)
        return answer.strip() if moves is None else spell(moves)

    def correct(self, question: Question, gold: str, answer: str) -> bool:
        """Whether every move is legal and the last one reaches the goal."""
        moves = read_moves(answer)
        start, _, goal = question.id.rpartition("/")[2].partition("-")
        return moves is not None and play(start, moves) == goal


def read_moves(text: str) -> list[str] | None:
    r"""The moves of ``A->C, A->B``, also with LaTeX or Unicode arrows, "to", or numbering; None for anything else."""
    if len(text) > MOST_CHARACTERS:
        return None
    plain = _LATEX.sub(" ", _ARROW.sub(">", text))
    end = 0
    moves = []
    for found in _MOVE.finditer(plain):
        if not _BETWEEN.fullmatch(plain, end, found.start()):
            return None
        moves.append(f"{found[1]}{found[2]}".upper())
        end = found.end()
    return moves if moves and _BETWEEN.fullmatch(plain, end) else None


def spell(moves: Sequence[str]) -> str:
    """``A->C, A->B``."""
    return ", ".join(f"{move[0]}->{move[1]}" for move in moves)


def play(state: str, moves: Sequence[str]) -> str | None:
    """The state after the moves; None where one of them is illegal."""
    pegs: dict[str, list[int]] = {p: [d for d in range(len(state), 0, -1) if state[d - 1] == p] for p in PEGS}
    for move in moves:
        source, target = move[0], move[1]
        if source == target or not pegs[source]:
            return None
        disk = pegs[source].pop()
        if pegs[target] and pegs[target][-1] < disk:
            return None
        pegs[target].append(disk)
    where = {disk: peg for peg, disks in pegs.items() for disk in disks}
    return "".join(where[d] for d in range(1, len(state) + 1))


def solve(start: str, goal: str) -> list[str]:
    """A shortest sequence of moves between two states: the largest disk that must move moves once, or twice."""
    largest = max((d for d in range(len(start)) if start[d] != goal[d]), default=None)
    if largest is None:
        return []
    source, target, below = start[largest], goal[largest], start[:largest]
    spare = _third(source, target)
    once = [*_gather(below, spare), source + target, *_spread(goal[:largest], spare)]
    twice = [
        *_gather(below, target),
        source + spare,
        *_gather(target * largest, source),
        spare + target,
        *_spread(goal[:largest], source),
    ]
    return min(once, twice, key=len)


def _third(a: str, b: str) -> str:
    return next(p for p in PEGS if p not in (a, b))


def _gather(state: str, peg: str) -> Iterator[str]:
    """The shortest way to bring all disks to one peg."""
    if state:
        last = state[-1]
        if last == peg:
            yield from _gather(state[:-1], peg)
        else:
            spare = _third(last, peg)
            yield from _gather(state[:-1], spare)
            yield last + peg
            yield from _gather(spare * (len(state) - 1), peg)


def _spread(state: str, peg: str) -> list[str]:
    """The shortest way from all disks on one peg to a state."""
    return [move[::-1] for move in reversed(list(_gather(state, peg)))]
