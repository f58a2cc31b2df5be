"""What a language model multiplies for one token, from the numbers of its configuration."""

from tts.analysis.architecture.fields import Config, UnknownArchitectureError
from tts.analysis.architecture.model import Architecture, Span
from tts.analysis.architecture.reading import read_architecture

__all__ = ["Architecture", "Config", "Span", "UnknownArchitectureError", "read_architecture"]
