"""From a cell's candidates to its outcome: answers extracted, classed and graded, and written to the journal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from tts.benchmarks import checks
from tts.core import Candidate, Usage, canonical_json, digest
from tts.grading import Graded, Grading, Settled
from tts.store import CandidateRecord, CellKey, CellRecord, Recorder, StoredProblem
from tts.sweep.cells import Cell
from tts.sweep.config import GradingConfig


class Outcomes:
    """Grades finished cells and records them. A context manager: it owns the grader's worker processes."""

    def __init__(
        self,
        config: GradingConfig,
        scores: Sequence[str],
        recorder: Recorder,
        forms: Mapping[str, Sequence[str]] | None = None,
    ):
        """``scores``: labels of the scores that candidates come with; ``recorder`` keeps every verdict, so that each
        distinct pair is graded once in a run's life; ``forms``: answer forms by benchmark, where the sweep names
        them."""
        self._recorder = recorder
        self._holds_for = {**config.model_dump(mode="json", exclude={"workers"}), "scores": sorted(scores)}
        self._forms = dict(forms or {})
        self._grading = Grading(
            checks, workers=config.workers, timeout_s=config.timeout_s, think_tags=config.think_tags, forms=self._forms
        )
        self._grading.remember(map(Settled._make, recorder.verdicts()))
        self.graded = 0
        """Candidates graded in this session."""
        self.correct = 0
        """Those that were correct."""

    def label(self, problem: StoredProblem) -> str:
        """What a problem's outcomes hold for: grader and configuration, the scores, and the reference answer."""
        return canonical_json({**self._label(problem), "grader": self._grading.grader_of(problem.benchmark)})

    def _label(self, problem: StoredProblem) -> dict[str, object]:
        forms = self._forms.get(problem.benchmark)
        named = {"answer_forms": list(forms)} if forms else {}
        reference = digest(problem.answer, canonical_json(dict(problem.payload))).hex()
        return {**self._holds_for, **named, "reference": reference}

    def _holds(self, problem: StoredProblem, label: str) -> bool:
        """Whether a recorded outcome is as it would be now. A grader that is not here is not looked at."""
        if self._grading.grader_of(problem.benchmark) is not None:
            return label == self.label(problem)
        told = {k: v for k, v in json.loads(label).items() if k != "grader"}
        return canonical_json(told) == canonical_json(self._label(problem))

    def finished(self, problems: Iterable[StoredProblem], contexts: Mapping[str, int]) -> dict[CellKey, int]:
        """Budget n that each recorded cell of the problems holds; only those graded as they would be now.

        ``contexts``: each model's, by fingerprint, 0 where not known. A cell counts where it would come out the same:
        where these bind its requests as those did that it was made under.
        """
        by_row = {p.row: p for p in problems}
        holds = lru_cache(None)(lambda row, label: row in by_row and self._holds(by_row[row], label))
        return {
            cell.key: cell.n
            for cell in self._recorder.cells()
            if holds(cell.row, cell.grading) and _bound_alike(cell.contexts, contexts)
        }

    def recorded(self) -> dict[CellKey, tuple[int, bool]]:
        """Budget n that each recorded cell holds, however it was graded, and whether every verdict of it is settled."""
        return {cell.key: (cell.n, cell.settled) for cell in self._recorder.cells()}

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
        of = zip(candidates, origins, graded.answers, graded.classes, graded.verdicts, strict=True)
        rows = [
            CandidateRecord(
                origin, answer, label, verdict is not None and verdict.equal, cell.setting.finished(c),
                c.output_tokens, c.scores, c.refused, None if verdict is None else verdict.text(),
            )
            for c, origin, answer, label, verdict in of
        ]  # fmt: skip
        *_, strategy, setting, seed, budget = cell.key
        finished = CellRecord(
            cell.problem.row, strategy, setting, seed, budget, cell.n, usage, rows, self.label(cell.problem),
            graded.grader, history, contexts,
        )  # fmt: skip
        self._recorder.add_cell(finished, self._grading.fresh())
        self.graded += len(candidates)
        self.correct += sum(graded.correct)

    async def grade(self, problem: StoredProblem, texts: Sequence[str]) -> Graded:
        """Answers, classes and verdicts of some texts."""
        return await self._grading.grade(problem, texts)

    async def verdicts(self, problem: StoredProblem, texts: Sequence[str]) -> Sequence[bool]:
        """Whether each text answers the problem correctly: for verifiers that are told."""
        return (await self.grade(problem, texts)).correct

    def close(self) -> None:
        """End the workers."""
        self._grading.close()

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
