"""Problems of your own: ``jsonl:PATH``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from tts.benchmarks.benchmark import Benchmark, Loaded, load_jsonl
from tts.core import UsageError


@dataclass(frozen=True, kw_only=True)
class JsonlBenchmark(Benchmark):
    """A JSONL file of one's own, with the common fields; ``data_dir`` is not looked at."""

    argument: ClassVar[str | None] = "PATH"

    path: Path | None = None

    def with_argument(self, argument: str) -> Benchmark:
        """The benchmark of that file; it is named by its path as written."""
        if not argument.strip():
            raise UsageError(f"benchmark: {self.name}: names no file; write {self.name}:PATH")
        return replace(self, name=f"{self.name}:{argument}", path=Path(argument))

    def local_file(self, data_dir: Path | None) -> Path | None:
        """The file that it is named by."""
        return self.path

    def load(self, *, data_dir: Path | None = None, limit: int | None = None) -> Loaded:
        """The file's problems."""
        if self.path is None:
            raise UsageError(f"benchmark: {self.name} needs a file; write {self.name}:PATH")
        return load_jsonl(self.path, "benchmark", limit)


JSONL = JsonlBenchmark(
    name="jsonl",
    description="jsonl:PATH, a file of your own: problem and answer a line; id, solution, subject, level if known",
)
