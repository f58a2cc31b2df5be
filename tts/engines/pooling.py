"""A process reward model served by vLLM's pooling runner: token ids in, one probability at each step tag out."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from tts.core import EngineError, UsageError
from tts.engines.identity import check_kind, identity, resolve, shipped
from tts.engines.server import Server
from tts.engines.settings import dtype_for, pooling_options
from tts.engines.tokenizers import load_tokenizer
from tts.engines.vllm import installed


class PoolingEngine:
    """One reward model. ``options`` are those of vLLM's ``AsyncEngineArgs``, by its own names."""

    def __init__(self, model: str, options: Mapping[str, Any], step_tag: str, field: str):
        """``model``: a folder or hub id; ``step_tag``: the token after each step, at which the model is read.

        Raises UsageError where vLLM or the model is not there, the model is no reward model, or its tokenizer lacks
        the step tag.
        """
        self.version = installed(field)
        path, commit = resolve("prm", model, options, field)
        check_kind(path, commit, field, reward=True)
        merged = {**pooling_options(), **options}
        merged["dtype"] = dtype_for(merged.get("dtype"), shipped("prm", model))
        self.identity: Mapping[str, str] = {
            **identity(path, commit, merged["dtype"], options),
            "step_tag": step_tag,
        }
        self.tokenizer = load_tokenizer(path, commit, options)
        self.step_id = _step_id(self.tokenizer, step_tag, model, field)
        arguments = {"model": path, "revision": commit, "runner": "pooling", **merged}
        self._server = Server(arguments, self.version)
        self._starting: asyncio.Task[None] | None = None
        self._numbers = itertools.count()

    async def score(self, prompt_ids: Sequence[int], steps: int, about: str) -> tuple[float, ...]:
        """The good class's probability at each of ``steps`` step tags; none where the text is longer than the context.

        Raises EngineError when the engine dies, or gives another number of scores.
        """
        if self._starting is None:
            self._starting = asyncio.create_task(self._server.start())
        await asyncio.shield(self._starting)
        from vllm import PoolingParams
        from vllm.inputs import TokensPrompt

        if len(prompt_ids) > self._server.llm.model_config.max_model_len:
            return ()
        stream = self._server.llm.encode(
            TokensPrompt(prompt_token_ids=list(prompt_ids)),
            PoolingParams(task="token_classify", step_tag_id=self.step_id),
            f"score-{next(self._numbers)}",
        )
        output = await self._server.final(stream, about)
        scores = tuple(float(row[1]) for row in output.outputs.data.float().tolist())
        if len(scores) != steps:
            raise EngineError(f"{about}: the reward model gave {len(scores)} scores for {steps} steps")
        return scores

    async def close(self) -> None:
        """Stop the engine's processes."""
        await self._server.close()


def _step_id(tokenizer: Any, tag: str, model: str, field: str) -> int:
    found = tokenizer.get_vocab().get(tag)
    if found is None:
        raise UsageError(
            f"{field}: the tokenizer of {model} has no token {tag!r}, which marks the end of a step; "
            "name the model's own with step_tag"
        )
    return int(found)
