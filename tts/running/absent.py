"""A model that is not here: what the journal holds can be replayed and graded again without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tts.core import Completion, Engine, Message, Prompt, Request, UsageError
from tts.engines import make_engine
from tts.running.config import SweepConfig
from tts.running.rundir import RunDir


class AbsentEngine:
    """Has the identity that the run was made with; whatever needs the model raises the error that making it raised."""

    capacity = 64
    piece = 16
    context = 0
    version = "absent"
    architecture: Mapping[str, object] | None = None

    def __init__(self, identity: Mapping[str, str], error: UsageError):
        """``error``: why the model cannot be had."""
        self.identity = identity
        self._error = error

    @property
    def chats(self) -> bool:
        """Needs the tokenizer, so raises."""
        raise self._error

    def render(self, messages: Sequence[Message], chat_template_kwargs: Mapping[str, object]) -> Prompt:
        """Needs the tokenizer, so raises."""
        raise self._error

    def encode(self, text: str) -> Prompt:
        """Needs the tokenizer, so raises."""
        raise self._error

    def decode(self, token_ids: Sequence[int]) -> str:
        """Needs the tokenizer, so raises."""
        raise self._error

    async def start(self) -> None:
        """A sample is missing, so raises."""
        raise self._error

    async def sample(self, request: Request) -> list[Completion]:
        """Never comes to this."""
        raise self._error

    async def close(self) -> None:
        """Nothing to stop."""


def engine_for(config: SweepConfig, rundir: RunDir) -> Engine:
    """The configured engine; for a run whose model is not here, a stand-in that only replays."""
    try:
        return make_engine(config.model, config.engine)
    except UsageError as error:
        model: dict[str, Any] | None = rundir.info.get("model")
        if model is None or model["name"] != config.model:
            raise
        return AbsentEngine(model["identity"], error)
