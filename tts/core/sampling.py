"""Sampling parameters, resolved and explicit: nothing is left to a model's generation config but its end tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class SamplingParams(BaseModel):
    """How completions are drawn. Part of every sample's key, so a change of any field is a different sample."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    temperature: Annotated[float, Field(ge=0)] = 0.8
    """Softmax temperature; 0 is greedy decoding."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Nucleus sampling: the smallest set of tokens with this much probability. 1 keeps all."""
    top_k: Annotated[int, Field(ge=0)] = 0
    """Only the k most likely tokens. 0 keeps all."""
    min_p: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Only tokens at least this likely relative to the likeliest. 0 keeps all."""
    max_tokens: Annotated[int, Field(ge=1)] = 2048
    """Tokens for the whole answer."""
    step_tokens: Annotated[int, Field(ge=1)] | None = None
    """Tokens for one step of it; None: the step's delimiter alone ends it. Searches set it."""
    stop: tuple[str, ...] = ()
    """Strings that end an answer. Where nothing is said here and the model gets plain text (it has no chat template, or
    ``prompt.chat`` is false), the run takes ``["\\nQuestion:"]``: the next question of the list that the prompt looks
    like. ``[]`` takes none."""
    logprobs: Annotated[int, Field(ge=0, le=64)] | None = 0
    """Log-probabilities kept a token: None keeps none, 0 the sampled token's own, K also the K most likely tokens."""
    seed_requests: bool = False
    """Give the engine a seed a request, made from the sample's key. Slows a GPU's batched sampler."""

    def described(self) -> dict[str, object]:
        """What identifies a draw, as JSON values: every parameter that differs from its neutral value.

        Neutral is what has no effect; so a parameter that is added, with such a value, changes no key.
        """
        return {k: v for k, v in self.model_dump(mode="json").items() if k not in NEUTRAL or v != NEUTRAL[k]}


NEUTRAL: Mapping[str, object] = {
    "top_p": 1.0,
    "top_k": 0,
    "min_p": 0.0,
    "step_tokens": None,
    "stop": [],
    "logprobs": None,
    "seed_requests": False,
}
"""The values without effect, as JSON; they never change. (No temperature and no limit is without effect.)"""

SAMPLING_OVERRIDES = ("temperature", "top_p", "top_k", "min_p", "max_tokens")
"""The fields that a strategy entry may override."""
