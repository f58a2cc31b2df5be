"""The problems of some files, whatever tool has written them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tts.core import UsageError
from tts.importing.columns import Columns
from tts.importing.inspect_logs import inspect_records, read_inspect
from tts.importing.lm_eval import is_lm_eval, lm_eval_records, task_name
from tts.importing.merging import Placed, Source, merge
from tts.importing.problems import ForeignProblem, Record, plain_record, to_problem
from tts.importing.rows import Contents, read_contents, read_rows

FORMATS = ("jsonl", "csv", "parquet", "lm-eval", "inspect")
_SHAPE = (
    'JSON lines: a line is {"id": ..., "gold": ..., "text": ...}, one sample or a list of them as text; other names '
    "are given by --id, --gold and --text"
)


@dataclass(frozen=True, slots=True)
class Choices:
    """How files are read."""

    kind: str | None = None
    """One of FORMATS; None to tell by the file."""
    columns: Columns = field(default_factory=Columns)
    metric_filter: str | None = None
    """Which of lm-eval's filters to take labels from; None for the first."""
    metric: str | None = None
    """Which metric of a log is the label; None for the first that says right or wrong."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """What some files have."""

    problems: list[ForeignProblem]
    digests: Mapping[Path, str]
    """SHA-256 of each file."""
    renamed: bool
    """Whether files had ids in common for different problems, which are named ``TASK/ID`` then."""


def read_files(files: Sequence[Path], choices: Choices) -> Foreign:
    """The problems of some files; rows of one problem are its samples.

    Raises UsageError, naming file and line, where something is missing or is not what it should be.
    """
    if choices.metric is not None and choices.columns.correct is not None:
        raise UsageError("--metric: tells what --correct tells; give one of them")
    digests: dict[Path, str] = {}
    sources, kinds = [], set()
    for file in files:
        contents = read_contents(file, "FILE")
        twin = next((other for other, known in digests.items() if known == contents.sha256), None)
        if twin is not None:
            raise UsageError(f"FILE: {file} holds the same as {twin}, whose samples would count twice; leave one out")
        digests[file] = contents.sha256
        kind, source = _source(contents, choices)
        kinds.add(kind)
        sources.append(source)
    _check_used(choices, kinds)
    problems, renamed = merge(sources)
    return Foreign(problems, digests, renamed)


def _source(contents: Contents, choices: Choices) -> tuple[str, Source]:
    """What kind of file it is, and its problems."""
    log = read_inspect(contents, "FILE") if choices.kind in (None, "inspect") else None
    if log is not None:
        records = inspect_records(contents, log, choices.metric)
        return "inspect", Source(contents.path, log.task, _problems(records, choices.columns))
    if choices.kind == "inspect":
        raise UsageError(f"--format inspect: {contents.path} is no log of inspect; let the file tell")
    rows = read_rows(contents, "FILE", _SHAPE, choices.kind)
    first = rows[0][1]
    if len(rows) == 1 and {"results", "configs"} <= first.keys():
        raise UsageError(f"FILE: {contents.path} is lm-eval's summary; name the samples_*.jsonl of --log_samples")
    if choices.kind == "lm-eval" or (choices.kind is None and is_lm_eval(first)):
        records = lm_eval_records(rows, choices.metric_filter, choices.metric)
        return "lm-eval", Source(contents.path, task_name(contents.stem), _problems(records, choices.columns))
    records = [plain_record(where, row) for where, row in rows]
    return "rows", Source(contents.path, contents.stem, _problems(records, choices.columns.named()))


def _problems(records: Sequence[Record], columns: Columns) -> Iterator[Placed]:
    return ((record.where, to_problem(record, columns)) for record in records)


def _check_used(choices: Choices, kinds: set[str]) -> None:
    """Raise UsageError where an option is for files of a kind that is not there."""
    if choices.metric_filter is not None and "lm-eval" not in kinds:
        raise UsageError("--filter: is for lm-eval's samples, and none are given; leave it out")
    if choices.metric is not None and kinds <= {"rows"}:
        raise UsageError("--metric: is for logs of lm-eval and inspect; name the column with --correct")
