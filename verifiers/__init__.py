"""Verifiers: one file a family. None is built in yet; an installed package's are found by entry point."""

from tts.core.registry import Registry

VERIFIERS = Registry("verifiers", {})

__all__ = ["VERIFIERS"]
