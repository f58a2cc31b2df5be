"""Verifiers: one file a family."""

from tts.core.registry import Registry
from tts.verifiers.aggregate import AGGREGATIONS, aggregate

VERIFIERS = Registry("verifiers", {"prm": "tts.verifiers.prm:create"})

__all__ = ["AGGREGATIONS", "VERIFIERS", "aggregate"]
