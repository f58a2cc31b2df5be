"""Engines: what serves a model. ``vllm`` for real ones, ``simulated`` for scale and for statistics."""

from collections.abc import Mapping
from typing import Any

from tts.core import Engine, Registry

ENGINES = Registry("engines", {"vllm": "tts.engines.vllm:create", "simulated": "tts.engines.simulated:create"})


def make_engine(model: str, options: Mapping[str, Any], field: str = "model") -> Engine:
    """The engine for ``ENGINE/MODEL`` or ``ENGINE:KEY=VALUE,...``, not yet started.

    ``options``: by the engine's own names. Raises UsageError, naming ``field``, for an unknown engine or model.
    """
    name = model.split("/")[0].split(":")[0]
    create = ENGINES.load(name, field)
    engine: Engine = create(model[len(name) + 1 :], dict(options), field)
    return engine


__all__ = ["ENGINES", "make_engine"]
