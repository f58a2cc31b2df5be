"""A verifier's vLLM engine: it starts with the first score that is asked for, and asks for one output a request."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from tts.engines.architecture import architecture
from tts.engines.identity import check_kind, identity, resolve, shipped
from tts.engines.server import Server
from tts.engines.settings import dtype_for
from tts.engines.tokenizers import load_tokenizer
from tts.engines.vllm import installed


class OnDemand:
    """One model for a verifier. ``options`` are those of vLLM's ``AsyncEngineArgs``, by its own names."""

    def __init__(
        self,
        kind: str,
        model: str,
        options: Mapping[str, Any],
        defaults: Mapping[str, Any],
        field: str,
        reward: bool,
    ):
        """``kind``: the family that the model was named under, for messages; ``model``: a folder or hub id.

        ``reward``: whether it has a reward model's head; else it writes text. Raises UsageError where vLLM or the
        model is not there, or the model is of the other kind.
        """
        self.version = installed(field)
        path, commit = resolve(kind, model, options, field)
        check_kind(path, commit, field, reward)
        merged = {**defaults, **options}
        merged["dtype"] = dtype_for(merged.get("dtype"), shipped(kind, model))
        self.identity: Mapping[str, str] = identity(path, commit, merged["dtype"], options)
        self.architecture: Mapping[str, object] | None = architecture(path, commit)
        self.tokenizer = load_tokenizer(path, commit, options)
        self._server = Server({"model": path, "revision": commit, **merged}, self.version)
        self._starting: asyncio.Task[None] | None = None
        self._numbers = itertools.count()

    async def start(self) -> Any:
        """vLLM's AsyncLLM, loaded on the first call. Raises UsageError or EngineError where it cannot be."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._server.start())
        await asyncio.shield(self._starting)
        return self._server.llm

    def fits(self, prompt_ids: Sequence[int], new_tokens: int = 0) -> bool:
        """Whether a text, and what is to be written after it, is no longer than the context. After ``start``."""
        return len(prompt_ids) + new_tokens <= int(self._server.llm.model_config.max_model_len)

    def number(self) -> str:
        """A name for a request."""
        return f"verifier-{next(self._numbers)}"

    async def final(self, stream: Any, about: str) -> Any:
        """The one output of a request. Raises EngineError when the engine dies or refuses it."""
        return await self._server.final(stream, about)

    async def close(self) -> None:
        """Stop the engine's processes."""
        await self._server.close()
