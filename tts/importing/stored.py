"""Imported samples and their verdicts in a journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import tts
from tts.core import Prompt, Question, Usage, canonical_json, digest
from tts.grading import Graded
from tts.importing.problems import ForeignProblem, score_label
from tts.store import Journal
from tts.sweep.cells import HeldProblem

BYTES_A_TOKEN = 4
"""For token counts that a file does not have: about what tokenizers give on English and mathematics."""

_PROBLEM = "id, benchmark, problem, question, answer, subject, level, messages, prompt, prompt_ids"


def store_samples(
    journal: Journal, benchmark: str, model: str, problems: Sequence[ForeignProblem], opening: str
) -> list[HeldProblem]:
    """Write problems and texts; of prompts there is what the file says, and no token ids to keep.

    ``opening``: a tag that all prompts ended in.
    """
    held, db = [], journal.db
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO engines VALUES (1, ?)", (f"imported by tts {tts.__version__}",))
    for row, p in enumerate(problems, start=1):
        prompt = p.prompt or p.question
        if not prompt.rstrip().endswith(opening):
            prompt += f"\n{opening}"
        messages = canonical_json([{"role": "user", "content": p.question}])
        values = (row, benchmark, p.id, p.question, p.gold, None, p.level, messages, prompt, b"")
        db.execute(f"INSERT INTO problems ({_PROBLEM}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        key = digest(model, benchmark, p.id)
        db.execute(
            "INSERT INTO contexts (id, digest, problem, chat, prefix_ids, params, seed) "
            "VALUES (?, ?, ?, NULL, ?, '{}', 0)",
            (row, key, row, b""),
        )
        db.executemany(
            "INSERT INTO samples (context, path, text, token_ids, finish_reason, engine) VALUES (?, ?, ?, ?, ?, 1)",
            [
                (row, canonical_json(["sample", i]), s.text, b"", "stop" if s.finished else "length")
                for i, s in enumerate(p.samples)
            ],
        )
        question = Question(p.id, p.question, None, p.level)
        held.append(HeldProblem(row, benchmark, question, p.gold, (), Prompt(prompt, ())))
    db.execute("COMMIT")
    return held


def store_cells(
    journal: Journal,
    problems: Sequence[ForeignProblem],
    setting: str,
    graded: Sequence[Graded],
    holds_for: Sequence[str],
) -> None:
    """Each problem's samples as one cell of independent samples, with what little is known of their cost.

    ``holds_for``: what each problem's verdicts hold for.
    """
    db = journal.db
    db.execute("BEGIN IMMEDIATE")
    for row, (p, g) in enumerate(zip(problems, graded, strict=True), start=1):
        tokens = [_tokens(s.text, s.tokens) for s in p.samples]
        usage = Usage(output_tokens=sum(tokens), samples=len(tokens))
        details = (holds_for[row - 1], canonical_json(asdict(usage)), canonical_json(g.grader))
        values = (row, setting, len(tokens), *details)
        columns = "problem, strategy, setting, seed, budget, n, grading, usage, history, grader"
        sql = f"INSERT INTO cells ({columns}) VALUES (?, 'best_of_n', ?, 0, 0, ?, ?, ?, '[]', ?)"
        cell = db.execute(sql, values).lastrowid
        db.executemany(
            "INSERT INTO candidates (cell, idx, samples, answer, class, correct, finished, output_tokens, scores) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (cell, i, canonical_json([[row, ["sample", i]]]), g.answers[i], g.classes[i], g.correct[i], s.finished,
                 tokens[i], canonical_json({score_label(name): value for name, value in s.scores.items()}))
                for i, s in enumerate(p.samples)
            ],
        )  # fmt: skip
    db.execute("COMMIT")


def _tokens(text: str, known: int | None) -> int:
    return known if known is not None else -(-len(text.encode()) // BYTES_A_TOKEN)
