"""A model that is not here: what the journal holds can be replayed and graded again without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tts.core import POLICY, Completion, Engine, Message, Prompt, Request, UsageError
from tts.engines import ModelPool
from tts.store import RunDir
from tts.sweep.config import ModelEntry, SweepConfig


class AbsentEngine:
    """Has the identity that the run was made with; whatever needs the model raises the error that making it raised."""

    capacity = 64
    piece = 16
    absent = True
    version = "absent"
    architecture: Mapping[str, object] | None = None

    def __init__(self, identity: Mapping[str, str], context: int, error: UsageError):
        """``context``: what the run's samples were drawn under; ``error``: why the model cannot be had."""
        self.identity = identity
        self.context = context
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

    def continuation(self, text: str) -> tuple[int, ...]:
        """Needs the tokenizer, so raises."""
        raise self._error

    def decode(self, token_ids: Sequence[int]) -> str:
        """Needs the tokenizer, so raises."""
        raise self._error

    async def start(self) -> None:
        """A sample is missing, so raises."""
        raise self._error

    async def restart(self) -> None:
        """It never came so far, so raises."""
        raise self._error

    async def sample(self, request: Request) -> list[Completion]:
        """Never comes to this."""
        raise self._error

    async def close(self) -> None:
        """Nothing to stop."""


def engines_for(config: SweepConfig, rundir: RunDir, pool: ModelPool, given: Mapping[str, Engine]) -> dict[str, Engine]:
    """The configured engines by role; for a model of the run that is not here, a stand-in that only replays.

    ``given``: engines that are used in place of configured ones.
    """
    return {role: given.get(role) or _engine(role, entry, rundir, pool) for role, entry in config.roles.items()}


def _engine(role: str, entry: ModelEntry, rundir: RunDir, pool: ModelPool) -> Engine:
    before = rundir.info.model_of(role) if rundir.info else None
    try:
        engine = pool.generator(entry.name, entry.engine, "model" if role == POLICY else f"models.{role}")
    except UsageError as error:
        if before is None or before.name != entry.name:
            raise
        return AbsentEngine(before.identity, before.context, error)
    if not engine.context and before is not None and dict(before.identity) == dict(engine.identity):
        engine.context = before.context  # the model's own, since no option says otherwise: as it was then
    return engine
