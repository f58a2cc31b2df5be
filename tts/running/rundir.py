"""The run directory: its lock, its configuration and what is known about it (``run.json``)."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import yaml

from tts.core import POLICY, UsageError
from tts.running.config import SweepConfig, parse_config
from tts.running.merge import merge

FORMAT = 2


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
        self.info: dict[str, Any] = self._read_info()

    def _check_foreign(self) -> None:
        """A directory with things in it that are no run's is not to be written into."""
        if not self.path.is_dir():
            if self.path.exists():
                raise UsageError(f"--out: {self.path} is a file; name a directory")
            return
        names = {p.name for p in self.path.iterdir()}
        if names and not names & {"lock", "config.yaml", "journal.sqlite"}:
            raise UsageError(
                f"--out: {self.path} holds {sorted(names)[0]!r} and is no run directory; name a new or empty one"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if not (self.path / "config.yaml").exists():  # nothing was begun: leave no trace
            with suppress(OSError):
                (self.path / "lock").unlink()
                for directory in self._made:
                    directory.rmdir()
        self._lock.close()

    @property
    def journal(self) -> Path:
        """Where the journal lies."""
        return self.path / "journal.sqlite"

    @property
    def config(self) -> SweepConfig | None:
        """What the directory was asked to do so far; None for a new one."""
        file = self.path / "config.yaml"
        if not file.exists():
            return None
        if self.info and not self.journal.exists():
            raise UsageError(f"{self.journal}: is missing, and all samples with it; put it back, or name another --out")
        try:
            return parse_config(yaml.safe_load(file.read_text(encoding="utf-8")), str(file))
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise _damaged(file, error) from None

    def union(self, config: SweepConfig | None) -> SweepConfig:
        """What was asked before and ``config`` together. Raises UsageError where they conflict."""
        before = self.config
        if before is None and config is None:
            raise UsageError(
                f"--out: {self.path} holds no run to take up; give a sweep file, or --model, --benchmark and --strategy"
            )
        union = merge(before, config, str(self.path)) if before and config else before or config
        assert union is not None
        return union

    def save_config(self, config: SweepConfig) -> None:
        """Write ``config.yaml``: from now on the directory is a run."""
        self.write("config.yaml", yaml.safe_dump(config.model_dump(mode="json", exclude={"out"}), sort_keys=False))

    def check_model(self, role: str, name: str, identity: Mapping[str, str]) -> None:
        """Raise UsageError where the directory was made with another model in that role, saying what differs."""
        before = self.info.get("model") if role == POLICY else self.info.get("models", {}).get(role)
        if before is None:
            return
        for part in sorted({*before["identity"], *identity}):
            old, new = before["identity"].get(part, "nothing"), identity.get(part, "nothing")
            if old != new:
                raise UsageError(
                    f"{self.path}: model {name} differs from the one that the run was made with: {part} was {old}, "
                    f"is {new}; name another directory with --out, or use the model as it was"
                )

    def save_info(self) -> None:
        """Write ``run.json``."""
        self.write("run.json", json.dumps({"format": FORMAT, **self.info}, indent=1, ensure_ascii=False) + "\n")

    def _read_info(self) -> dict[str, Any]:
        file = self.path / "run.json"
        if not file.exists():
            return {}
        try:
            info: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _damaged(file, error) from None
        if not isinstance(info, dict) or info.get("format") != FORMAT:
            info = info if isinstance(info, dict) else {}
            raise UsageError(
                f"{file}: found format {info.get('format')!r}, expected {FORMAT}; use the version of tts-scaling "
                f"that made it ({info.get('tts', 'unknown')}), or name another directory with --out"
            )
        return info

    def write(self, name: str, text: str) -> None:
        """Replace a file as a whole: a killed process leaves the old one or the new one."""
        part = self.path / f"{name}.part"
        with part.open("w") as f:
            f.write(text)
            f.flush()
            os.fsync(f.fileno())
        part.replace(self.path / name)


def _damaged(file: Path, error: Exception) -> UsageError:
    reason = " ".join(str(error).split())[:200]
    return UsageError(f"{file}: cannot be read ({reason}); put back a whole copy, or name another directory with --out")


def new_run_path(config: SweepConfig) -> Path:
    """A directory under ``runs/`` that does not exist yet, named after the moment and the sweep."""
    words = [config.model.split("/")[-1].split(":")[0], config.benchmarks[0].name.split(":")[0]]
    slug = re.sub(r"[^A-Za-z0-9_.-]+", "-", "-".join(words))
    base = Path("runs") / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{slug}"
    path, i = base, 1
    while path.exists():
        path, i = base.with_name(f"{base.name}-{i}"), i + 1
    return path


def refuse_imported(place: Path) -> None:
    """Raise UsageError where ``place`` is a run of imported samples: no model can draw more of them."""
    try:
        info = json.loads((place / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if isinstance(info, dict) and info.get("imported"):
        raise UsageError(
            f"{place}: its samples were imported, and their model is not known here, so there is nothing to run; "
            "`tts report` reads it as it is: import more files into a new directory, or name another --out"
        )
