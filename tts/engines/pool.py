"""The pool of models: whoever asks for the same model gets the same engine."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from tts.core import Engine, Registry, canonical_json
from tts.engines.identity import architectures, resolve, shipped
from tts.engines.next_token import LanguageModel
from tts.engines.pooling import ClassifyEngine, PoolingEngine, TokenHeadEngine
from tts.engines.server import Servers

ENGINES = Registry("engines", {"vllm": "tts.engines.vllm:create", "simulated": "tts.engines.simulated:create"})


class ModelPool:
    """All models of a session. See ``tts.core.Models`` for what verifiers ask of it."""

    def __init__(self, engine: Mapping[str, Any] | None = None, parent: ModelPool | None = None):
        """``engine``: options of what is asked for; ``parent``: the pool that this is a view of."""
        self.engine: Mapping[str, Any] = dict(engine or {})
        self._servers: Servers = parent._servers if parent else Servers()
        self._handles: dict[str, Any] = parent._handles if parent else {}

    def bound(self, engine: Mapping[str, Any]) -> ModelPool:
        """The same pool, with other engine options for what is asked of it."""
        return ModelPool(engine, self)

    def generator(self, name: str, options: Mapping[str, Any], field: str) -> Engine:
        """The engine for ``ENGINE/MODEL`` or ``ENGINE:KEY=VALUE,...``, not yet started; the same for the same words.

        Raises UsageError, naming ``field``, for an unknown engine or model.
        """
        kind = name.split("/")[0].split(":")[0]
        create = ENGINES.load(kind, field)
        shared = {"servers": self._servers} if "servers" in inspect.signature(create).parameters else {}
        engine: Engine = self._once(
            ("generator", name, dict(options)), lambda: create(name[len(kind) + 1 :], dict(options), field, **shared)
        )
        return engine

    def architectures(self, kind: str, model: str, field: str) -> list[str]:
        """See ``tts.core.Models``."""
        path, commit = resolve(kind, model, self.engine, field)
        return architectures(path, commit, field)

    def shipped(self, kind: str, model: str) -> bool:
        """See ``tts.core.Models``."""
        return shipped(kind, model)

    def at_tags(self, model: str, tag: str, field: str) -> PoolingEngine:
        """See ``tts.core.Models``."""
        made: PoolingEngine = self._once(
            ("tags", model, tag, dict(self.engine)),
            lambda: PoolingEngine(model, self.engine, tag, field, self._servers),
        )
        return made

    def at_tokens(self, model: str, good: int, field: str) -> TokenHeadEngine:
        """See ``tts.core.Models``."""
        made: TokenHeadEngine = self._once(
            ("tokens", model, good, dict(self.engine)),
            lambda: TokenHeadEngine(model, self.engine, good, field, self._servers),
        )
        return made

    def at_hidden_states(self, model: str, field: str) -> Any:
        """See ``tts.core.Models``."""
        from tts.engines.torch_heads import ValueHeadEngine

        return self._once(
            ("hidden", model, dict(self.engine)),
            lambda: ValueHeadEngine(model, self.engine, field),
        )

    def whole_texts(self, model: str, field: str) -> ClassifyEngine:
        """See ``tts.core.Models``."""
        made: ClassifyEngine = self._once(
            ("texts", model, dict(self.engine)), lambda: ClassifyEngine(model, self.engine, field, self._servers)
        )
        return made

    def language(self, kind: str, model: str, field: str) -> LanguageModel:
        """See ``tts.core.Models``."""
        made: LanguageModel = self._once(
            ("language", model, dict(self.engine)),
            lambda: LanguageModel(kind, model, self.engine, field, self._servers),
        )
        return made

    def _once(self, key: tuple[Any, ...], make: Any) -> Any:
        """The handle that was made for the same words before, else a new one."""
        name = canonical_json([part if isinstance(part, str | int | dict) else str(part) for part in key])
        if name not in self._handles:
            self._handles[name] = make()
        return self._handles[name]

    async def close(self) -> None:
        """Stop every engine, also where another cannot be stopped; raises the first failure afterwards."""
        failures = []
        for handle in self._handles.values():
            try:
                await handle.close()
            except Exception as error:  # whatever the one raises, the next one is to be closed
                failures.append(error)
        if failures:
            raise failures[0]
