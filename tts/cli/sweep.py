"""What flags say: a sweep's configuration out of a file, flags and ``--set``; ``--parameters NAME=COUNT``."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

import yaml

from tts.benchmarks import get_benchmark
from tts.core import UsageError, did_you_mean
from tts.engines import ENGINES
from tts.sweep import SweepConfig, load_strategy, parse_config, settings_of
from tts.sweep.trust import check_trust


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
    held: Path | None = None,
    trust: bool = False,
) -> SweepConfig | None:
    """The sweep, flags over file; None where neither says anything. Raises UsageError.

    ``held``: a run directory; flags that name no model say what more is asked of the run in it. ``trust``: whether code
    that the directory names may run, where neither file nor flags name it.
    """
    if held is not None:
        own = file is not None and file != held / "config.yaml"
        named: Any = _read_yaml(file) if file is not None and own else {}
        named = dict(named) if isinstance(named, dict) else {}
        named["strategies"] = [*strategies, *_entries(named.get("strategies") or [])]
        check_trust(held, named, trust)
    flagged = any((model is not None, benchmarks, strategies, n is not None, limit is not None, seeds, sets))
    if file is None and not flagged:
        return None
    if file is None and model is None and held is not None and (held / "config.yaml").is_file():
        file = held / "config.yaml"
    data = {} if file is None else _read_yaml(file)
    source = "command line" if file is None else f"{file} with the flags" if flagged else str(file)
    if not isinstance(data, dict):
        return parse_config(data, str(file))
    if model is not None:
        data["model"] = model
    if benchmarks:
        data["benchmarks"] = list(benchmarks)
    if strategies:
        data["strategies"] = list(strategies)
    for part in ("benchmarks", "strategies"):
        if part in data:
            data[part] = _entries(data[part])
    if n is not None:
        _set_budgets(data, _budgets(n), source)
    if limit is not None:
        data["limit"] = limit
        for entry in data.get("benchmarks", ()):
            if isinstance(entry, dict):
                entry.pop("limit", None)
    if seeds:
        data["seeds"] = list(seeds)
    for assignment in sets:
        _assign(data, assignment)
    config = parse_config(data, source)
    _check_names(config, source)
    return config


def _check_names(config: SweepConfig, source: str) -> None:
    """Look up every name while it is still known where it was written, and before anything is made."""
    engine = config.model.split("/")[0].split(":")[0]
    if engine not in ENGINES:
        near = did_you_mean(engine, ENGINES.names())
        if not near and "/" in config.model:
            near = f" (did you mean {f'vllm/{config.model}'!r}?)"
        raise UsageError(
            f"{source}: model: found {config.model!r}, expected ENGINE/MODEL with one of the engines "
            f"{', '.join(ENGINES.names())}{near}"
        )
    for i, entry in enumerate(config.benchmarks):
        benchmark = get_benchmark(entry.name, f"{source}: benchmarks[{i}].name")
        if entry.answer_forms is not None and benchmark.checker is not None:
            raise UsageError(
                f"{source}: benchmarks[{i}].answer_forms: {entry.name} has rules of its own for answers; leave it out"
            )
    settings_of(config, source)


class _Loader(yaml.SafeLoader):
    """Refuses a key that is written twice: YAML would silently forget the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f"{key.value!r} is written twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read_yaml(file: Path) -> Any:
    try:
        return yaml.load(file.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        raise UsageError(f"{file}: no such sweep file{_near(file)}") from None
    except IsADirectoryError:
        raise UsageError(
            f"{file}: is a directory, expected a sweep file in YAML; `tts run --out {file}` takes up a run"
        ) from None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}); expected a sweep file in YAML") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: is not text in UTF-8; expected a sweep file in YAML") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise UsageError(f"{file}{line}: is not valid YAML ({problem}); mend or complete the file") from None
    except RecursionError:
        raise UsageError(f"{file}: is nested too deeply; expected a sweep file in YAML") from None


def _near(file: Path) -> str:
    """What lies where a missing file was looked for."""
    if not file.parent.is_dir():
        return f"; there is no folder {file.parent}"
    names = sorted(p.name for p in file.parent.iterdir() if p.suffix in (".yaml", ".yml"))
    listed = f"; there are {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}" if names else "; name one"
    return did_you_mean(file.name, names) or listed


def _entries(value: Any) -> Any:
    """``[{name: greedy}]`` for ``greedy`` or ``[greedy]``; what is neither is left for the check to refuse."""
    if value is None:
        return None
    return [{"name": v} if isinstance(v, str) else v for v in (value if isinstance(value, list) else [value])]


def _budgets(text: str) -> list[int]:
    try:
        budgets = [int(part) for part in text.split(",")]
    except ValueError:
        budgets = []
    if not budgets or min(budgets) < 1:
        raise UsageError(
            f"--n: found {text!r}, expected whole numbers of at least 1, separated by commas, as in 1,4,16,64"
        )
    return budgets


def _set_budgets(data: dict[str, Any], budgets: list[int], source: str) -> None:
    """Give the budgets to every strategy that has a choice."""
    for i, entry in enumerate(data.get("strategies") or ()):
        if (
            isinstance(entry, dict)
            and isinstance(name := entry.get("name"), str)
            and load_strategy(name, f"{source}: strategies[{i}].name").budgets is None
        ):
            entry["n"] = budgets


def _assign(data: dict[str, Any], assignment: str) -> None:
    """Carry out ``a.b.0=value``; the value is YAML."""
    key, equals, text = assignment.partition("=")
    *parents, last = key.strip().split(".")
    if not equals or not all((*parents, last)):
        raise UsageError(f"--set: found {assignment!r}, expected KEY=VALUE, as in sampling.temperature=0.6")
    try:
        value = yaml.load(text, _Loader)
    except yaml.YAMLError:
        raise UsageError(f"--set {key}: found {text!r}, expected a value in YAML") from None
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


def read_parameters(given: Iterable[str]) -> dict[str, float]:
    """Parameter counts by model. Raises UsageError for what is not NAME=COUNT with a positive finite count."""
    from math import isfinite

    from tts.core import UsageError

    found = {}
    for text in given:
        name, equals, count = text.rpartition("=")
        try:
            value = float(count)
        except ValueError:
            value = -1.0
        if not (equals and name and isfinite(value) and value > 0):
            raise UsageError(f"--parameters: found {text!r}, expected NAME=COUNT, for instance policy=1.5e9")
        found[name] = value
    return found
