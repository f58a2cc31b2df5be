"""From the raw outputs of a classification head to the probability of one class."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tts.core.errors import UsageError


def class_probability(logits: Sequence[float], good: int) -> float:
    """The good class's: of a softmax over classes, or a sigmoid where there is one class.

    Raises UsageError where the model has no class of that number.
    """
    if len(logits) == 1:
        return sigmoid(logits[0])
    if good >= len(logits):
        raise UsageError(f"good: found {good}, but the model has {len(logits)} classes, numbered from 0")
    most = max(logits)
    return math.exp(logits[good] - most) / math.fsum(math.exp(v - most) for v in logits)


def sigmoid(logit: float) -> float:
    """1 / (1 + exp(-logit)), without overflow."""
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))
