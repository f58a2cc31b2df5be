"""Moves in a Tower of Hanoi: reading, simulating and finding them.

A state is a string of letters, the peg of disk 1 (the smallest), of disk 2, and so on. A move is two letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tts.core import Problem, Question, UsageError
from tts.grading import Checked, Checker
from tts.grading.boxes import last_boxed

PEGS = "ABC"
MOST_CHARACTERS = 100_000
"""A longer answer is not read; 1023 moves take 6,000 characters."""

_LATEX = re.compile(r"\\(?:text|mathrm|mathtt|texttt)\s?(?=\{)|\\[,;:! \\]|[${}\[\]`*]|\\q?quad|\\left|\\right")
_ARROW = re.compile(r"\\(?:long)?rightarrow|\\to(?![a-z])|[-=−–—]+>|[→➔⇒]|\s+to\s+", re.IGNORECASE)
_MOVE = re.compile(r"(?:\b\d{1,5}[.):]\s*)?(?<![A-Za-z>])([ABC])\s*>\s*([ABC])(?![A-Za-z])(?!\s*>)", re.IGNORECASE)
_BETWEEN = re.compile(r"(?:[\s,;()]|\.(?!\.))*")
_MARKER = re.compile(r"^[\s*#_>]*(?:final\s+)?(?:answer|moves|solution)\b[\s*_]*(?:is|are)?[\s*_]*:", re.I | re.M)


class HanoiChecker(Checker):
    """Plays the moves from the problem's public ``start`` to its ``goal``."""

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

    def check(self, problem: Problem, answer: str) -> Checked:
        """Whether every move is legal and the last one reaches the goal.

        Tells the number of ``moves``; the ``first_bad`` one, counted from 1, or the state in which they ``end``.
        """
        moves = read_moves(answer)
        if moves is None:
            return Checked(False, {"moves": None})
        start, goal = states_of(problem.question)
        end, first_bad = play(start, moves)
        if first_bad is not None:
            return Checked(False, {"moves": len(moves), "first_bad": first_bad})
        return Checked(end == goal, {"moves": len(moves)} if end == goal else {"moves": len(moves), "end": end})


def states_of(question: Question) -> tuple[str, str]:
    """Start and goal; of a problem without its public part, such as an imported one, from its id (``.../START-GOAL``).

    Raises UsageError where there are none.
    """
    if question.public:
        return str(question.public["start"]), str(question.public["goal"])
    start, _, goal = question.id.rpartition("/")[2].partition("-")
    if not start or len(start) != len(goal) or set(start + goal) - set(PEGS):
        raise UsageError(f"benchmark hanoi: problem {question.id!r} does not end in START-GOAL, such as AAA-CCC")
    return start, goal


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


def play(state: str, moves: Sequence[str]) -> tuple[str, int | None]:
    """The state after the legal moves, and the number of the first illegal one, from 1; None where all are legal."""
    pegs: dict[str, list[int]] = {p: [d for d in range(len(state), 0, -1) if state[d - 1] == p] for p in PEGS}
    first_bad = None
    for number, move in enumerate(moves, start=1):
        source, target = move[0], move[1]
        if source == target or not pegs[source] or (pegs[target] and pegs[target][-1] < pegs[source][-1]):
            first_bad = number
            break
        pegs[target].append(pegs[source].pop())
    where = {disk: peg for peg, disks in pegs.items() for disk in disks}
    return "".join(where[d] for d in range(1, len(state) + 1)), first_bad


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
