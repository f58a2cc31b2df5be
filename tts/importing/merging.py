"""One list of problems from several files: what is the same problem, and what only has its id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path

from tts.core import UsageError
from tts.importing.problems import ForeignProblem

Placed = tuple[str, ForeignProblem]
"""A problem of one row after its place."""


@dataclass(frozen=True, slots=True)
class Source:
    """What one file has."""

    path: Path
    task: str
    """A name for its problems, where their ids are taken by those of another file."""
    problems: Iterable[Placed]


@dataclass(slots=True)
class _Entry:
    """A problem and the files, by number, that have samples of it."""

    problem: ForeignProblem
    files: list[int]


def merge(sources: Sequence[Source]) -> tuple[list[ForeignProblem], bool]:
    """The problems of all files, and whether their ids had to be told apart by file.

    Rows with one id are samples of one problem where they agree on question and reference. Files whose ids begin anew,
    so that none of the ids that two have in common is the same problem, get names of their own: ``TASK/ID``. Raises
    UsageError where rows of one file disagree, or two files do in part.
    """
    by_id: dict[str, list[_Entry]] = {}
    for number, source in enumerate(sources):
        for where, problem in source.problems:
            entries = by_id.setdefault(problem.id, [])
            entry = next((e for e in entries if _same(e.problem, problem)), None)
            if entry is None:
                _check_new(where, problem, entries, number)
                entries.append(_Entry(problem, [number]))
                continue
            entry.problem.samples.extend(problem.samples)
            if entry.files[-1] != number:
                entry.files.append(number)
    entries = [entry for group in by_id.values() for entry in group]
    if len(entries) == len(by_id):
        return [entry.problem for entry in entries], False
    _check_apart(by_id, sources)
    return [_named(entry, sources) for entry in entries], True


def _same(one: ForeignProblem, other: ForeignProblem) -> bool:
    return one.golds == other.golds and (one.content == other.content or not one.content or not other.content)


def _check_new(where: str, problem: ForeignProblem, entries: Sequence[_Entry], number: int) -> None:
    """Raise UsageError where a problem with a known id cannot be another one."""
    for before in entries:
        known = before.problem
        if known.golds != problem.golds and (number in before.files or known.content == problem.content != ""):
            raise UsageError(
                f"{where}: problem {problem.id!r} has the gold answer {problem.gold!r}, and {known.gold!r} in an "
                "earlier row; give different problems different ids (--id A,B joins two columns)"
            )
        if number in before.files:
            raise UsageError(
                f"{where}: problem {problem.id!r} asks {_short(problem)}, and {_short(known)} in an earlier row; give "
                "different problems different ids (--id A,B joins two columns), or name with --question what is the "
                "same in all rows of a problem"
            )


def _short(problem: ForeignProblem) -> str:
    said = " ".join((problem.question or problem.content).split())
    return repr(said if len(said) <= 60 else f"{said[:57]}...")


def _check_apart(by_id: dict[str, list[_Entry]], sources: Sequence[Source]) -> None:
    """Raise UsageError where two files have both problems in common and others that only share an id."""
    alike: Counter[tuple[int, int]] = Counter()
    apart: dict[tuple[int, int], str] = {}
    for name, entries in by_id.items():
        for entry in entries:
            alike.update(combinations(entry.files, 2))
        for one, other in combinations(entries, 2):
            for pair in product(one.files, other.files):
                apart.setdefault((min(pair), max(pair)), name)
    for (first, second), name in apart.items():
        if alike[first, second]:
            raise UsageError(
                f"FILE: problem {name!r} of {sources[second].path} is another one than in {sources[first].path}, while "
                "others are the same in both; give different problems different ids (--id A,B joins two columns), or "
                "import the files apart"
            )
        if sources[first].task == sources[second].task:
            raise UsageError(
                f"FILE: ids of {sources[second].path} begin anew, and both it and {sources[first].path} are named "
                f"{sources[first].task!r}; rename one of the files, or import them apart"
            )


def _named(entry: _Entry, sources: Sequence[Source]) -> ForeignProblem:
    return replace(entry.problem, id=f"{sources[entry.files[0]].task}/{entry.problem.id}")
