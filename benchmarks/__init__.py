"""Benchmarks: problems with reference answers, and the prompt that puts them to a model."""

from tts.benchmarks import checks
from tts.benchmarks.benchmark import BOXED, Benchmark, Loaded
from tts.benchmarks.catalog import BENCHMARKS, get_benchmark
from tts.benchmarks.exemplars import MATH_EXEMPLARS, WORD_EXEMPLARS, Exemplar
from tts.benchmarks.hub import Hub, HubRow
from tts.benchmarks.prompting import NEXT_QUESTION, PromptConfig, build_messages, plain_text

__all__ = [
    "BENCHMARKS",
    "BOXED",
    "MATH_EXEMPLARS",
    "NEXT_QUESTION",
    "WORD_EXEMPLARS",
    "Benchmark",
    "Exemplar",
    "Hub",
    "HubRow",
    "Loaded",
    "PromptConfig",
    "build_messages",
    "checks",
    "get_benchmark",
    "plain_text",
]
