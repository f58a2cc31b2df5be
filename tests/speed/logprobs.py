"""What keeping log-probabilities costs: `python tests/speed/logprobs.py MODEL_FOLDER [--rounds 5]`.

One vLLM engine; the same requests with none kept, the sampled token's own, and the top 5 beside it, in turn. Prints the
median, over rounds, of each one's time relative to keeping none in the same round.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time

from tts.core import Engine, Request, SamplingParams
from tts.engines import make_engine

KEPT = (None, 0, 5)


async def seconds(engine: Engine, kept: int | None) -> float:
    """Time per generated token of 4 requests of 16 samples."""
    prompt = engine.render([{"role": "user", "content": "Tell me a story about the sea."}], {})
    paths = tuple(("sample", i) for i in range(16))
    params = SamplingParams(max_tokens=64, logprobs=kept)
    requests = [Request(prompt.token_ids, params, paths, (b"",) * 16, "speed") for _ in range(4)]
    began = time.perf_counter()
    answers = await asyncio.gather(*map(engine.sample, requests))
    return (time.perf_counter() - began) / sum(a.output_tokens for batch in answers for a in batch)


async def measure(model: str, rounds: int) -> None:
    """Print the ratios."""
    engine = make_engine(f"vllm/{model}", {"max_model_len": 512})
    await engine.start()
    await seconds(engine, 5)  # warm
    table = [[await seconds(engine, kept) for kept in KEPT] for _ in range(rounds)]
    await engine.close()
    for i, kept in enumerate(KEPT):
        ratio = statistics.median(row[i] / row[0] for row in table)
        rate = 1 / statistics.median(row[i] for row in table)
        sys.stdout.write(f"logprobs={kept}: {ratio:.2f} of the time of keeping none ({rate:,.0f} tokens/s)\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    asyncio.run(measure(options.model, options.rounds))
