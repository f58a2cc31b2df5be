"""A verifier's vLLM engine: it starts with the first score that is asked for, and asks for one output a request."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tts.engines.architecture import architecture
from tts.engines.identity import check_kind, identity, resolve, shipped
from tts.engines.server import Servers
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
        servers: Servers | None = None,
    ):
        """``kind``: the family that the model was named under, for messages; ``model``: a folder or hub id.

        ``reward``: whether it has a reward model's head; else it writes text; ``servers``: those of the pool. Raises
        UsageError where vLLM or the model is not there, or the model is of the other kind.
        """
        self.version = installed(field)
        path, commit = resolve(kind, model, options, field)
        check_kind(path, commit, field, reward)
        merged = {**defaults, **options}
        merged["dtype"] = dtype_for(merged.get("dtype"), shipped(kind, model))
        self.identity: Mapping[str, str] = identity(path, commit, merged["dtype"], options)
        self.architecture: Mapping[str, object] | None = architecture(path, commit)
        self.tokenizer = load_tokenizer(path, commit, options)
        arguments = {"model": path, "revision": commit, **merged}
        given = {name: value for name, value in options.items() if name != "runner"}
        self._server = (servers or Servers()).get(self.identity, arguments, given, self.version, field)
        self._numbers = itertools.count()

    async def start(self) -> Any:
        """vLLM's AsyncLLM, loaded on the first call. Raises UsageError or EngineError where it cannot be."""
        await self._server.start()
        return self._server.llm

    def fits(self, prompt_ids: Sequence[int], new_tokens: int = 0) -> bool:
        """Whether a text, and what is to be written after it, is no longer than the context. After ``start``."""
        return len(prompt_ids) + new_tokens <= int(self._server.llm.model_config.max_model_len)

    def number(self) -> str:
        """A name for a request."""
        return f"verifier-{next(self._numbers)}"

    async def ask(self, stream: Callable[[Any], Any], about: str) -> Any:
        """The one output of a request that ``stream`` makes of an AsyncLLM; None where the engine refuses it.

        Raises EngineError where the engine dies, and dies again when it is started again.
        """
        return await self._server.asked(lambda: stream(self._server.llm), about)

    async def close(self) -> None:
        """Stop the engine's processes, where nobody else uses it."""
        await self._server.close()
