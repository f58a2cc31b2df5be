"""Engines: what serves a model. Everybody gets theirs from one pool."""

from collections.abc import Mapping
from typing import Any

from tts.core import Engine
from tts.engines.pool import ENGINES, ModelPool


def make_engine(model: str, options: Mapping[str, Any], field: str = "model") -> Engine:
    """An engine that nothing else shares, not yet started: see ``ModelPool.generator``."""
    return ModelPool().generator(model, options, field)


__all__ = ["ENGINES", "ModelPool", "make_engine"]
