"""Plan files: what each prompt of a run is to get. `tts allocate` writes them, and a run keeps those it carries out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tts.core import UsageError, canonical_json, digest, explain

PLANS = "plans"
"""Where a run directory keeps the plans that it carries out, by the plan's name."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class PlannedPrompt(_Part):
    """What one prompt gets."""

    benchmark: str
    id: str
    seed: int
    action: Literal["sample", "stop", "abstain", "strategy"]
    n: Annotated[int, Field(ge=1, le=1_000_000)]
    """Samples in all, the pilot's included; for another strategy, its budget."""
    strategy: str | None = None
    """The other strategy."""
    setting: str | None = None


class Plan(_Part):
    """A plan file. Further keys are for people."""

    format: Literal[1]
    run: str
    """The run that it was made from, and that carries it out where no other is named."""
    model: str
    """The model's fingerprint."""
    strategy: str
    """Where samples come from."""
    setting: str
    pilot: Annotated[int, Field(ge=1)]
    selector: Literal["majority", "best", "weighted", "oracle"] | None = None
    """By what it was made to pick answers; the run's selectors are all tried."""
    problems: Annotated[tuple[PlannedPrompt, ...], Field(min_length=1)]

    @property
    def name(self) -> str:
        """A name by content."""
        return digest(canonical_json(self.model_dump(mode="json", exclude={"run", "selector"}))).hex()[:12]


def read_plan(path: Path) -> Plan:
    """A plan file. Raises UsageError naming the field."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            kind = "a list" if isinstance(found, list) else repr(found)
            raise UsageError(f"--plan: {path}: found {kind}, expected a mapping; name a plan of `tts allocate`")
        return Plan.model_validate(found)
    except FileNotFoundError:
        raise UsageError(f"--plan: {path}: no such file; `tts allocate RUN --out {path}` writes a plan") from None
    except OSError as error:
        raise UsageError(f"--plan: {path} cannot be read ({error.strerror}); name a plan of `tts allocate`") from None
    except ValidationError as error:
        reason = explain(error, Plan, absent="name a plan of `tts allocate`")
        raise UsageError(f"--plan: {path}: {reason}") from None
    except ValueError as error:
        raise UsageError(f"--plan: {path} is not valid JSON ({error}); name a plan of `tts allocate`") from None


def kept_plans(run: Path) -> list[tuple[Plan, Path]]:
    """The plans that a run directory carries out, each with its file."""
    return [(read_plan(file), file) for file in sorted((run / PLANS).glob("*.json"))]


def planned_ids(run: Path, setting: str, benchmark: str) -> set[str] | None:
    """The problems of a benchmark that the plan of a setting names; None for a setting of no plan, or of one that was
    not copied along."""
    try:
        plan = json.loads((run / PLANS / f"{json.loads(setting)['plan']}.json").read_text("utf-8"))
        return {prompt["id"] for prompt in plan["problems"] if prompt["benchmark"] == benchmark}
    except (OSError, ValueError, TypeError, KeyError):
        return None
