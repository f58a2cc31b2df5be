"""Benchmarks by name."""

from __future__ import annotations

from tts.benchmarks.benchmark import Benchmark
from tts.core import Registry, UsageError, did_you_mean

BENCHMARKS = Registry(
    "benchmarks",
    {
        "math500": "tts.benchmarks.math:MATH500",
        "math": "tts.benchmarks.math:MATH",
        "aime24": "tts.benchmarks.aime:AIME24",
        "aime25": "tts.benchmarks.aime:AIME25",
        "aime26": "tts.benchmarks.aime:AIME26",
        "amc23": "tts.benchmarks.amc:AMC23",
        "gsm8k": "tts.benchmarks.gsm8k:GSM8K",
        "minerva": "tts.benchmarks.minerva:MINERVA",
        "olympiadbench": "tts.benchmarks.olympiadbench:OLYMPIADBENCH",
        "hmmt25": "tts.benchmarks.hmmt:HMMT25",
        "brumo25": "tts.benchmarks.hmmt:BRUMO25",
        "cmimc25": "tts.benchmarks.hmmt:CMIMC25",
        "arith": "tts.benchmarks.arith:ARITH",
        "hanoi": "tts.benchmarks.hanoi:HANOI",
        "countdown": "tts.benchmarks.countdown:COUNTDOWN",
        "reasoning_gym": "tts.benchmarks.reasoning_gym:REASONING_GYM",
        "jsonl": "tts.benchmarks.jsonl:JSONL",
    },
)
"""This package's benchmarks and those of installed packages (entry points ``tts.benchmarks``)."""


def get_benchmark(spec: str, field: str = "benchmark") -> Benchmark:
    """The benchmark of ``NAME``, ``NAME:ARGUMENT`` or ``FILE.py:NAME``.

    ``field``: where the spec was written, for the message of the UsageError.
    """
    name, colon, argument = spec.partition(":")
    if name in BENCHMARKS:
        found = _checked(BENCHMARKS.load(name, field), name, field)
        if colon:
            return found.with_argument(argument)
        if found.argument is not None:
            raise UsageError(f"{field}: {name} needs {found.argument} after a colon; write {name}:{found.argument}")
        return found
    try:
        return _checked(BENCHMARKS.load(spec, field), spec, field)
    except UsageError as error:
        near = did_you_mean(name, BENCHMARKS.names()) if colon else ""
        raise UsageError(f"{error}{near}") from error


def _checked(found: object, name: str, field: str) -> Benchmark:
    if not isinstance(found, Benchmark):
        raise UsageError(
            f"{field}: {name!r} is of type {type(found).__name__}, expected an instance of tts.benchmarks.Benchmark; "
            f"name the instance"
        )
    return found
