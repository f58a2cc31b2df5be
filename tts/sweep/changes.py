"""What a benchmark's data mean for a run that holds some of its problems: what is new, and what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tts.core import Problem, Question, UsageError, canonical_json
from tts.store import StoredProblem

Follow = Literal["additions", "all", "references", "nothing"]
"""Which changes of its data a session takes up: ``additions`` (`tts run`), ``all`` (with ``--follow-data``),
``references`` (`tts regrade`) or ``nothing`` (`tts score`)."""

Pair = tuple[StoredProblem, Problem]
"""A problem as the run holds it and as the data have it now."""


@dataclass(frozen=True)
class Changes:
    """How the data differ from what the run holds."""

    added: tuple[Problem, ...] = ()
    back: tuple[Pair, ...] = ()
    """Once taken out of the run, and there again."""
    references: tuple[Pair, ...] = ()
    """Their reference answer, or what else grading needs, is another."""
    questions: tuple[Pair, ...] = ()
    """The same id and another question: another problem."""
    gone: tuple[StoredProblem, ...] = ()
    labels: tuple[Pair, ...] = ()
    """Their subject or level is another."""
    reordered: bool = False
    """Problems have another order, or other ids."""

    def followed(self, follow: Follow) -> Changes:
        """Those that a session takes up."""
        if follow == "all":
            return self
        return Changes(
            added=self.added if follow == "additions" else (),
            back=self.back if follow == "additions" else (),
            references=self.references if follow == "references" else (),
            labels=() if follow == "nothing" else self.labels,
            reordered=self.reordered,
        )

    @property
    def differs(self) -> bool:
        """Whether what is held would not be what the data say."""
        return bool(self.references or self.questions or self.gone)


def compare(
    held: Sequence[StoredProblem], retired: Sequence[StoredProblem], problems: Sequence[Problem], limit: int | None
) -> Changes:
    """What differs between the problems that a run ``held`` (or ``retired``) and all that the data have now.

    ``limit``: only so many of the first ``problems`` are the run's to add. Problems are known by their id, and where
    that has another question (problems of a file without ids are numbered by line) by their question.
    Raises UsageError where a problem was put before others that are numbered by line.
    """
    match = _matched(held, problems)
    taken = {h.question.id for h in match.values()}
    before = {h.question.id: h for h in held if h.question.id not in taken}
    apart = [p for p in problems if p.id not in match]
    questions = tuple((before[p.id], p) for p in apart if p.id in before)
    fresh = [p for p in problems[:limit] if p.id not in match and p.id not in before]
    for p in fresh:
        if p.id in taken:
            raise UsageError(
                f"problem {p.id!r} of the data is new and the run has another of that number: without ids of their own "
                "problems are numbered by line; put it at the end of the file, or give every problem an id"
            )
    known = {(h.question.id, _asked(h.question)): h for h in retired}
    pairs = [(h, p) for p in problems if (h := match.get(p.id))]
    rows = [h.row for h, _ in pairs]
    changed = {h.question.id for h, _ in questions}
    return Changes(
        added=tuple(p for p in fresh if (p.id, _asked(p.question)) not in known),
        back=tuple((h, p) for p in fresh if (h := known.get((p.id, _asked(p.question))))),
        references=tuple((h, p) for h, p in pairs if (h.answer, h.payload) != (p.answer, p.payload)),
        questions=questions,
        gone=tuple(h for h in before.values() if h.question.id not in changed),
        labels=tuple((h, p) for h, p in pairs if _labels(h) != (p.question.subject, p.question.level)),
        reordered=rows != sorted(rows) or any(h.question.id != p.id for h, p in pairs),
    )


def _matched(held: Sequence[StoredProblem], problems: Sequence[Problem]) -> dict[str, StoredProblem]:
    """The held problem that each problem of the data is, by the id that it has there."""
    by_id = {h.question.id: h for h in held}
    match = {p.id: h for p in problems if (h := by_id.get(p.id)) and _asked(h.question) == _asked(p.question)}
    left: dict[tuple[str, str], list[StoredProblem]] = {}
    for h in held:
        if h.question.id not in match:
            left.setdefault(_asked(h.question), []).append(h)
    for p in problems:
        if p.id not in match and left.get(_asked(p.question)):
            match[p.id] = left[_asked(p.question)].pop(0)
    return match


def _asked(question: Question) -> tuple[str, str]:
    """All that makes a question what it is: its text, and what else may be seen of it."""
    return question.text, canonical_json(dict(question.public))


def _labels(problem: StoredProblem) -> tuple[str | None, str | None]:
    return problem.question.subject, problem.question.level


def refusal(place: str, source: str, changes: Changes) -> str:
    """Why a run does not go on with data that differ from what it holds, and what would."""
    said = []
    if changes.references:
        h, p = changes.references[0]
        if h.answer != p.answer:
            said.append(f"the reference of {h.question.id!r} was {_short(h.answer)}, is {_short(p.answer)} now")
        else:
            said.append(f"the payload of {h.question.id!r} changed")
        said[-1] += _more(len(changes.references))
    if changes.questions:
        said.append(f"the question of {changes.questions[0][0].question.id!r} changed{_more(len(changes.questions))}")
    if changes.gone:
        said.append(f"{changes.gone[0].question.id!r} is gone{_more(len(changes.gone))}")
    if changes.questions or changes.gone:
        fix = (
            f"`tts run --out {place} --follow-data` goes on with it as it is now (a changed question is another "
            "problem, and what is gone leaves the tables)"
        )
    else:
        fix = f"`tts regrade {place}` grades what the run holds by it"
    return f"{place}: {source} is not as the run was made with: {'; '.join(said)}; {fix}, or put it back as it was"


def notes(source: str, changes: Changes, follow: Follow) -> list[str]:
    """What a session says of the changes that it went on with, and of those that it left."""
    done = changes.followed(follow)
    said = []
    if new := len(done.added) + len(done.back):
        said.append(f"{new} {'problem is' if new == 1 else 'problems are'} new")
    for pairs, what in ((done.references, "references"), (done.labels, "subjects or levels")):
        if pairs:
            said.append(f"other {what}: {_names([h for h, _ in pairs])}")
    if done.questions:
        said.append(f"other questions, drawn anew: {_names([h for h, _ in done.questions])}")
    if done.gone:
        said.append(f"gone, and out of the tables: {_names(done.gone)}")
    if done.reordered:
        said.append("another order or other ids, which changes nothing: the run keeps its own")
    left = [h for h, _ in changes.questions if not done.questions] + [h for h in changes.gone if not done.gone]
    if left and follow == "references":
        said.append(f"left as they were, with other questions or gone: {_names(left)} (see `tts run --follow-data`)")
    return [f"{source}: {'; '.join(said)}"] if said else []


def _names(problems: Sequence[StoredProblem]) -> str:
    names = [h.question.id for h in problems]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _more(count: int) -> str:
    return "" if count == 1 else f" (and {count - 1} more)"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
