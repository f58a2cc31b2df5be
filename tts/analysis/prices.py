"""Money: what tokens or GPU hours cost by a price table that the user gives, and the engine's seconds of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tts.analysis.compute import guide_of
from tts.analysis.rows import CurveRow
from tts.core import UsageError, did_you_mean
from tts.store import RunData

Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class TokenPrices(BaseModel):
    """What a million tokens of one model cost."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    input: Price
    """A million prompt tokens."""
    output: Price = 0.0
    """A million generated tokens."""
    cached_input: Price | None = None
    """A million prompt tokens that a prefix cache held. Default: as ``input``."""


class Prices(BaseModel):
    """A price table, in one currency: token prices by model, the price of GPU hours, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    policy: TokenPrices | None = None
    """The policy's tokens."""
    verifiers: dict[str, TokenPrices] = {}
    """The verifiers' tokens, by name; all that they process is input."""
    gpu_hour: Price | None = None
    """One GPU for one hour."""
    gpus: Annotated[int, Field(ge=1)] = 1
    """GPUs that the run held."""


def read_prices(path: Path, run: RunData | None = None) -> Prices:
    """A price table from a YAML file. Raises UsageError, naming the field, where it is none.

    ``run``: what is to be priced; a verifier that it does not have is refused.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UsageError(f"--prices: {path} cannot be read ({reason}); name a price table in YAML") from None
    try:
        prices = Prices.model_validate(data)
    except ValidationError as error:
        raise UsageError(f"--prices: {path}: {_wrong(error)}") from None
    if prices.policy is None and prices.gpu_hour is None:
        raise UsageError(
            f"--prices: {path}: found neither policy nor gpu_hour, expected the price of tokens ({_POLICY}) or of GPU "
            "hours (gpu_hour: 2.5)"
        )
    if run is not None:
        _check_verifiers(prices, run, path)
    return prices


_POLICY = "policy: {input: 0.1, output: 0.4}"
"""An example of what a million tokens cost."""


def _wrong(error: ValidationError) -> str:
    """The first thing that is wrong: where, what was found, and what to write."""
    first = error.errors(include_url=False)[0]
    place, kind = ".".join(map(str, first["loc"])) or "the file", first["type"]
    if kind == "missing":
        example = _POLICY if place.startswith("policy") else f"{first['loc'][-2]}: {{input: 0.2}}"
        return f"{place}: missing; give the price of a million tokens, for instance {example}"
    if kind == "extra_forbidden":
        fields: Mapping[str, object] = Prices.model_fields if len(first["loc"]) == 1 else TokenPrices.model_fields
        return f"{place}: no such field{did_you_mean(str(first['loc'][-1]), fields)}; expected {', '.join(fields)}"
    if kind in ("dict_type", "model_type"):
        return f"{place}: found {first['input']!r:.60}, expected a mapping, for instance {_POLICY}"
    return f"{place}: found {first['input']!r:.60}, {first['msg'].replace('Input should be', 'expected')}"


def _check_verifiers(prices: Prices, run: RunData, path: Path) -> None:
    known = {label.rpartition(":")[0] for label in run.verifiers}
    known |= {guide for entry in run.plan if (guide := guide_of(entry.setting))}
    for name in prices.verifiers:
        if name not in known:
            there = f"expected one of {', '.join(sorted(known))}" if known else "the run has none, so leave it out"
            raise UsageError(
                f"--prices: {path}: verifiers: the run has no verifier {name!r}{did_you_mean(name, known)}; {there}"
            )


def token_cost(row: CurveRow, prices: Prices) -> float | None:
    """What one problem costs at a row's budget by the price of tokens; None where a count or a price is missing.

    Prompt tokens are charged as under a perfect prefix cache: what it would hold, at the price of cached input.
    """
    price, verifier = prices.policy, _verifier_price(row, prices)
    counts = (row.prompt_tokens_ideal, row.prompt_tokens_none, row.verifier_tokens)
    if price is None or verifier is None or None in counts:
        return None
    ideal, none, verified = (float(count or 0) for count in counts)
    cached = price.input if price.cached_input is None else price.cached_input
    policy = ideal * price.input + max(none - ideal, 0.0) * cached + row.output_tokens * price.output
    return (policy + verified * verifier) / 1e6


def _verifier_price(row: CurveRow, prices: Prices) -> float | None:
    """Of a million of the row's verifier tokens; None where guide and selector have different prices, or none."""
    if not row.verifier_tokens:
        return 0.0
    names = {row.verifier.rpartition(":")[0], guide_of(row.setting)} - {None, ""}
    found = {prices.verifiers[name].input if name in prices.verifiers else None for name in names}
    return found.pop() if len(found) == 1 else None


def engine_seconds(run: RunData) -> float:
    """Seconds in which the run's engine had something to do, all sessions together; loading is not in them.

    A session that does not tell counts with all of its time. One that was killed has said nothing, and counts 0.
    """
    told = (s.seconds if s.engine_seconds is None else s.engine_seconds for s in run.info.sessions)
    return float(sum(seconds or 0.0 for seconds in told))


def gpu_cost(run: RunData, prices: Prices) -> float | None:
    """What the run's engine time cost by the price of GPU hours; None where the table has none."""
    if prices.gpu_hour is None:
        return None
    return engine_seconds(run) / 3600 * prices.gpus * prices.gpu_hour
