"""Data sets from the Hugging Face hub, through ``datasets``: its cache, HF_HOME and HF_HUB_OFFLINE are left to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.core import TtsError

COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Hub:
    """Where a benchmark lies on the hub."""

    id: str
    """``organisation/name`` of the data set."""
    split: str
    configs: tuple[str | None, ...] = (None,)
    """Read one after the other; None is the data set's only configuration."""

    def __str__(self) -> str:
        names = [c for c in self.configs if c]
        config = f"{names[0]}, " if len(names) == 1 else f"{len(names)} configurations, " if names else ""
        return f"{self.id} ({config}split {self.split})"


@dataclass(frozen=True, slots=True)
class HubRow:
    """One row as the hub has it."""

    config: str | None
    index: int
    """Within its configuration's split."""
    columns: dict[str, Any]


class HubError(TtsError):
    """The hub's data set could be had neither from the network nor from the cache."""


class _UnreachableError(Exception):
    """The hub does not give it; the text says why."""


def fetch(hub: Hub) -> tuple[list[HubRow], str | None]:
    """All rows, and the commit that they are from (None where the cache does not tell)."""
    try:
        commit = _newest_commit(hub.id)
    except _UnreachableError as unreachable:
        with _offline():
            return _read(hub, None, f"{unreachable}, and the cache has no copy")
    return _read(hub, commit, None)


def _read(hub: Hub, commit: str | None, trouble: str | None) -> tuple[list[HubRow], str | None]:
    """``trouble``: what to say when it fails, if that is known better than from the failure."""
    import datasets

    rows: list[HubRow] = []
    cached: str | None = None
    try:
        for config in hub.configs:
            table = datasets.load_dataset(hub.id, config, split=hub.split, revision=commit)
            cached = cached or _cached_commit(table)
            rows += [HubRow(config, index, dict(row)) for index, row in enumerate(table)]
    except Exception as error:  # of whatever type in the libraries below: the data is not there
        raise HubError(trouble or _line(error)) from error
    return rows, commit or cached


def _newest_commit(hub_id: str) -> str | None:
    """The commit at the tip of the data set; None where ``load_dataset`` shall say what is wrong."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

    try:
        return HfApi().dataset_info(hub_id, timeout=10).sha
    except RepositoryNotFoundError:
        raise _UnreachableError("the hub has no such data set, or none that HF_TOKEN may read") from None
    except HfHubHTTPError:
        return None
    except OfflineModeIsEnabled:
        raise _UnreachableError("HF_HUB_OFFLINE is set") from None
    except Exception as error:  # no route, no such host, a timeout
        raise _UnreachableError(_line(error)) from error


@contextmanager
def _offline() -> Iterator[None]:
    """Have ``datasets`` look in its cache at once, without its half minute of retries."""
    import datasets

    before = datasets.config.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE = before


def _cached_commit(table: Any) -> str | None:
    """The commit in the path of the cached table: ``.../<configuration>/<version>/<commit>/<file>.arrow``."""
    for file in getattr(table, "cache_files", ()):
        for part in reversed(Path(file["filename"]).parts[:-1]):
            if COMMIT.fullmatch(part):
                return part
    return None


def _line(error: Exception) -> str:
    """An exception in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0].rstrip('. ')}" if lines else type(error).__name__
