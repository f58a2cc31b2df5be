"""Grading as a service: answers, classes and verdicts of texts, asynchronously, by one pool of killable workers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, Protocol

from tts.core import THINK_TAGS, Message, Problem, Prompt, Question, ThinkTags, UsageError, canonical_json, digest
from tts.grading.checker import Checker
from tts.grading.equivalence import GRADER_VERSION
from tts.grading.grader import Grader, Verdict
from tts.grading.reading import Reader
from tts.grading.workers import Call, CallFailedError, Runner, WorkerDiedError, WorkerTimeoutError

EQUIVALENCE = f"equivalence {GRADER_VERSION}"
"""Who gives the verdicts of benchmarks without a checker."""
REFERENCES = "references"
"""The key of a payload's further right answers, beside the problem's own."""


class Gradable(Protocol):
    """A problem as grading needs it."""

    @property
    def benchmark(self) -> str:
        """Its benchmark's name."""
        ...

    @property
    def question(self) -> Question:
        """The question."""
        ...

    @property
    def answer(self) -> str:
        """The reference answer."""
        ...

    @property
    def payload(self) -> Mapping[str, Any]:
        """What else grading needs."""
        ...

    @property
    def messages(self) -> Sequence[Message]:
        """The chat that its prompt was rendered from."""
        ...

    @property
    def prompt(self) -> Prompt:
        """The prompt, which may end in a tag that opens the thinking."""
        ...


class Checkers(Protocol):
    """The checkers of benchmarks. (Grading knows no benchmarks: whoever makes the service gives it theirs.)"""

    def checker_of(self, benchmark: str) -> Checker | None:
        """A benchmark's checker; None: by equivalence."""
        ...

    def version_of(self, benchmark: str, checker: Checker) -> str:
        """Which rules those are: another version makes its own verdicts."""
        ...

    def check_call(self, benchmark: str, checker: Checker, problem: Problem, answer: str, timeout_s: float) -> Call:
        """What to ask a worker; its value is ``{"correct": ..., "detail": ...}``."""
        ...


class Settled(NamedTuple):
    """A verdict with what it was made of: what a run keeps, so that it is made once."""

    grader: str
    """Who made it, with the version of its rules."""
    reference: str
    """The reference answer; for a checker, a digest of the problem."""
    answer: str
    correct: bool
    detail: str | None = None
    """JSON."""


@dataclass(frozen=True)
class Graded:
    """What grading says of some texts."""

    answers: tuple[str | None, ...]
    classes: tuple[int, ...]
    """Answers of one class are the same; -1 where there is no answer."""
    correct: tuple[bool, ...]
    grader: Mapping[str, int]
    """How often the grader hit its comparison cap, found a class with different verdicts, or ran out of time."""
    verdicts: tuple[Verdict | None, ...] = ()
    """One a text, that of its class; None where there is no answer. Empty where they are somebody else's."""


class Grading:
    """Grades texts. A context manager: it owns worker processes.

    A verdict is given once for each distinct pair of reference and answer. What the workers could not settle (a
    timeout, a worker that died) counts as wrong, is told so, and is never kept as a verdict.
    """

    def __init__(
        self,
        checkers: Checkers,
        *,
        workers: int = 1,
        timeout_s: float = 2.0,
        think_tags: ThinkTags | None = None,
        forms: Mapping[str, Sequence[str]] | None = None,
        runner: Runner | None = None,
    ):
        """``workers``, ``timeout_s``: see `Grader`; ``think_tags``: None: those of the field; ``forms``: in which order
        to look for answers, by benchmark, where that is not the prompt's to say; ``runner``: how workers are started,
        for instance in a sandbox."""
        self._tags = THINK_TAGS if think_tags is None else think_tags
        self._rules = checkers
        self._forms = dict(forms or {})
        self._checkers: dict[str, Checker | None] = {}
        self._graders: dict[str, str] = {}
        self._readers: dict[tuple[str, str], Reader] = {}
        self._grader = Grader(workers, timeout_s, runner=runner)
        self._checked: dict[tuple[str, str, str], Verdict] = {}
        self._fresh: list[Settled] = []
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="grading")

    def remember(self, verdicts: Iterable[Settled]) -> None:
        """Take up verdicts that were kept. Those of another grader, or of another version, never match."""
        for v in verdicts:
            if v.grader == EQUIVALENCE:
                self._grader.known[v.reference, v.answer] = Verdict(v.correct)
            else:
                self._checked[v[:3]] = Verdict(v.correct, detail=v.detail)

    def fresh(self) -> list[Settled]:
        """The verdicts that were settled since the last call, to be kept."""
        pairs = [Settled(EQUIVALENCE, gold, answer, v.equal) for (gold, answer), v in self._grader.fresh_verdicts()]
        with self._lock:
            checked, self._fresh = self._fresh, []
        return pairs + checked

    def grader_of(self, benchmark: str) -> str:
        """Who grades a benchmark, with the version of its rules."""
        if benchmark not in self._graders:
            checker = self._checker(benchmark)
            self._graders[benchmark] = EQUIVALENCE if checker is None else self._rules.version_of(benchmark, checker)
        return self._graders[benchmark]

    async def grade(self, problem: Gradable, texts: Sequence[str]) -> Graded:
        """Answers, classes and verdicts of some texts.

        Raises UsageError where the problem cannot be graded at all, TtsError where no worker starts.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._grade, problem, texts)

    def close(self) -> None:
        """End the workers."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._grader.close()

    def __enter__(self) -> Grading:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- in a thread -------------------------------------------------------------------------------------------

    def _checker(self, benchmark: str) -> Checker | None:
        if benchmark not in self._checkers:
            self._checkers[benchmark] = self._rules.checker_of(benchmark)
        return self._checkers[benchmark]

    def _grade(self, problem: Gradable, texts: Sequence[str]) -> Graded:
        """A class is as correct as its representative."""
        reader = self._reader(problem)
        answers = [reader.answer(text) for text in texts]
        if reader.checker is None:
            return self._compare(problem, answers)
        return self._check(reader.checker, problem, answers)

    def _reader(self, problem: Gradable) -> Reader:
        """How to find the answers to a problem, decided once: by its prompt, and by what the sweep says of it."""
        key = (problem.benchmark, problem.question.id)
        reader = self._readers.get(key)
        if reader is None:
            checker, forms = self._checker(problem.benchmark), self._forms.get(problem.benchmark)
            reader = Reader.of(problem.question, problem.messages, problem.prompt, self._tags, checker, forms)
            self._readers[key] = reader
        return reader

    def _compare(self, problem: Gradable, answers: Sequence[str | None]) -> Graded:
        """By mathematical equivalence with the reference, or any of them."""
        golds = (problem.answer, *map(str, problem.payload.get(REFERENCES, ())))
        classes = self._grader.classify(answers)
        verdicts = {a: self._equal(golds, a) for a in dict.fromkeys(answers) if a is not None}
        right = [verdicts[representative] for representative in classes.representatives]
        mixed = {k for a, k in zip(answers, classes.labels, strict=True) if a and verdicts[a].equal != right[k].equal}
        timeouts = classes.timeouts + sum(v.outcome == "timeout" for v in verdicts.values())
        counts = {"capped": int(classes.capped), "mixed": len(mixed), "timeouts": timeouts}
        return _graded(answers, classes.labels, right, counts)

    def _equal(self, golds: Sequence[str], answer: str) -> Verdict:
        """The verdict by the first reference that it equals; else one that says where something was not settled."""
        verdicts = []
        for gold in golds:
            verdicts.append(self._grader.equivalent(gold, answer))
            if verdicts[-1].equal:
                return verdicts[-1]
        return next((v for v in verdicts if v.outcome != "ok"), verdicts[0])

    def _check(self, checker: Checker, problem: Gradable, answers: Sequence[str | None]) -> Graded:
        """By the benchmark's own rules."""
        forms = {a: checker.canonical(a) for a in dict.fromkeys(answers) if a is not None}
        representatives: dict[str, str] = {}
        for answer, form in forms.items():
            representatives.setdefault(form, answer)
        classes = {form: k for k, form in enumerate(representatives)}
        right = [self._verdict(checker, problem, a) for a in representatives.values()]
        labels = [-1 if a is None else classes[forms[a]] for a in answers]
        timeouts = sum(v.outcome == "timeout" for v in right)
        return _graded(answers, labels, right, {"capped": 0, "mixed": 0, "timeouts": timeouts})

    def _verdict(self, checker: Checker, problem: Gradable, answer: str) -> Verdict:
        """A checker's verdict, given once."""
        whole = Problem(problem.question, problem.answer, payload=problem.payload)
        key = (self.grader_of(problem.benchmark), _identity(problem), answer)
        with self._lock:
            known = self._checked.get(key)
        if known is not None:
            return known
        verdict = self._ask(self._rules.check_call(problem.benchmark, checker, whole, answer, self._grader.timeout_s))
        with self._lock:
            if key not in self._checked:
                self._checked[key] = verdict
                if verdict.outcome == "ok":
                    self._fresh.append(Settled(*key, verdict.equal, verdict.detail))
            return self._checked[key]

    def _ask(self, call: Call) -> Verdict:
        try:
            value = self._grader.pool.ask(call)
        except (WorkerTimeoutError, WorkerDiedError) as error:
            if error.preparing:
                raise UsageError(
                    f"{call.arguments['benchmark']}: the worker could not prepare for a problem within its limits of "
                    "time and memory; run the same directory again"
                ) from None
            return Verdict(equal=False, outcome="timeout" if isinstance(error, WorkerTimeoutError) else "error")
        except CallFailedError as error:
            if error.kind == UsageError.__name__:
                raise UsageError(error.text) from None
            return Verdict(equal=False, outcome="error", detail=canonical_json({"raised": str(error)[:200]}))
        detail = value["detail"]
        return Verdict(value["correct"], detail=None if detail is None else canonical_json(detail))


def _graded(
    answers: Sequence[str | None], labels: Sequence[int], right: Sequence[Verdict], counts: Mapping[str, int]
) -> Graded:
    """``right``: the verdict of each class."""
    verdicts = tuple(right[k] if k >= 0 else None for k in labels)
    correct = tuple(v is not None and v.equal for v in verdicts)
    return Graded(tuple(answers), tuple(labels), correct, counts, verdicts)


def _identity(problem: Gradable) -> str:
    """All of a problem that a checker decides by."""
    q = problem.question
    parts = [problem.benchmark, q.id, q.text, dict(q.public), problem.answer, dict(problem.payload)]
    return digest(canonical_json(parts)).hex()
