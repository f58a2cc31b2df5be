"""What a sweep would ask for at most, told without a model: `tts run --dry-run`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.benchmarks import get_benchmark
from tts.core import UsageError
from tts.sweep.cells import Setting
from tts.sweep.config import SweepConfig, settings_of
from tts.sweep.merge import with_limits
from tts.verifiers import VERIFIERS


@dataclass(frozen=True)
class Expected:
    """Upper bounds for one benchmark, strategy setting and budget."""

    benchmark: str
    strategy: str
    setting: str
    n: int
    cells: int
    samples: int
    """Completions, whole or a step each."""
    tokens: int
    """Generated tokens."""


def estimate(config: SweepConfig, source: str, data_dir: Path | None) -> list[Expected]:
    """What the sweep comes to at most. Raises UsageError for all that can be told without the models.

    Generated benchmarks and local files are loaded; of those of the hub the published size is taken.
    """
    settings = settings_of(config, source)
    for i, entry in enumerate(config.verifiers):
        family = entry.name if entry.name in VERIFIERS else entry.name.partition("/")[0]
        VERIFIERS.load(family, f"{source}: verifiers[{i}].name")
    if config.model.startswith("vllm"):
        _check_engine(config.engine)
        for entry in config.verifiers:
            _check_engine(entry.engine)
    found = []
    for i, benchmark in enumerate(with_limits(config)):
        problems = _problems(benchmark.name, benchmark.limit, f"{source}: benchmarks[{i}].name", data_dir)
        found += [_expected(benchmark.name, problems * len(config.seeds), s, n) for s in settings for n in _budgets(s)]
    return found


def _budgets(setting: Setting) -> tuple[int, ...]:
    """An independent strategy's largest budget serves the others."""
    return setting.budgets[-1:] if setting.strategy.independent else setting.budgets


def _expected(benchmark: str, cells: int, setting: Setting, n: int) -> Expected:
    bound = setting.strategy.bound(n, setting.sampling)
    return Expected(
        benchmark, setting.name, setting.label, n, cells, samples=cells * bound.samples, tokens=cells * bound.tokens
    )


def _problems(name: str, limit: int | None, field: str, data_dir: Path | None) -> int:
    benchmark = get_benchmark(name, field)
    if benchmark.size is None or (data_dir is not None and benchmark.filename is not None):
        return len(benchmark.load(data_dir=data_dir, limit=limit).problems)
    return min(benchmark.size, limit or benchmark.size)


def _check_engine(options: Mapping[str, Any]) -> None:
    """The options' names, where a vLLM is installed that knows them."""
    from tts.engines.server import check_options
    from tts.engines.vllm import installed

    try:
        version = installed("model")
    except UsageError:
        return
    if options:
        check_options(options, version)
