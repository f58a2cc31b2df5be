"""``tts import``: samples made elsewhere become a run directory, so that reports and all analyses work on them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import tts
from tts.benchmarks import get_benchmark
from tts.core import SELECTORS, UsageError, canonical_json, fingerprint
from tts.grading import Graded
from tts.importing.columns import Columns
from tts.importing.files import Choices, Foreign, read_files
from tts.importing.problems import ForeignProblem, score_labels, unscored
from tts.importing.reading import Opened, Reading, opened_thinking_of
from tts.importing.stored import store_cells, store_samples
from tts.importing.whole import whole_directory
from tts.session.outcomes import Outcomes
from tts.store import (
    BenchmarkInfo,
    Entry,
    ImportInfo,
    Journal,
    ModelInfo,
    Recorder,
    RunDir,
    RunInfo,
    SessionInfo,
    StoredProblem,
)
from tts.store.provenance import commit, hardware, versions
from tts.sweep.config import SweepConfig, forms_of, parse_config

Labels = Literal["own", "file", "both"]

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
    silent: int
    """Samples without any text."""
    renamed: bool
    """Whether the ids of files were told apart by a name before them."""
    repeated: int
    """Samples that two logs of one evaluation have, beside the one that counts."""
    fewest: tuple[str, int]
    """The problem with the fewest samples, and how many."""
    most: int
    """Samples of the problem with the most."""
    opened: Opened | None
    """Thinking that the prompts opened."""


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
    metric: str | None = None,
    reading: Reading | None = None,
) -> Imported:
    """Make the run directory ``out`` from some files of samples, and grade them.

    ``labels``: whose verdicts count; with ``both``, the file's stand beside ours as a setting of their own.
    ``benchmark``: whose rules of grading hold; default: mathematical equivalence. ``budgets``: default: the powers of
    two up to the smallest number of samples of a problem, and that number. ``kind``, ``metric_filter``, ``metric``: see
    Choices; ``reading``: how answers are found in the texts.
    Raises UsageError where the files are not what they should be, or ``out`` is not new.
    """
    reading = reading or Reading()
    foreign = read_files(files, Choices(kind, columns, metric_filter, metric))
    problems = foreign.problems
    name = f"jsonl:{files[0].name}" if benchmark is None else benchmark
    if get_benchmark(name, "--benchmark").checker is not None and reading.answer_forms is not None:
        raise UsageError(f"--answer-forms: {name} has rules of its own for answers; leave it out")
    opened = opened_thinking_of((s.text for p in problems for s in p.samples), reading)
    _check_labels(problems, labels)
    budgets = _budgets(problems, budgets)
    config = parse_config(
        {
            "model": "imported",
            "benchmarks": [{"name": name, "answer_forms": reading.answer_forms}],
            "strategies": [{"name": "best_of_n", "n": list(budgets)}],
            "grading": {"think_tags": reading.think_tags},
        },
        "import",
    )
    began = time.monotonic()
    with whole_directory(out) as place, RunDir(place) as rundir:
        journal = Journal(rundir.journal)
        try:
            model, opening = fingerprint(_identity(foreign)), opened.start if opened else ""
            held = store_samples(journal, name, model, problems, opening)
            graded, holds_for = asyncio.run(_grade(journal, held, problems, config))
            disagreements = _compare(problems, graded) if labels == "both" else ()
            for setting, verdicts in _settings(problems, graded, labels):
                store_cells(journal, held, problems, setting, verdicts, holds_for)
        finally:
            journal.close()
        estimated = any(s.tokens is None for p in problems for s in p.samples)
        if labels == "both":
            rundir.write("disagreements.jsonl", "".join(canonical_json(asdict(d)) + "\n" for d in disagreements))
        rundir.save_config(config.model_dump(mode="json", exclude={"out"}))
        info = _info(config, name, foreign, labels, estimated, len(disagreements))
        info.sessions.append(_session(time.monotonic() - began))
        rundir.save_info(info)
    samples = sum(len(p.samples) for p in problems)
    silent = sum(not s.text.strip() for p in problems for s in p.samples)
    return Imported(
        len(problems), samples, tuple(budgets), estimated, tuple(disagreements), unscored(problems), silent,
        foreign.renamed, foreign.repeated, *_extent(problems), opened,
    )  # fmt: skip


def _extent(problems: Sequence[ForeignProblem]) -> tuple[tuple[str, int], int]:
    fewest = min(problems, key=lambda p: len(p.samples))
    return (fewest.id, len(fewest.samples)), max(len(p.samples) for p in problems)


def _check_labels(problems: Sequence[ForeignProblem], labels: Labels) -> None:
    if labels == "own":
        return
    for problem in problems:
        for i, sample in enumerate(problem.samples):
            if sample.correct is None and sample.text.strip():  # no answer is not right
                raise UsageError(
                    f"--labels {labels}: sample {i} of problem {problem.id!r} has no label; name their column with "
                    "--correct, a log's metric with --metric, or use --labels own"
                )


def _budgets(problems: Sequence[ForeignProblem], asked: Sequence[int]) -> tuple[int, ...]:
    """What every problem has the samples for."""
    (fewest, least), _ = _extent(problems)
    if asked and max(asked) > least:
        raise UsageError(
            f"--n: found {max(asked)}, but problem {fewest!r} has {least} samples; {least} or less would do"
        )
    return tuple(sorted(set(asked or (*(2**i for i in range(least.bit_length())), least))))


async def _grade(
    journal: Journal, held: Sequence[StoredProblem], problems: Sequence[ForeignProblem], config: SweepConfig
) -> tuple[list[Graded], list[str]]:
    """Our verdicts, and what each problem's hold for."""
    grading = config.grading.model_copy(update={"workers": min(8, os.cpu_count() or 1)})
    names = sorted({name for p in problems for s in p.samples for name in s.scores})
    with Outcomes(grading, names, Recorder(journal), forms_of(config)) as outcomes:
        tasks = (outcomes.grade(h, [s.text for s in p.samples]) for h, p in zip(held, problems, strict=True))
        return list(await asyncio.gather(*tasks)), [outcomes.label(h) for h in held]


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
        if g.correct[i] != bool(s.correct)
    )


def _identity(foreign: Foreign) -> dict[str, str]:
    return {"engine": "imported", **{f"file {i}": sha256 for i, sha256 in enumerate(foreign.digests.values())}}


def _info(
    config: SweepConfig,
    benchmark: str,
    foreign: Foreign,
    labels: Labels,
    estimated: bool,
    disagreements: int,
) -> RunInfo:
    """What run.json says."""
    scores = score_labels(foreign.problems)
    identity = _identity(foreign)
    settings = ("{}", FILE_SETTING) if labels == "both" else ("{}",)
    budgets = config.strategies[0].n or ()
    sources = ", ".join(map(str, foreign.digests))
    return RunInfo(
        tts=tts.__version__,
        model=ModelInfo(name="imported", fingerprint=fingerprint(identity), identity=identity),
        config=config.model_dump(mode="json", exclude={"out"}),
        seeds=(0,),
        selectors=tuple(n for n, s in SELECTORS.items() if not s.by_group and (scores or not s.needs_scores)),
        verifiers=tuple(scores),
        plan=tuple(Entry(strategy="best_of_n", setting=s, independent=True, n=budgets) for s in settings),
        benchmarks={benchmark: BenchmarkInfo(source=sources, problems=len(foreign.problems))},
        imported=ImportInfo(
            files={str(file): f"sha256:{sha256}" for file, sha256 in foreign.digests.items()},
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
