"""From a cell's candidates to its outcome: answers extracted, classed and graded, and written to the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tts.benchmarks import Checker, get_benchmark
from tts.core import THINK_TAGS, Candidate, Usage, canonical_json, digest
from tts.grading import Grader, Verdict, after_thinking, extract_answer, opened_thinking
from tts.store import CandidateRecord, CellKey, CellRecord, Recorder, StoredProblem
from tts.sweep.cells import Cell
from tts.sweep.config import GradingConfig


@dataclass(frozen=True)
class Graded:
    """What grading says of a cell's candidates."""

    answers: tuple[str | None, ...]
    classes: tuple[int, ...]
    correct: tuple[bool, ...]
    grader: dict[str, int]
    """How often the grader hit its comparison cap, found a class with different verdicts, or ran out of time."""


class Outcomes:
    """Grades finished cells and records them. A context manager: it owns the grader's worker processes."""

    def __init__(self, config: GradingConfig, scores: Sequence[str], recorder: Recorder):
        """``scores``: labels of the scores that candidates come with; ``recorder`` keeps every verdict, so that each
        distinct pair is graded once in a run's life."""
        self._config = config
        self._recorder = recorder
        self._holds_for = {**config.model_dump(mode="json", exclude={"workers"}), "scores": sorted(scores)}
        self._checkers: dict[str, Checker | None] = {}
        self._grader = Grader(workers=config.workers, timeout_s=config.timeout_s)
        self._threads = ThreadPoolExecutor(config.workers, thread_name_prefix="grading")
        for gold, answer, equal, outcome in recorder.verdicts():
            self._grader.known[gold, answer] = Verdict(equal, outcome)
        self.graded = 0
        """Candidates graded in this session."""
        self.correct = 0
        """Those that were correct."""

    def label(self, problem: StoredProblem) -> str:
        """What a problem's outcomes hold for: the grading's configuration, the scores and the reference answer."""
        return canonical_json({**self._holds_for, "reference": digest(problem.answer).hex()})

    def finished(self, problems: Iterable[StoredProblem], contexts: Mapping[str, int]) -> dict[CellKey, int]:
        """Budget n that each recorded cell of the problems holds; only those graded as they would be now.

        ``contexts``: each model's, by fingerprint, 0 where not known. A cell counts where it would come out the same:
        where these bind its requests as those did that it was made under.
        """
        labels = {p.row: self.label(p) for p in problems}
        return {
            cell.key: cell.n
            for cell in self._recorder.cells()
            if labels.get(cell.row) == cell.grading and _bound_alike(cell.contexts, contexts)
        }

    def recorded(self) -> dict[CellKey, int]:
        """Budget n that each recorded cell holds, however it was graded."""
        return {cell.key: cell.n for cell in self._recorder.cells()}

    async def record(
        self,
        cell: Cell,
        candidates: Sequence[Candidate],
        origins: Sequence[list[object]],
        usage: Usage,
        history: Sequence[object],
        contexts: Mapping[str, tuple[int, int]],
    ) -> None:
        """Grade a cell and hand its outcome to the journal's writer.

        ``history``: what the strategy recorded; ``contexts``: see ``CellTools.contexts``.
        """
        graded = await self.grade(cell.problem, [c.text for c in candidates])
        fresh = [(gold, answer, v.equal, v.outcome) for (gold, answer), v in self._grader.fresh_verdicts()]
        of = zip(candidates, origins, graded.answers, graded.classes, graded.correct, strict=True)
        rows = [
            CandidateRecord(
                origin, answer, label, right, cell.setting.finished(c), c.output_tokens, c.scores, c.refused
            )
            for c, origin, answer, label, right in of
        ]
        *_, strategy, setting, seed, budget = cell.key
        finished = CellRecord(
            cell.problem.row, strategy, setting, seed, budget, cell.n, usage, rows, self.label(cell.problem),
            graded.grader, history, contexts,
        )  # fmt: skip
        self._recorder.add_cell(finished, fresh)
        self.graded += len(candidates)
        self.correct += sum(graded.correct)

    async def grade(self, problem: StoredProblem, texts: Sequence[str]) -> Graded:
        """Answers, classes and verdicts of some texts."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._grade, problem, texts)

    async def verdicts(self, problem: StoredProblem, texts: Sequence[str]) -> Sequence[bool]:
        """Whether each text answers the problem correctly: for verifiers that are told."""
        return (await self.grade(problem, texts)).correct

    def _grade(self, problem: StoredProblem, texts: Sequence[str]) -> Graded:
        """In a thread. A class is as correct as its representative."""
        if problem.benchmark not in self._checkers:
            self._checkers[problem.benchmark] = get_benchmark(problem.benchmark).checker
        checker = self._checkers[problem.benchmark]
        answers = self._answers(problem, texts, checker)
        return self._compare(problem.answer, answers) if checker is None else self._check(checker, problem, answers)

    def _answers(self, problem: StoredProblem, texts: Sequence[str], checker: Checker | None) -> list[str | None]:
        """What each text answers after its thinking, which the prompt may have opened."""
        tags = THINK_TAGS if self._config.think_tags is None else self._config.think_tags
        said = problem.messages[-1]["content"] if problem.messages else problem.question.text
        opened = opened_thinking(problem.prompt.text, said, tags)
        thought = (*tags, opened) if opened else tags
        if checker is None:
            return [extract_answer(text, think_tags=thought, starts_in_thinking=opened is not None) for text in texts]
        bodies = (after_thinking(text, thought, starts_in_thinking=opened is not None) for text in texts)
        return [None if body is None else checker.extract(body) for body in bodies]

    def _check(self, checker: Checker, problem: StoredProblem, answers: Sequence[str | None]) -> Graded:
        """By the benchmark's own rules."""
        forms = {a: checker.canonical(a) for a in dict.fromkeys(answers) if a is not None}
        representatives: dict[str, str] = {}
        for answer, form in forms.items():
            representatives.setdefault(form, answer)
        classes = {form: k for k, form in enumerate(representatives)}
        right = [checker.correct(problem.question, problem.answer, a) for a in representatives.values()]
        labels = tuple(-1 if a is None else classes[forms[a]] for a in answers)
        correct = tuple(k >= 0 and right[k] for k in labels)
        return Graded(tuple(answers), labels, correct, {"capped": 0, "mixed": 0, "timeouts": 0})

    def _compare(self, gold: str, answers: Sequence[str | None]) -> Graded:
        """By mathematical equivalence with the reference."""
        classes = self._grader.classify(answers)
        verdicts = {a: self._grader.equivalent(gold, a) for a in dict.fromkeys(answers) if a is not None}
        right = [verdicts[representative].equal for representative in classes.representatives]
        mixed = {k for a, k in zip(answers, classes.labels, strict=True) if a and verdicts[a].equal != right[k]}
        timeouts = classes.timeouts + sum(v.outcome == "timeout" for v in verdicts.values())
        return Graded(
            answers=tuple(answers),
            classes=tuple(classes.labels),
            correct=tuple(k >= 0 and right[k] for k in classes.labels),
            grader={"capped": int(classes.capped), "mixed": len(mixed), "timeouts": timeouts},
        )

    def close(self) -> None:
        """End the workers."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._grader.close()

    def __enter__(self) -> Outcomes:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _bound_alike(then: Mapping[str, Sequence[int]], now: Mapping[str, int]) -> bool:
    """Whether contexts bind requests as they did. ``then``: by model, its context and the least that binds none."""
    return all(
        min(context, least) == min(now[model] or context, least)
        for model, (context, least) in then.items()
        if model in now
    )
