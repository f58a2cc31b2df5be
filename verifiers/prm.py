"""Process reward models by family: each with its own formatting, positions and engine, chosen by the model.

``prm/MODEL`` looks at the architecture in the model's configuration, then at its name; the option ``family`` decides
where both say nothing, or say something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tts.core import Models, UsageError, did_you_mean, is_language_model
from tts.verifiers.math_shepherd import MathShepherdFormat
from tts.verifiers.options import read_options
from tts.verifiers.process import Prm, StepFormat
from tts.verifiers.qwen_prm import QwenFormat
from tts.verifiers.rlhflow import RlhflowFormat
from tts.verifiers.skywork import SkyworkFormat
from tts.verifiers.steps import split_steps
from tts.verifiers.token_head import TokenHeadFormat

FAMILIES: Mapping[str, type[StepFormat]] = {
    "qwen": QwenFormat,
    "rlhflow": RlhflowFormat,
    "math_shepherd": MathShepherdFormat,
    "skywork": SkyworkFormat,
    "token_head": TokenHeadFormat,
}
"""By the option ``family``."""

_BY_ARCHITECTURE = {
    r"Qwen2ForProcessRewardModel": "qwen",
    r"Qwen2ForPrmModel": "skywork",
    r"\w+ForTokenClassification": "token_head",
}
_BY_NAME = {
    r"skywork.*prm": "skywork",
    r"math[-_]?shepherd": "math_shepherd",
    r"rlhflow|prm-(mistral|deepseek)-data": "rlhflow",
}


def create(model: str, options: Mapping[str, Any], models: Models, field: str) -> Prm:
    """A process reward model: Qwen2.5-Math-PRM, Skywork, RLHFlow, Math-Shepherd, or any token-classification head.

    Raises UsageError where the model is missing, is no reward model or is of no known family.
    """
    if not model:
        raise UsageError(f"{field}.name: found 'prm', expected prm/MODEL")
    own = {name: value for name, value in options.items() if name != "family"}
    family = str(options["family"]) if options.get("family") is not None else family_of(model, models, field)
    if family not in FAMILIES:
        raise UsageError(
            f"{field}.family: unknown family {family!r}{did_you_mean(family, FAMILIES)}; "
            f"expected one of {', '.join(FAMILIES)}"
        )
    config = read_options(FAMILIES[family], f"prm, family {family}", "", own, field)
    reader = config.reader(model, models, field)
    judge = Prm(f"prm/{model}", config, reader, family=None if family == "qwen" else family)
    if models.shipped("prm", model):
        judge.aggregation = "last"  # the package's own are trained on rollouts: the last step's value is the answer's
    return judge


def family_of(model: str, models: Models, field: str) -> str:
    """The family of a model. Raises UsageError where neither its configuration nor its name tells."""
    names = models.architectures("prm", model, field)
    for pattern, family in _BY_ARCHITECTURE.items():
        if any(re.fullmatch(pattern, name) for name in names):
            return family
    for pattern, family in _BY_NAME.items():
        if re.search(pattern, model, re.IGNORECASE):
            return family
    kind = "is a language model" if is_language_model(names) else "has an architecture of no known family"
    hint = "rlhflow or math_shepherd, if it says of each step whether it is good with one token"
    if not is_language_model(names):
        hint = f"one of {', '.join(FAMILIES)}"
    raise UsageError(
        f"{field}: {model} {kind} ({', '.join(names) or 'none named'}), expected a process reward model; "
        f"name its family: {hint}"
    )


__all__ = ["FAMILIES", "create", "family_of", "split_steps"]
