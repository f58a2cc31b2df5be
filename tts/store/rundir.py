"""The run directory as the run wing holds it: locked, with its configuration, its plans and what is known about it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import yaml

from tts.core import UsageError
from tts.store.info import INFO, BenchmarkInfo, RunInfo, read_info
from tts.store.plans import PLANS, Plan

CONFIG = "config.yaml"
JOURNAL = "journal.sqlite"


class RunDir:
    """A run's directory, held by one process at a time. A context manager: leaving it releases the lock."""

    def __init__(self, path: Path):
        """Make or open ``path``. Raises UsageError where it is not writable, not a run or in use."""
        self.path = path
        try:
            self._check_foreign()
            self._made = [p for p in (path, *path.parents) if not p.exists()]
            path.mkdir(parents=True, exist_ok=True)
            self._lock = (path / "lock").open("a+")
        except OSError as error:
            raise UsageError(
                f"--out: {path} cannot be written ({error.strerror}); name a directory that you may write to"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"--out: {path} is in use by another `tts run`; wait for it, or name another directory"
            ) from None
        self.info: RunInfo | None = read_info(path)
        """What ``run.json`` says; None before the run was begun."""
        self.benchmarks: dict[str, BenchmarkInfo] = dict(self.info.benchmarks) if self.info else {}
        """Where problems came from, with what is taken up now."""

    def _check_foreign(self) -> None:
        """A directory with things in it that are no run's is not to be written into."""
        if not self.path.is_dir():
            if self.path.exists():
                raise UsageError(f"--out: {self.path} is a file; name a directory")
            return
        names = {p.name for p in self.path.iterdir()}
        if names and not names & {"lock", CONFIG, JOURNAL}:
            raise UsageError(
                f"--out: {self.path} holds {sorted(names)[0]!r} and is no run directory; name a new or empty one"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if not (self.path / CONFIG).exists():  # nothing was begun: leave no trace
            with suppress(OSError):
                (self.path / "lock").unlink()
                for directory in self._made:
                    directory.rmdir()
        self._lock.close()

    @property
    def journal(self) -> Path:
        """Where the journal lies."""
        return self.path / JOURNAL

    @property
    def config_file(self) -> Path:
        """Where the configuration lies."""
        return self.path / CONFIG

    def config(self) -> Any:
        """What the directory was asked to do so far, as YAML has it; None for a new one.

        Raises UsageError where it cannot be read, or the journal is gone.
        """
        if not self.config_file.exists():
            return None
        if self.info and not self.journal.exists():
            raise UsageError(f"{self.journal}: is missing, and all samples with it; put it back, or name another --out")
        try:
            return yaml.safe_load(self.config_file.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UsageError(
                f"{self.config_file}: cannot be read ({reason}); put back a whole copy, or name another directory "
                "with --out"
            ) from None

    def save_config(self, config: Mapping[str, Any]) -> None:
        """Write ``config.yaml``: from now on the directory is a run."""
        self.write(CONFIG, yaml.safe_dump(dict(config), sort_keys=False))

    def check_model(self, role: str, name: str, identity: Mapping[str, str]) -> None:
        """Raise UsageError where the directory was made with another model in that role, saying what differs."""
        before = self.info.model_of(role) if self.info else None
        if before is None:
            return
        for part in sorted({*before.identity, *identity}):
            old, new = before.identity.get(part, "nothing"), identity.get(part, "nothing")
            if old != new:
                raise UsageError(
                    f"{self.path}: model {name} differs from the one that the run was made with: {part} was {old}, "
                    f"is {new}; name another directory with --out, or use the model as it was"
                )

    def save_info(self, info: RunInfo) -> None:
        """Write ``run.json``."""
        self.info = info
        self.write(INFO, info.text())

    def keep_plan(self, plan: Plan) -> None:
        """Keep a plan with the run, so that taking the run up again carries it out."""
        (self.path / PLANS).mkdir(exist_ok=True)
        self.write(f"{PLANS}/{plan.name}.json", plan.model_dump_json(indent=1) + "\n")

    def write(self, name: str, text: str) -> None:
        """Replace a file as a whole: a killed process leaves the old one or the new one."""
        part = self.path / f"{name}.part"
        with part.open("w") as f:
            f.write(text)
            f.flush()
            os.fsync(f.fileno())
        part.replace(self.path / name)
