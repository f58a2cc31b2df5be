"""``tts import``: samples made elsewhere become a run directory, so that reports and all analyses work on them."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import tts
from tts.benchmarks import get_benchmark
from tts.core import SELECTORS, Prompt, Question, Usage, UsageError, canonical_json, digest, fingerprint
from tts.importing.foreign import Columns, ForeignProblem, read_files, score_label, score_labels, unscored
from tts.importing.whole import whole_directory
from tts.session.outcomes import Graded, Outcomes
from tts.store import BenchmarkInfo, Entry, ImportInfo, Journal, ModelInfo, RunDir, RunInfo, SessionInfo
from tts.store.provenance import commit, hardware, versions
from tts.sweep.cells import HeldProblem
from tts.sweep.config import GradingConfig, SweepConfig, parse_config

Labels = Literal["own", "file", "both"]

BYTES_A_TOKEN = 4
"""For token counts that a file does not have: about what tokenizers give on English and mathematics."""
FILE_SETTING = '{"labels":"file"}'
"""The strategy setting under which the file's labels stand beside ours."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A sample that our grader and the file's label tell apart."""

    problem: str
    sample: int
    """Index among the problem's samples, from 0."""
    ours: bool
    file: bool
    answer: str | None
    """As we extracted it."""
    gold: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What was imported."""

    problems: int
    samples: int
    budgets: tuple[int, ...]
    estimated: bool
    """Whether token counts are estimates, a token for four bytes of text."""
    disagreements: tuple[Disagreement, ...]
    """Empty where labels are not compared."""
    unscored: Mapping[str, tuple[tuple[str, int], ...]]
    """By score, as tables name it: the samples (problem, index) that lack it, where there are some."""


def import_samples(
    files: Sequence[Path],
    out: Path,
    columns: Columns,
    *,
    kind: str | None = None,
    labels: Labels = "own",
    benchmark: str | None = None,
    budgets: Sequence[int] = (),
    metric_filter: str | None = None,
) -> Imported:
    """Make the run directory ``out`` from some files of samples, and grade them.

    ``labels``: whose verdicts count; with ``both``, the file's stand beside ours as a setting of their own.
    ``benchmark``: whose rules of grading hold; default: mathematical equivalence. ``budgets``: default: the powers of
    two up to the smallest number of samples of a problem, and that number.
    Raises UsageError where the files are not what they should be, or ``out`` is not new.
    """
    problems = read_files(files, kind, columns, metric_filter)
    name = benchmark or f"jsonl:{files[0].name}"
    get_benchmark(name, "--benchmark")
    _check_labels(problems, labels)
    budgets = _budgets(problems, budgets)
    config = parse_config(
        {"model": "imported", "benchmarks": [name], "strategies": [{"name": "best_of_n", "n": list(budgets)}]}, "import"
    )
    began = time.monotonic()
    with whole_directory(out) as place, RunDir(place) as rundir:
        journal = Journal(rundir.journal)
        try:
            held = _store_samples(journal, name, problems, files)
            graded, label = asyncio.run(_grade(journal, held, problems))
            disagreements = _compare(problems, graded) if labels == "both" else ()
            for setting, verdicts in _settings(problems, graded, labels):
                _store_cells(journal.db, problems, setting, verdicts, label)
        finally:
            journal.close()
        estimated = any(s.tokens is None for p in problems for s in p.samples)
        if labels == "both":
            rundir.write("disagreements.jsonl", "".join(canonical_json(asdict(d)) + "\n" for d in disagreements))
        rundir.save_config(config.model_dump(mode="json", exclude={"out"}))
        info = _info(config, name, problems, files, labels, estimated, len(disagreements))
        info.sessions.append(_session(time.monotonic() - began))
        rundir.save_info(info)
    samples = sum(len(p.samples) for p in problems)
    return Imported(len(problems), samples, tuple(budgets), estimated, tuple(disagreements), unscored(problems))


def _check_labels(problems: Sequence[ForeignProblem], labels: Labels) -> None:
    if labels == "own":
        return
    for problem in problems:
        for i, sample in enumerate(problem.samples):
            if sample.correct is None:
                raise UsageError(
                    f"--labels {labels}: sample {i} of problem {problem.id!r} has no label; name their column with "
                    "--correct, or use --labels own"
                )


def _budgets(problems: Sequence[ForeignProblem], asked: Sequence[int]) -> tuple[int, ...]:
    """What every problem has the samples for."""
    fewest = min(problems, key=lambda p: len(p.samples))
    least = len(fewest.samples)
    if asked and max(asked) > least:
        raise UsageError(
            f"--n: found {max(asked)}, but problem {fewest.id!r} has {least} samples; {least} or less would do"
        )
    return tuple(sorted(set(asked or (*(2**i for i in range(least.bit_length())), least))))


def _store_samples(
    journal: Journal, benchmark: str, problems: Sequence[ForeignProblem], files: Sequence[Path]
) -> list[HeldProblem]:
    """Write problems and texts; there are no prompts and no token ids to keep."""
    held, db = [], journal.db
    model = fingerprint(_identity(files))
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO engines VALUES (1, ?)", (f"imported by tts {tts.__version__}",))
    for row, p in enumerate(problems, start=1):
        messages = canonical_json([{"role": "user", "content": p.question}])
        values = (row, benchmark, p.id, p.question, p.gold, None, p.level, messages, p.question, b"")
        db.execute("INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
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
        held.append(HeldProblem(row, benchmark, question, p.gold, (), Prompt(p.question, ())))
    db.execute("COMMIT")
    return held


async def _grade(
    journal: Journal, held: Sequence[HeldProblem], problems: Sequence[ForeignProblem]
) -> tuple[list[Graded], str]:
    """Our verdicts, and the name of the configuration that they hold for."""
    config = GradingConfig(workers=min(8, os.cpu_count() or 1))
    names = sorted({name for p in problems for s in p.samples for name in s.scores})
    with Outcomes(config, names, journal) as outcomes:
        tasks = (outcomes.grade(h, [s.text for s in p.samples]) for h, p in zip(held, problems, strict=True))
        return list(await asyncio.gather(*tasks)), outcomes.label


def _settings(
    problems: Sequence[ForeignProblem], graded: Sequence[Graded], labels: Labels
) -> list[tuple[str, list[Graded]]]:
    """The verdicts under each strategy setting."""
    own = [("{}", list(graded))]
    if labels == "own":
        return own
    theirs = [by_labels(g, [bool(s.correct) for s in p.samples]) for p, g in zip(problems, graded, strict=True)]
    return [("{}", theirs)] if labels == "file" else [*own, (FILE_SETTING, theirs)]


def by_labels(graded: Graded, correct: Sequence[bool]) -> Graded:
    """The file's verdicts: its correct answers are one class, and the others keep ours.

    ``mixed`` counts our classes whose members the file tells apart.
    """
    classes = tuple(0 if right else (k + 1 if k >= 0 else -1) for right, k in zip(correct, graded.classes, strict=True))
    verdicts = {(k, right) for k, right in zip(graded.classes, correct, strict=True) if k >= 0}
    mixed = len(verdicts) - len({k for k, _ in verdicts})
    return replace(graded, classes=classes, correct=tuple(correct), grader={**graded.grader, "mixed": mixed})


def _compare(problems: Sequence[ForeignProblem], graded: Sequence[Graded]) -> tuple[Disagreement, ...]:
    return tuple(
        Disagreement(p.id, i, g.correct[i], bool(s.correct), g.answers[i], p.gold)
        for p, g in zip(problems, graded, strict=True)
        for i, s in enumerate(p.samples)
        if g.correct[i] != s.correct
    )


def _store_cells(
    db: sqlite3.Connection, problems: Sequence[ForeignProblem], setting: str, graded: Sequence[Graded], label: str
) -> None:
    """Each problem's samples as one cell of independent samples, with what little is known of their cost."""
    db.execute("BEGIN IMMEDIATE")
    for row, (p, g) in enumerate(zip(problems, graded, strict=True), start=1):
        tokens = [_tokens(s.text, s.tokens) for s in p.samples]
        usage = Usage(output_tokens=sum(tokens), samples=len(tokens))
        values = (row, setting, len(tokens), label, canonical_json(asdict(usage)), canonical_json(g.grader))
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


def _identity(files: Sequence[Path]) -> dict[str, str]:
    return {"engine": "imported", **{f"file {i}": _sha256(file) for i, file in enumerate(files)}}


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _info(
    config: SweepConfig,
    benchmark: str,
    problems: Sequence[ForeignProblem],
    files: Sequence[Path],
    labels: Labels,
    estimated: bool,
    disagreements: int,
) -> RunInfo:
    """What run.json says."""
    scores = score_labels(problems)
    identity = _identity(files)
    settings = ("{}", FILE_SETTING) if labels == "both" else ("{}",)
    budgets = config.strategies[0].n or ()
    sources = ", ".join(str(file) for file in files)
    return RunInfo(
        tts=tts.__version__,
        model=ModelInfo(name="imported", fingerprint=fingerprint(identity), identity=identity),
        config=config.model_dump(mode="json", exclude={"out"}),
        seeds=(0,),
        selectors=tuple(n for n, s in SELECTORS.items() if not s.by_group and (scores or not s.needs_scores)),
        verifiers=tuple(scores),
        plan=tuple(Entry(strategy="best_of_n", setting=s, independent=True, n=budgets) for s in settings),
        benchmarks={benchmark: BenchmarkInfo(source=sources, problems=len(problems))},
        imported=ImportInfo(
            files={str(file): f"sha256:{_sha256(file)}" for file in files},
            labels=labels,
            tokens="estimated" if estimated else "file",
            disagreements=disagreements,
        ),
    )


def _session(seconds: float) -> SessionInfo:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return SessionInfo(
        started=now,
        finished=now,
        seconds=round(seconds, 3),
        engine_seconds=0.0,
        engine="imported",
        versions=versions(),
        hardware=hardware(),
        git=commit(),
    )
