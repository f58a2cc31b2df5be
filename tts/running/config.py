"""The sweep file: what a run is asked to do. Every field is documented where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tts.benchmarks import PromptConfig
from tts.core import SAMPLING_OVERRIDES, SELECTORS, SamplingParams, UsageError, canonical_json, did_you_mean
from tts.running.cells import Setting
from tts.strategies import STRATEGIES


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _listed(value: object) -> object:
    """A lone value where a list is meant."""
    return value if isinstance(value, list | tuple) else [value]


def _named(value: object) -> object:
    """``[greedy]`` for ``[{name: greedy}]``."""
    return [{"name": v} if isinstance(v, str) else v for v in _listed(value)]  # type: ignore[attr-defined]


class BenchmarkEntry(_Section):
    """One benchmark of a sweep."""

    name: str
    """A benchmark's name, with its argument after a colon where it takes one: ``math500``, ``jsonl:mine.jsonl``."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Only the first problems. Default: the sweep's ``limit``."""


class StrategyEntry(BaseModel):
    """One strategy of a sweep. Further keys are the strategy's own options."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    name: str
    """A strategy's name, or ``FILE.py:CLASS`` for one of your own."""
    n: Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(_listed), Field(min_length=1)] | None = None
    """Budgets, in the strategy's own meaning of n."""
    temperature: float | None = None
    """Overrides ``sampling.temperature`` for this entry; likewise the four below."""
    top_p: float | None = None
    """Overrides ``sampling.top_p``."""
    top_k: int | None = None
    """Overrides ``sampling.top_k``."""
    min_p: float | None = None
    """Overrides ``sampling.min_p``."""
    max_tokens: int | None = None
    """Overrides ``sampling.max_tokens``."""


class GradingConfig(_Section):
    """How answers are graded. A change of it grades again, without sampling."""

    timeout_s: Annotated[float, Field(gt=0)] = 2.0
    """Seconds for one comparison before its worker is killed and the pair counts as unequal."""
    workers: Annotated[int, Field(ge=1)] = 1
    """Worker processes."""
    think_tags: tuple[tuple[str, str], ...] = (("<think>", "</think>"),)
    """Pairs of tags around thinking: an answer counts only after the last end tag."""


class SweepConfig(_Section):
    """One sweep: a model, problems, strategies, and how their answers are chosen and graded."""

    model: str
    """``vllm/ORG/NAME`` from the model hub, ``vllm/PATH`` of a local folder, ``simulated`` or
    ``simulated:KEY=VALUE,...``."""
    engine: dict[str, Any] = {}
    """Options of the engine by its own names, for vLLM for instance ``max_model_len`` or
    ``gpu_memory_utilization``."""
    benchmarks: Annotated[tuple[BenchmarkEntry, ...], BeforeValidator(_named), Field(min_length=1)]
    """Which problems."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Only the first problems of each benchmark."""
    seeds: Annotated[tuple[int, ...], BeforeValidator(_listed), Field(min_length=1)] = (0,)
    """Run seeds: each draws samples of its own and keys the strategies' random streams."""
    sampling: SamplingParams = SamplingParams()
    """How completions are drawn, unless a strategy's entry says otherwise."""
    prompt: PromptConfig = PromptConfig()
    """How a question becomes a prompt."""
    strategies: Annotated[tuple[StrategyEntry, ...], BeforeValidator(_named), Field(min_length=1)]
    """How the budget is spent."""
    selectors: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)] = tuple(SELECTORS)
    """Which candidate of a cell is its answer."""
    grading: GradingConfig = GradingConfig()
    """How answers are graded."""
    out: str | None = None
    """The run directory. Default: a new one under ``runs/``."""


def parse_config(data: object, source: str) -> SweepConfig:
    """A validated sweep. ``source``: the file's name or ``command line``. Raises UsageError naming the field."""
    if not isinstance(data, dict):
        raise UsageError(f"{source}: found {_kind(data)}, expected a mapping with model, benchmarks and strategies")
    try:
        config = SweepConfig.model_validate(data)
    except ValidationError as error:
        raise UsageError(f"{source}: {explain(error, data, SweepConfig)}") from None
    for i, name in enumerate(config.selectors):
        if name not in SELECTORS:
            raise UsageError(
                f"{source}: selectors[{i}]: unknown selector {name!r}{did_you_mean(name, SELECTORS)}; "
                f"expected {', '.join(SELECTORS)}"
            )
    return config


def settings_of(config: SweepConfig, source: str) -> tuple[Setting, ...]:
    """The sweep's strategies, resolved; entries that differ only in n are joined. Raises UsageError."""
    found: dict[tuple[str, str], Setting] = {}
    for i, entry in enumerate(config.strategies):
        setting = _setting(entry, config.sampling, f"{source}: strategies[{i}]")
        same = found.get((setting.name, setting.label))
        if same is not None:
            budgets = tuple(sorted({*same.budgets, *setting.budgets}))
            setting = Setting(setting.name, setting.strategy, setting.sampling, setting.label, budgets)
        found[setting.name, setting.label] = setting
    return tuple(found.values())


def _setting(entry: StrategyEntry, base: SamplingParams, field: str) -> Setting:
    kind = STRATEGIES.load(entry.name, f"{field}.name")
    overrides = {k: v for k in SAMPLING_OVERRIDES if (v := getattr(entry, k)) is not None}
    try:
        strategy = kind.model_validate(entry.model_extra or {})
        sampling = SamplingParams.model_validate({**base.model_dump(), **kind.sampling, **overrides})
    except ValidationError as error:
        known = [*kind.model_fields, *StrategyEntry.model_fields]
        raise UsageError(f"{field} ({entry.name}): {explain(error, entry.model_dump(), kind, known)}") from None
    budgets = _budgets(entry, kind.budgets, field)
    if sampling.temperature == 0 and strategy.independent and budgets[-1] > 1:
        raise UsageError(f"{field}.n: found {budgets[-1]} with temperature 0, where all samples are equal; use greedy")
    default = SamplingParams().model_copy(update=dict(kind.sampling))
    changed = {k: v for k, v in sampling.model_dump(mode="json").items() if v != default.model_dump(mode="json")[k]}
    label = canonical_json({**changed, **strategy.model_dump(mode="json", exclude_defaults=True)})
    return Setting(entry.name, strategy, sampling, label, budgets)


def _budgets(entry: StrategyEntry, only: tuple[int, ...] | None, field: str) -> tuple[int, ...]:
    """The entry's budgets in order, or the strategy's own where it has no choice."""
    if only is not None:
        if entry.n is not None and set(entry.n) - set(only):
            raise UsageError(f"{field}.n: found {list(entry.n)}, but {entry.name} takes only {list(only)}; leave n out")
        return only
    if entry.n is None:
        raise UsageError(f"{field}.n: missing; expected the budgets of {entry.name}, for instance n: [1, 4, 16]")
    return tuple(sorted(set(entry.n)))


def explain(error: ValidationError, data: object, model: type[BaseModel], known: Iterable[str] = ()) -> str:
    """The first problem of a pydantic error as one line: field, what was found, what was expected."""
    first = error.errors(include_url=False)[0]
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    place = _place(first["loc"])
    if first["type"] == "extra_forbidden":
        names = list(known) or _fields_at(model, first["loc"][:-1])
        name = str(first["loc"][-1])
        return f"{place}: unknown field{did_you_mean(name, names)}; expected one of {', '.join(names)}{more}"
    if first["type"] == "missing":
        return f"{place}: missing{more}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: found {first['input']!r}, {message[0].lower()}{message[1:]}{more}"


def _place(location: tuple[int | str, ...]) -> str:
    """``strategies[0].n`` from pydantic's location."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Field names of the section that a location lies in."""
    for part in location:
        if isinstance(part, int):
            continue
        annotation: Any = model.model_fields[part].annotation
        inner = [a for a in (annotation, *getattr(annotation, "__args__", ())) if _is_model(a)]
        if not inner:
            return []
        model = inner[0]
    return list(model.model_fields)


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _kind(data: object) -> str:
    return "nothing" if data is None else f"a {type(data).__name__}"
