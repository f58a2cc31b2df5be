"""What a benchmark is: where its problems lie, how a row becomes a Problem, and how it is put to a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from tts.benchmarks.exemplars import MATH_EXEMPLARS, Exemplar
from tts.benchmarks.hub import Hub, HubError, HubRow, fetch
from tts.benchmarks.rows import FIELDS, SHAPE, read_jsonl, to_problems
from tts.core import Problem, UsageError
from tts.grading import Checker

T = TypeVar("T")
R = TypeVar("R")

BOXED = "Please reason step by step, and put your final answer within \\boxed{}."
"""The instruction of most of this field's evaluations."""


def plain(row: HubRow) -> Mapping[str, Any]:
    """The columns of a data set that already has the common names."""
    return row.columns


def one_configuration(columns: Mapping[str, Any]) -> str | None:
    """The configuration of a row in a data set that has only one."""
    return None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A benchmark's problems and where they are from."""

    problems: tuple[Problem, ...]
    source: str
    """Hub id, path of the file as it was named, or what generated the problems."""
    revision: str | None
    """The hub's commit, ``sha256:...`` of the file, or None where there is none to tell."""


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A set of problems with reference answers.

    A benchmark of your own is an instance of this class, or of a subclass with its own ``load``.
    """

    argument: ClassVar[str | None] = None
    """What must follow the name after a colon, for instance ``PATH``; None where nothing must."""

    name: str
    """As written in a configuration; part of every problem's identity."""
    description: str
    """One line, for lists."""
    size: int | None = None
    """Problems as published; None where the argument or a file of the user's says how many."""
    hub: Hub | None = None
    filename: str | None = None
    """The file that stands for the hub's data set in a data folder."""
    row: Callable[[HubRow], Mapping[str, Any]] = plain
    """A hub row's common fields (id, problem, answer, solution, subject, level)."""
    columns: tuple[str, ...] = ()
    """The hub's own columns by which a row of a local file is told to be one of the hub's, and goes through ``row``;
    a row with the common fields lacks at least one of them. Empty: local files have the common fields only."""
    config_of: Callable[[Mapping[str, Any]], str | None] = one_configuration
    """The hub's configuration that such a row of a local file is from."""
    instruction: str = BOXED
    """Said with every question, unless the prompt's configuration says otherwise."""
    exemplars: tuple[Exemplar, ...] = field(default=MATH_EXEMPLARS, repr=False)
    """Worked examples for few-shot prompts."""
    checker: Checker | None = field(default=None, repr=False)
    """How answers are extracted, classed and graded; None: by mathematical equivalence with the reference."""

    def with_argument(self, argument: str) -> Benchmark:
        """This benchmark with what was written after its name and a colon."""
        raise UsageError(f"benchmark: {self.name} takes no argument, found {argument!r}; write {self.name}")

    def local_file(self, data_dir: Path | None) -> Path | None:
        """The file that the problems are read from; None where they come from the hub or a generator."""
        return None if data_dir is None or self.filename is None else data_dir / self.filename

    def load(self, *, data_dir: Path | None = None, limit: int | None = None) -> Loaded:
        """The first ``limit`` problems (all by default), from a file in ``data_dir`` or, without one, from the hub.

        Every row is checked, also those beyond the limit. Raises UsageError where the data is absent or broken.
        """
        if data_dir is not None and self.filename is not None:
            return self._load_file(data_dir, self.filename, limit)
        return self._load_hub(limit)

    def _load_file(self, data_dir: Path, filename: str, limit: int | None) -> Loaded:
        if not data_dir.expanduser().is_dir():
            found = "a file" if data_dir.expanduser().exists() else "nothing"
            raise UsageError(
                f"--data-dir: {data_dir} is no folder (found {found}); name the folder that holds {filename}, "
                f"or leave it (and TTS_DATA_DIR) out to use the hub"
            )
        path = data_dir / filename
        shape = SHAPE + (f", or the hub's own columns {', '.join(self.columns)}" if self.columns else "")
        rows, sha256 = read_jsonl(path, f"--data-dir: benchmark {self.name}", shape)
        return Loaded(to_problems(self._local(rows), shape)[:limit], str(path), f"sha256:{sha256}")

    def _local(self, rows: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The common fields of a local file's rows, of which some may be the hub's own."""
        counts: dict[str | None, int] = {}
        for place, columns in rows:
            if not self.columns or not all(name in columns for name in self.columns):
                yield place, columns
                continue
            config = self._common(place, self.config_of, columns)
            row = HubRow(config, counts.get(config, 0), columns)
            counts[config] = row.index + 1
            yield place, self._common(place, self.row, row)

    def _common(self, place: str, convert: Callable[[T], R], value: T) -> R:
        """What ``convert`` makes of a row. Raises UsageError where the row is not as the hub has it."""
        try:
            return convert(value)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(
                f"{place}: is no row as {self.hub or self.name} has it ({type(error).__name__}: {error}); mend or "
                "delete it"
            ) from None

    def _load_hub(self, limit: int | None) -> Loaded:
        if self.hub is None:
            raise UsageError(f"benchmark: {self.name} has no hub id; give its class a load of its own")
        try:
            rows, commit = fetch(self.hub)
        except HubError as error:
            raise UsageError(
                f"benchmark: {self.name} cannot be loaded from the hub's {self.hub}: {error}; "
                f"--data-dir DIR or TTS_DATA_DIR=DIR reads DIR/{self.filename} instead (fields {', '.join(FIELDS)})"
            ) from error
        places = [f"{self.hub.id} {r.config or ''}".rstrip() + f" row {r.index}" for r in rows]
        common = ((place, self._common(place, self.row, row)) for place, row in zip(places, rows, strict=True))
        problems = to_problems(common)
        return Loaded(problems[:limit], self.hub.id, commit)


def load_jsonl(path: Path, field: str, limit: int | None) -> Loaded:
    """Problems from a local JSONL file with the common fields."""
    rows, sha256 = read_jsonl(path, field)
    return Loaded(to_problems(rows)[:limit], str(path), f"sha256:{sha256}")
