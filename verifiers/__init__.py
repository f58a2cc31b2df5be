"""Verifiers: one file a family."""

from collections.abc import Mapping
from typing import Any

from tts.core import Models, UsageError, Verifier, digest
from tts.core.registry import Registry
from tts.verifiers.aggregate import AGGREGATIONS, aggregate

VERIFIERS = Registry(
    "verifiers",
    {
        "prm": "tts.verifiers.prm:create",
        "orm": "tts.verifiers.orm:create",
        "judge": "tts.verifiers.judge:create",
        "implicit": "tts.verifiers.implicit:create",
        "confidence": "tts.verifiers.confidence:create",
        "symbolic": "tts.verifiers.symbolic:create",
        "simulated": "tts.verifiers.simulated:create",
        "ensemble": "tts.verifiers.ensemble:create",
    },
)


def make_verifier(name: str, options: Mapping[str, Any], models: Models, field: str) -> Verifier:
    """The verifier for ``family/MODEL`` or ``family``, not yet started.

    ``options``: the entry's further keys; ``models``: the pool, bound to its engine options; ``field``: the entry's
    place, for messages.
    Raises UsageError (unknown family, missing model, unknown option).
    """
    family, model = name, ""
    if family not in VERIFIERS and ".py:" not in name:
        family, _, model = name.partition("/")
    create = VERIFIERS.load(family, f"{field}.name")
    verifier = create(model, options, models, field)
    if not isinstance(verifier, Verifier):
        raise UsageError(f"{field}.name: {family!r} makes no tts.core.Verifier; give it a function that returns one")
    verifier.name = name
    source = VERIFIERS.source(name)
    if source is not None:  # what an edited file says is another verifier's word
        verifier.fingerprint = digest(verifier.fingerprint, source).hex()
    return verifier


__all__ = [
    "AGGREGATIONS",
    "VERIFIERS",
    "aggregate",
    "make_verifier",
]
