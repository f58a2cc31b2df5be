"""Code that a run directory names: whoever made the directory could have written it, so it runs only where one says so.

A configuration names code by ``FILE.py:NAME`` or ``package.module:NAME``, and by options of an engine that load what a
model's author wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tts.benchmarks import BENCHMARKS
from tts.core import Registry, UsageError
from tts.strategies import STRATEGIES
from tts.verifiers import VERIFIERS

CODE_OPTIONS = ("trust_remote_code", "logits_processors", "middleware")
"""Engine options that load code, beside those whose names end as follows."""
CODE_ENDINGS = ("_cls", "_plugin", "_plugins")


def check_trust(place: Path, named: Mapping[str, Any] | None, trust: bool, flag: str = "--trust") -> None:
    """Raise UsageError where ``place/config.yaml`` names code that ``named``, a sweep, does not, unless ``trust``.

    What cannot be read is left for whoever reads it next to refuse.
    """
    if trust:
        return
    try:
        held = yaml.safe_load((place / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return
    given = set(code_of(named or {}))
    foreign = [code for code in dict.fromkeys(code_of(held)) if code not in given]
    if foreign:
        raise UsageError(
            f"{place / 'config.yaml'}: names code that the command does not: {', '.join(foreign)}; look at it, "
            f"then say {flag} to run it"
        )


def code_of(config: object) -> Iterator[str]:
    """What a sweep, as YAML gives it, names of code."""
    if not isinstance(config, Mapping):
        return
    yield from _options(config.get("model"), config.get("engine"))
    models = config.get("models")
    for entry in models.values() if isinstance(models, Mapping) else ():
        if isinstance(entry, Mapping):
            yield from _options(entry.get("name"), entry.get("engine"))
    for part, registry in (("strategies", STRATEGIES), ("verifiers", VERIFIERS)):
        yield from _entries(config.get(part), registry)
    yield from _benchmarks(config.get("benchmarks"))


def _benchmarks(entries: object) -> Iterator[str]:
    """Those that are neither ``NAME`` nor ``NAME:ARGUMENT`` of one that is known."""
    for entry in entries if isinstance(entries, list | tuple) else [entries]:
        name = entry.get("name") if isinstance(entry, Mapping) else entry
        if isinstance(name, str) and ":" in name and name.partition(":")[0] not in BENCHMARKS:
            yield name


def _entries(entries: object, registry: Registry) -> Iterator[str]:
    for entry in entries if isinstance(entries, list | tuple) else [entries]:
        name = entry.get("name") if isinstance(entry, Mapping) else entry
        if isinstance(name, str) and registry.is_code(name):
            yield name
        if isinstance(entry, Mapping):
            yield from _options(name, entry.get("engine"))
            yield from _entries(entry.get("members"), registry)


def _options(model: object, engine: object) -> Iterator[str]:
    for option, value in engine.items() if isinstance(engine, Mapping) else ():
        if value and (option in CODE_OPTIONS or str(option).endswith(CODE_ENDINGS)):
            yield f"{option} of {model}"
