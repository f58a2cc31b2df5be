"""The sweep file: what a run is asked to do. Every field is documented where it stands."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tts.benchmarks import PromptConfig
from tts.core import (
    POLICY,
    SAMPLING_OVERRIDES,
    SELECTORS,
    SamplingParams,
    Strategy,
    UsageError,
    canonical_json,
    described,
    did_you_mean,
    explain,
    shown,
)
from tts.grading import check_forms
from tts.strategies import STRATEGIES
from tts.sweep.cells import Setting
from tts.verifiers import AGGREGATIONS

Budget = Annotated[int, Field(ge=1, le=1_000_000)]
"""One n. A cell holds its samples in memory, so a slip of the finger is better refused than tried."""

Tag = Annotated[str, Field(min_length=1)]
"""What begins or ends thinking."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _listed(value: object) -> object:
    """A lone value, or ``1,4,16``, where a list is meant."""
    if isinstance(value, str):
        return value.split(",")
    return value if isinstance(value, list | tuple) else [value]


def _maybe_listed(value: object) -> object:
    """The same, where nothing may be said at all."""
    return None if value is None else _listed(value)


def _named(value: object) -> object:
    """``[greedy]`` for ``[{name: greedy}]``."""
    entries = value if isinstance(value, list | tuple) else [value]  # a name may hold a comma
    return [{"name": v} if isinstance(v, str) else v for v in entries]


class BenchmarkEntry(_Section):
    """One benchmark of a sweep."""

    name: str
    """A benchmark's name, with its argument after a colon where it takes one: ``math500``, ``jsonl:mine.jsonl``."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Only the first problems. Default: the sweep's ``limit``."""
    answer_forms: Annotated[tuple[str, ...], BeforeValidator(_maybe_listed)] | None = None
    """In which forms to look for a completion's answer, the first that it has winning: box, line, statement, quantity
    or letter (docs/grading.md). Default: as the prompt asks for it."""


class StrategyEntry(BaseModel):
    """One strategy of a sweep. Further keys are the strategy's own options."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    name: str
    """A strategy's name, or ``FILE.py:CLASS`` for one of your own."""
    n: Annotated[tuple[Budget, ...], BeforeValidator(_listed), Field(min_length=1)] | None = None
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


class VerifierEntry(BaseModel):
    """One verifier of a sweep. Further keys are the verifier's own options."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    name: str
    """``prm/ORG/NAME`` from the model hub, ``prm/PATH`` of a local folder, or the package's own ``prm/tiny-arith``."""
    aggregation: Annotated[tuple[str, ...], BeforeValidator(_maybe_listed), Field(min_length=1)] | None = None
    """From step scores to one number: last, min, prod, mean, max or sum_log; several are several rows of every table.
    Default: as the verifier's authors do."""
    engine: dict[str, Any] = {}
    """Options of its engine by vLLM's own names. On a GPU that a policy shares, give both a memory size."""


class GradingConfig(_Section):
    """How answers are graded. A change of it grades again, without sampling."""

    timeout_s: Annotated[float, Field(gt=0)] = 2.0
    """Seconds for one comparison before its worker is killed and the pair counts as unequal."""
    workers: Annotated[int, Field(ge=1)] = 1
    """Worker processes."""
    think_tags: tuple[tuple[Tag, Tag], ...] | None = None
    """Pairs of tags around thinking: an answer counts only after the last end tag. Default: all that are known
    (docs/grading.md); an empty list takes nothing for thinking."""


class ModelEntry(_Section):
    """A model that strategies ask beside the policy."""

    name: str
    """As ``model``."""
    engine: dict[str, Any] = {}
    """As ``engine``."""


def _by_role(value: object) -> object:
    """``{draft: {name: x}}`` for ``{draft: x}``."""
    if not isinstance(value, dict):
        return value
    return {role: {"name": entry} if isinstance(entry, str) else entry for role, entry in value.items()}


class RecoveryConfig(_Section):
    """How often a session tries again before an engine's failure ends it."""

    restarts: Annotated[int, Field(ge=0)] = 3
    """Of a dead engine, in a session; what it was asked is asked again."""
    retries: Annotated[int, Field(ge=0)] = 8
    """Of a request that a busy engine turned away."""
    wait: Annotated[float, Field(ge=0)] = 1.0
    """Seconds before the first of them; each further wait is twice as long, at most a minute."""


class SweepConfig(_Section):
    """One sweep: models, problems, strategies, and how their answers are chosen and graded."""

    model: str
    """``vllm/ORG/NAME`` from the model hub, ``vllm/PATH`` of a local folder, ``simulated`` or
    ``simulated:KEY=VALUE,...``."""
    engine: dict[str, Any] = {}
    """Options of the engine by its own names, for vLLM for instance ``max_model_len`` or
    ``gpu_memory_utilization``."""
    models: Annotated[dict[str, ModelEntry], BeforeValidator(_by_role)] = {}
    """Further models by the roles that strategies ask them in, such as ``draft``: a name, or a name and its engine.
    ``policy`` here is the same as ``model`` and ``engine``."""
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
    verifiers: Annotated[tuple[VerifierEntry, ...], BeforeValidator(_named)] = ()
    """What scores the candidates."""
    selectors: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)] | None = None
    """Which candidate of a cell is its answer. Default: all that the sweep has what they need for."""
    grading: GradingConfig = GradingConfig()
    """How answers are graded."""
    recovery: RecoveryConfig = RecoveryConfig()
    """What is done about engines that die or are busy."""
    out: str | None = None
    """The run directory. Default: a new one under ``runs/``."""

    @property
    def roles(self) -> dict[str, ModelEntry]:
        """Every model by role, the policy first."""
        return {POLICY: ModelEntry(name=self.model, engine=self.engine), **self.models}


def parse_config(data: object, source: str) -> SweepConfig:
    """A validated sweep. ``source``: the file's name or ``command line``. Raises UsageError naming the field."""
    if not isinstance(data, dict):
        raise UsageError(f"{source}: found {_kind(data)}, expected a mapping with model, benchmarks and strategies")
    try:
        config = SweepConfig.model_validate(_with_policy(data, source))
    except ValidationError as error:
        raise UsageError(f"{source}: {explain(error, SweepConfig)}") from None
    except UsageError as error:  # of a section's own validator, which does not know the file
        raise UsageError(f"{source}: {error}") from None
    for i, entry in enumerate(config.benchmarks):
        if entry.answer_forms is not None:
            check_forms(entry.answer_forms, f"{source}: benchmarks[{i}].answer_forms")
    for i, name in enumerate(config.selectors or ()):
        if name not in SELECTORS:
            raise UsageError(
                f"{source}: selectors[{i}]: unknown selector {name!r}{did_you_mean(name, SELECTORS)}; "
                f"expected {', '.join(SELECTORS)}"
            )
        if SELECTORS[name].needs_scores and not config.verifiers:
            raise UsageError(
                f"{source}: selectors[{i}]: {name!r} needs a verifier's scores; add one, for instance "
                "verifiers: [prm/tiny-arith]"
            )
    for i, verifier in enumerate(config.verifiers):
        for how in verifier.aggregation or ():
            if how not in AGGREGATIONS:
                raise UsageError(
                    f"{source}: verifiers[{i}].aggregation: unknown aggregation {how!r}"
                    f"{did_you_mean(how, AGGREGATIONS)}; expected {', '.join(AGGREGATIONS)}"
                )
    _check_roles(config, source)
    return _guided(config, source)


def _with_policy(data: dict[str, Any], source: str) -> dict[str, Any]:
    """``model`` and ``engine`` from ``models.policy``, the long form. Raises UsageError where both are given."""
    models = data.get("models")
    if not isinstance(models, dict) or POLICY not in models:
        return data
    if "model" in data:
        raise UsageError(f"{source}: models.{POLICY}: the policy is named by model already; leave one of them out")
    entry = models[POLICY]
    entry = {"name": entry} if isinstance(entry, str) else entry
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or {*entry} - {"name", "engine"}:
        raise UsageError(
            f"{source}: models.{POLICY}: found {shown(entry)}, expected a name, or a mapping with name and engine"
        )
    rest = {role: other for role, other in models.items() if role != POLICY}
    engine = {**(entry.get("engine") or {}), **(data.get("engine") or {})}
    return {**data, "model": entry["name"], "engine": engine, "models": rest}


def _check_roles(config: SweepConfig, source: str) -> None:
    """Raises UsageError for a role that nothing knows, and for one that a strategy asks and the sweep does not name."""
    kinds = {e.name: load_strategy(e.name, f"{source}: strategies[{i}].name") for i, e in enumerate(config.strategies)}
    for name, kind in kinds.items():
        for role in kind.roles:
            if role not in config.models:
                raise UsageError(
                    f"{source}: models: {name} asks a model in the role {role!r}, which the sweep does not name; add "
                    f"models: {{{role}: ENGINE/MODEL}}"
                )
    known = known_roles(config)
    for role in config.models:
        if role not in known:
            raise UsageError(
                f"{source}: models: no strategy asks a model in the role {role!r}{did_you_mean(role, known)}; "
                f"expected {' or '.join([POLICY, *sorted(known)])}"
            )


def known_roles(config: SweepConfig) -> set[str]:
    """The roles, beside the policy, that some strategy of the sweep, of this package or of a plug-in asks."""
    names = {*STRATEGIES.names(), *(e.name for e in config.strategies)}
    return {role for name in names for role in load_strategy(name, "strategies").roles}


def unused_roles(config: SweepConfig) -> list[str]:
    """Models of the sweep that none of its strategies asks."""
    asked = {role for e in config.strategies for role in load_strategy(e.name, "strategies").roles}
    return [role for role in config.models if role not in asked]


def _guided(config: SweepConfig, source: str) -> SweepConfig:
    """Guided strategies name their verifier: what guided a search must not change with what is added later."""
    names = [v.name for v in config.verifiers]
    entries = []
    for i, entry in enumerate(config.strategies):
        field = f"{source}: strategies[{i}] ({entry.name}).verifier"
        kind = load_strategy(entry.name, f"{source}: strategies[{i}].name")
        asked = (entry.model_extra or {}).get("verifier")
        if kind.needs is not None and asked is None:
            if len(names) != 1:
                found = f"the sweep has {', '.join(names)}" if names else "the sweep has no verifier"
                raise UsageError(f"{field}: missing; {found}, so name one, for instance verifier: prm/tiny-arith")
            entry = StrategyEntry.model_validate({**entry.model_dump(exclude_unset=True), "verifier": names[0]})
        elif kind.needs is not None and asked not in names:
            fix = f"expected one of {', '.join(names)}" if names else "add it to the sweep's verifiers"
            raise UsageError(f"{field}: {asked!r} is no verifier of the sweep{did_you_mean(str(asked), names)}; {fix}")
        entries.append(entry)
    return config.model_copy(update={"strategies": tuple(entries)})


def forms_of(config: SweepConfig) -> dict[str, tuple[str, ...]]:
    """The answer forms of the benchmarks that the sweep names some for."""
    return {entry.name: entry.answer_forms for entry in config.benchmarks if entry.answer_forms}


def selectors_of(config: SweepConfig) -> tuple[str, ...]:
    """The sweep's selectors: those it names, or all that it has what they need for, without those by group."""
    usable = tuple(n for n, s in SELECTORS.items() if not s.by_group and (config.verifiers or not s.needs_scores))
    return config.selectors or usable


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
    kind = load_strategy(entry.name, f"{field}.name")
    overrides = {k: v for k in SAMPLING_OVERRIDES if (v := getattr(entry, k)) is not None}
    try:
        strategy = kind.model_validate(entry.model_extra or {})
        sampling = SamplingParams.model_validate({**base.model_dump(), **kind.sampling, **overrides})
    except ValidationError as error:
        known = [*kind.model_fields, *StrategyEntry.model_fields]
        raise UsageError(f"{field} ({entry.name}): {explain(error, kind, known)}") from None
    budgets = _budgets(entry, kind.budgets, field)
    for n in budgets:
        try:
            strategy.check(n)
        except ValueError as error:
            raise UsageError(f"{field}.n ({entry.name}): {error}") from None
    if sampling.temperature == 0 and strategy.independent and budgets[-1] > 1:
        raise UsageError(f"{field}.n: found {budgets[-1]} with temperature 0, where all samples are equal; use greedy")
    changed = {k: v for k, v in described(sampling).items() if k not in kind.sampling}
    changed |= {k: v for k, fixed in kind.sampling.items() if (v := getattr(sampling, k)) != fixed}
    source = STRATEGIES.source(entry.name)
    label = canonical_json({**changed, **described(strategy), **({} if source is None else {"source": source})})
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


def load_strategy(name: str, field: str) -> type[Strategy]:
    """The strategy class of that name. ``field``: where it was written, for the message of the UsageError."""
    kind = STRATEGIES.load(name, field)
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        found = f"the class {kind.__name__}" if isinstance(kind, type) else f"a value of type {type(kind).__name__}"
        raise UsageError(f"{field}: {name!r} is {found}, expected a subclass of tts.core.Strategy")
    if inspect.isabstract(kind):
        raise UsageError(f"{field}: {name!r} has no `async def solve(self, question, n, tools)`; give it one")
    return kind


def _kind(data: object) -> str:
    kinds = {str: "text", int: "a number", float: "a number", bool: "true or false"}
    return "nothing" if data is None else kinds.get(type(data), f"a {type(data).__name__}")
