"""What ``run.json`` says of a run: its model, its plan, where its problems came from, and each time it was taken up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from tts.core import POLICY, UsageError, explain

FORMAT = 2
"""Of the run directory: the tables of its journal, its keys and ``run.json``."""
INFO = "run.json"


class _Part(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class ModelInfo(_Part):
    """The model that was sampled."""

    name: str
    """As the sweep writes it; ``imported`` where samples were made elsewhere."""
    fingerprint: str = ""
    """Of ``identity``: a part of every sample's key."""
    identity: dict[str, str] = {}
    """What it is, by part."""
    architecture: dict[str, Any] | None = None
    """The numbers of its configuration; None where there is none."""
    context: int = 0
    """Most tokens of prompt and answer together; 0 where that is not known."""


class Entry(_Part):
    """One strategy setting of the run."""

    model_config = ConfigDict(frozen=True)

    strategy: str
    setting: str
    """Canonical JSON of the parameters that are not the package's defaults, without n."""
    independent: bool
    """Whether one cell of the largest n serves every smaller budget."""
    n: tuple[int, ...]
    """Budgets, rising."""
    planned: bool = False
    """Whether a plan chose its numbers of samples by outcomes, so that it is not compared as if fixed beforehand."""
    oracle: bool = False
    """Whether the strategy looks at the reference answer."""
    options: dict[str, Any] = {}
    """All parameters, resolved."""

    def __hash__(self) -> int:
        return hash((self.strategy, self.setting))

    @field_validator("n")
    @classmethod
    def _rising(cls, n: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(n)))


class BenchmarkInfo(_Part):
    """Where the problems of a benchmark came from."""

    source: str | None = None
    revision: str | None = None
    limit: int | None = None
    """The first so many; None: all."""
    problems: int
    """How many the run is to take up."""


class JudgeInfo(_Part):
    """What a verifier's scores are kept under."""

    fingerprint: str
    reads_tokens: bool
    """Whether a score depends on token ids or log-probabilities, and not on the text alone."""


class ImportInfo(_Part):
    """Of samples made elsewhere."""

    files: dict[str, str] = {}
    """Digest by file."""
    labels: Literal["own", "file", "both"] = "own"
    """Whose verdicts count; with ``both`` the file's are a setting beside ours."""
    tokens: Literal["estimated", "file"] = "file"
    disagreements: int = 0


class SessionInfo(_Part):
    """One time that the run was taken up."""

    started: str = ""
    finished: str | None = None
    """None where it was interrupted."""
    seconds: float | None = None
    """None where it was killed."""
    engine_seconds: float | None = None
    """How long the engine had something to do."""
    samples: int | None = None
    """Drawn from the engine."""
    tokens: int | None = None
    """Generated."""
    restarts: int | None = None
    """Of engines that died."""
    engine: str = ""
    versions: dict[str, str] = {}
    hardware: dict[str, Any] = {}
    git: str | None = None


class RunInfo(_Part):
    """All of ``run.json``."""

    format: int = FORMAT
    tts: str = ""
    """Version of the package that last wrote it."""
    model: ModelInfo
    """The policy."""
    models: dict[str, ModelInfo] = {}
    """The others, by role."""
    config: dict[str, Any] = {}
    """The sweep as it was resolved, for people."""
    seeds: tuple[int, ...]
    selectors: tuple[str, ...]
    verifiers: tuple[str, ...] = ()
    """Labels, ``verifier:aggregation``, of the scores that selectors are to use."""
    oracle_verifiers: tuple[str, ...] = ()
    """Verifiers that are told what is correct."""
    architectures: dict[str, dict[str, Any]] = {}
    """The numbers of each verifier's configuration, by name."""
    judges: dict[str, JudgeInfo] = {}
    """By the verifier's name."""
    plan: tuple[Entry, ...]
    benchmarks: dict[str, BenchmarkInfo]
    imported: ImportInfo | None = None
    """None: the samples were drawn here."""
    sessions: list[SessionInfo] = []

    @field_validator("verifiers")
    @classmethod
    def _once(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(labels))

    def model_of(self, role: str) -> ModelInfo | None:
        """The model in a role."""
        return self.model if role == POLICY else self.models.get(role)

    def text(self) -> str:
        """The file's contents."""
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def read_info(folder: Path) -> RunInfo | None:
    """What a directory's ``run.json`` says; None where it has none.

    Raises UsageError where it cannot be read, or has another format than this version's.
    """
    file = folder / INFO
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: expected JSON, found {error}; put back a whole copy") from None
    version = found.get("format") if isinstance(found, dict) else None
    if not isinstance(version, int):
        raise UsageError(
            f"{file}: expected a number in the field format, found {version!r}; "
            "name the directory that `tts run` printed"
        )
    if version < FORMAT:
        raise UsageError(
            f"{file}: format {version} is older than {FORMAT}, the first that this version reads; use the version of "
            f"tts-scaling that made it ({found.get('tts', 'unknown')}), or run again into a new directory"
        )
    if version > FORMAT:
        raise UsageError(
            f"{file}: format {version} (tts {found.get('tts')}) is newer than {FORMAT}, the newest that this version "
            "reads; update tts-scaling"
        )
    try:
        return RunInfo.model_validate(found)
    except ValidationError as error:
        reason = explain(error, RunInfo, absent="`tts run` on this directory writes {them} anew")
        raise UsageError(f"{file}: {reason}") from None
