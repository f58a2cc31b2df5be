"""Imported samples and their verdicts in a journal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import tts
from tts.core import REFERENCES, Completion, Message, Problem, Prompt, Question, Usage, digest
from tts.grading import Graded
from tts.importing.problems import ForeignProblem, score_label
from tts.store import CandidateRecord, CellRecord, Journal, NewProblem, Recorder, StoredProblem

BYTES_A_TOKEN = 4
"""For token counts that a file does not have: about what tokenizers give on English and mathematics."""

_NO_IDS = np.zeros(0, np.uint32)


def store_samples(
    journal: Journal, benchmark: str, model: str, problems: Sequence[ForeignProblem], opening: str
) -> list[StoredProblem]:
    """Write problems and texts; of prompts there is what the file says, and no token ids to keep.

    ``opening``: a tag that all prompts ended in.
    """
    recorder = Recorder(journal)
    recorder.add_problems([_problem(benchmark, p, opening) for p in problems])
    engine = journal.engine(f"imported by tts {tts.__version__}")
    held = recorder.problems()
    for row, p in zip(held, problems, strict=True):
        context = journal.context(
            digest(model, benchmark, p.id),
            problem=row.row, model=model, chat=None, prefix_ids=(), params="{}", seed=0, bound=None,
        )  # fmt: skip
        journal.add_samples(
            context,
            [
                Completion(("sample", i), s.text, _NO_IDS, "stop" if s.finished else "length")
                for i, s in enumerate(p.samples)
            ],
            engine,
        )
    return held


def _problem(benchmark: str, p: ForeignProblem, opening: str) -> NewProblem:
    prompt = p.prompt or p.question
    if not prompt.rstrip().endswith(opening):
        prompt += f"\n{opening}"
    chat: Message = {"role": "user", "content": p.question}
    gold, *others = p.golds
    payload = {REFERENCES: others} if others else {}
    problem = Problem(Question(p.id, p.question, None, p.level), gold, payload=payload)
    return NewProblem(benchmark, problem, [chat], Prompt(prompt, ()))


def store_cells(
    journal: Journal,
    held: Sequence[StoredProblem],
    problems: Sequence[ForeignProblem],
    setting: str,
    graded: Sequence[Graded],
    holds_for: Sequence[str],
) -> None:
    """Each problem's samples as one cell of independent samples, with what little is known of their cost.

    ``holds_for``: what each problem's verdicts hold for.
    """
    recorder = Recorder(journal)
    for at, p, g, grading in zip(held, problems, graded, holds_for, strict=True):
        tokens = [_tokens(s.text, s.tokens) for s in p.samples]
        candidates = [
            CandidateRecord(
                [[at.row, ["sample", i]]], g.answers[i], g.classes[i], g.correct[i], s.finished, tokens[i],
                {score_label(name): value for name, value in s.scores.items()},
            )
            for i, s in enumerate(p.samples)
        ]  # fmt: skip
        usage = Usage(output_tokens=sum(tokens), samples=len(tokens))
        recorder.add_cell(
            CellRecord(at.row, "best_of_n", setting, 0, 0, len(tokens), usage, candidates, grading, g.grader)
        )


def _tokens(text: str, known: int | None) -> int:
    return known if known is not None else -(-len(text.encode()) // BYTES_A_TOKEN)
