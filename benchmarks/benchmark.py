"""What a benchmark is: where its problems lie, how a row becomes a Problem, and how it is put to a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tts.benchmarks.checker import Checker
from tts.benchmarks.exemplars import MATH_EXEMPLARS, Exemplar
from tts.benchmarks.hub import Hub, HubError, HubRow, fetch
from tts.benchmarks.rows import FIELDS, read_jsonl, to_problems
from tts.core import Problem, UsageError

BOXED = "Please reason step by step, and put your final answer within \\boxed{}."
"""The instruction of most of this field's evaluations."""


def plain(row: HubRow) -> Mapping[str, Any]:
    """The columns of a data set that already has the common names."""
    return row.columns


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
    instruction: str = BOXED
    """Said with every question, unless the prompt's configuration says otherwise."""
    exemplars: tuple[Exemplar, ...] = field(default=MATH_EXEMPLARS, repr=False)
    """Worked examples for few-shot prompts."""
    checker: Checker | None = field(default=None, repr=False)
    """How answers are extracted, classed and graded; None: by mathematical equivalence with the reference."""

    def with_argument(self, argument: str) -> Benchmark:
        """This benchmark with what was written after its name and a colon."""
        raise UsageError(f"benchmark: {self.name} takes no argument, found {argument!r}; write {self.name}")

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
        return load_jsonl(data_dir / filename, f"--data-dir: benchmark {self.name}", limit)

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
        problems = to_problems(zip(places, map(self.row, rows), strict=True))
        return Loaded(problems[:limit], self.hub.id, commit)


def load_jsonl(path: Path, field: str, limit: int | None) -> Loaded:
    """Problems from a local JSONL file with the common fields."""
    rows, sha256 = read_jsonl(path, field)
    return Loaded(to_problems(rows)[:limit], str(path), f"sha256:{sha256}")
