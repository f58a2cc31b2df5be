"""From a cell's candidates to its outcome: answers extracted, classed and graded, and written to the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tts.benchmarks import checks
from tts.core import Candidate, Usage, canonical_json, digest
from tts.grading import EQUIVALENCE, Graded, Grading, Settled
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
        self._grading.remember(Settled(EQUIVALENCE, *verdict) for verdict in recorder.verdicts())
        self.graded = 0
        """Candidates graded in this session."""
        self.correct = 0
        """Those that were correct."""

    def label(self, problem: StoredProblem) -> str:
        """What a problem's outcomes hold for: the grading's configuration, the scores and the reference answer."""
        forms = self._forms.get(problem.benchmark)
        named = {"answer_forms": forms} if forms else {}
        return canonical_json({**self._holds_for, **named, "reference": digest(problem.answer).hex()})

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
        fresh = [(v.reference, v.answer, v.correct) for v in self._grading.fresh() if v.grader == EQUIVALENCE]
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
