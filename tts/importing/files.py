"""The problems of some files, whatever tool has written them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tts.core import UsageError
from tts.importing.columns import Columns
from tts.importing.inspect_logs import InspectLog, inspect_records, once, read_inspect
from tts.importing.lm_eval import is_lm_eval, lm_eval_records, task_name
from tts.importing.merging import Placed, Source, merge
from tts.importing.problems import ForeignProblem, Record, plain_record, to_problem
from tts.importing.rows import Contents, read_contents, read_rows
from tts.importing.rows import Placed as PlacedRow

FORMATS = ("jsonl", "csv", "parquet", "lm-eval", "inspect")
_SHAPE = (
    'a row is {"id": ..., "gold": ..., "text": ...}, one sample or a list of them as text; other names are given by '
    "--id, --gold and --text"
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
    repeated: int
    """Samples that were left out, since the log of a retry has them too."""


def read_files(files: Sequence[Path], choices: Choices) -> Foreign:
    """The problems of some files; rows of one problem are its samples.

    Raises UsageError, naming file and line, where something is missing or is not what it should be.
    """
    if choices.metric is not None and choices.columns.correct is not None:
        raise UsageError("--metric: tells what --correct tells; give one of them")
    digests: dict[Path, str] = {}
    tables: list[InspectLog | _Table] = []
    for file in files:
        contents = read_contents(file, "FILE")
        twin = next((other for other, known in digests.items() if known == contents.sha256), None)
        if twin is not None:
            raise UsageError(f"FILE: {file} holds the same as {twin}, whose samples would count twice; leave one out")
        digests[file] = contents.sha256
        tables.append(_read(contents, choices.kind))
    _check_used(choices, tables)
    logs, repeated = once([table for table in tables if isinstance(table, InspectLog)])
    left = iter(logs)
    sources = [_source(next(left) if isinstance(table, InspectLog) else table, choices) for table in tables]
    problems, renamed = merge(sources)
    return Foreign(problems, digests, renamed, repeated)


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of a file that is no log of inspect."""

    path: Path
    stem: str
    rows: Sequence[PlacedRow]
    lm_eval: bool


def _read(contents: Contents, kind: str | None) -> InspectLog | _Table:
    """What a file holds, as its kind says or as the file itself tells."""
    log = read_inspect(contents, "FILE") if kind in (None, "inspect") else None
    if log is not None:
        return log
    if kind == "inspect":
        raise UsageError(f"--format inspect: {contents.path} is no log of inspect; let the file tell")
    rows = read_rows(contents, "FILE", _SHAPE, kind)
    first = rows[0][1]
    if len(rows) == 1 and {"results", "configs"} <= first.keys():
        raise UsageError(f"FILE: {contents.path} is lm-eval's summary; name the samples_*.jsonl of --log_samples")
    return _Table(contents.path, contents.stem, rows, kind == "lm-eval" or (kind is None and is_lm_eval(first)))


def _source(table: InspectLog | _Table, choices: Choices) -> Source:
    columns = choices.columns
    if isinstance(table, InspectLog):
        records = inspect_records(table, choices.metric)
        task = table.task
    elif table.lm_eval:
        records = lm_eval_records(table.rows, choices.metric_filter, choices.metric)
        task = task_name(table.stem)
    else:
        records = [plain_record(where, row) for where, row in table.rows]
        task, columns = table.stem, columns.named()
    return Source(table.path, task, _problems(records, columns))


def _problems(records: Sequence[Record], columns: Columns) -> Iterator[Placed]:
    return ((record.where, to_problem(record, columns)) for record in records)


def _check_used(choices: Choices, tables: Sequence[InspectLog | _Table]) -> None:
    """Raise UsageError where an option is for files of a kind that is not there."""
    lm_eval = any(isinstance(table, _Table) and table.lm_eval for table in tables)
    if choices.metric_filter is not None and not lm_eval:
        raise UsageError("--filter: is for lm-eval's samples, and none are given; leave it out")
    if choices.metric is not None and not lm_eval and not any(isinstance(table, InspectLog) for table in tables):
        raise UsageError("--metric: is for logs of lm-eval and inspect; name the column with --correct")
