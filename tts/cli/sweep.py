"""A sweep's configuration out of a file, flags and ``--set``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tts.core import UsageError
from tts.running import SweepConfig, parse_config
from tts.strategies import STRATEGIES


def read_sweep(
    file: Path | None,
    *,
    model: str | None,
    benchmarks: tuple[str, ...],
    strategies: tuple[str, ...],
    n: str | None,
    limit: int | None,
    seeds: tuple[int, ...],
    sets: tuple[str, ...],
) -> SweepConfig | None:
    """The sweep, flags over file; None where neither says anything. Raises UsageError."""
    data = {} if file is None else _read_yaml(file)
    if not isinstance(data, dict):
        return parse_config(data, str(file))
    if model is not None:
        data["model"] = model
    if benchmarks:
        data["benchmarks"] = list(benchmarks)
    if strategies:
        data["strategies"] = [{"name": name} for name in strategies]
    if n is not None:
        _set_budgets(data, _budgets(n))
    if limit is not None:
        data["limit"] = limit
    if seeds:
        data["seeds"] = list(seeds)
    for assignment in sets:
        _assign(data, assignment)
    if not data and file is None:
        return None
    return parse_config(data, "command line" if file is None else str(file))


def _read_yaml(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = sorted(p.name for p in file.parent.glob("*.yaml"))[:5] if file.parent.is_dir() else []
        there = f" (there are {', '.join(near)})" if near else ""
        raise UsageError(f"{file}: no such sweep file{there}") from None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}); expected a sweep file in YAML") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: is not text in UTF-8; expected a sweep file in YAML") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise UsageError(f"{file}{line}: is not valid YAML ({problem}); mend or complete the file") from None


def _budgets(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--n: found {text!r}, expected whole numbers separated by commas, as in 1,4,16,64") from None


def _set_budgets(data: dict[str, Any], budgets: list[int]) -> None:
    """Give the budgets to every strategy that has a choice."""
    entries = data.get("strategies") or []
    entries = entries if isinstance(entries, list) else [entries]
    data["strategies"] = [{"name": e} if isinstance(e, str) else e for e in entries]
    for i, entry in enumerate(data["strategies"]):
        if isinstance(entry, dict) and STRATEGIES.load(str(entry.get("name")), f"strategies[{i}].name").budgets is None:
            entry["n"] = budgets


def _assign(data: dict[str, Any], assignment: str) -> None:
    """Carry out ``a.b.0=value``; the value is YAML."""
    key, equals, text = assignment.partition("=")
    if not equals or not key:
        raise UsageError(f"--set: found {assignment!r}, expected KEY=VALUE, as in sampling.temperature=0.6")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise UsageError(f"--set {key}: found {text!r}, expected a value in YAML") from None
    *parents, last = key.split(".")
    place: Any = data
    try:
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        if isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    except (ValueError, IndexError, TypeError, AttributeError):
        raise UsageError(f"--set: {key!r} leads nowhere; expected a field such as strategies.0.temperature") from None
