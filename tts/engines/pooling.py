"""Reward models on vLLM's pooling runner: token ids in; a probability at each step out, or logits for a whole text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tts.core import EngineError, UsageError, class_probability
from tts.engines.on_demand import OnDemand
from tts.engines.server import Servers
from tts.engines.settings import pooling_options


class _Pooling(OnDemand):
    def __init__(self, kind: str, model: str, options: Mapping[str, Any], field: str, servers: Servers | None):
        defaults = {"runner": "pooling", **pooling_options()}
        super().__init__(kind, model, options, defaults, field, reward=True, servers=servers)

    async def _pool(self, prompt_ids: Sequence[int], about: str, **params: Any) -> Any:
        """What the pooler gives, a tensor; None where the text is longer than the context, or the engine refuses it."""
        await self.start()
        if not self.fits(prompt_ids):
            return None
        from vllm import PoolingParams
        from vllm.inputs import TokensPrompt

        prompt = TokensPrompt(prompt_token_ids=list(prompt_ids))
        output = await self.ask(lambda llm: llm.encode(prompt, PoolingParams(**params), self.number()), about)
        return None if output is None else output.outputs.data.float()


class PoolingEngine(_Pooling):
    """A process reward model that vLLM reads at a step tag (``Qwen2ForProcessRewardModel``)."""

    def __init__(
        self, model: str, options: Mapping[str, Any], step_tag: str, field: str, servers: Servers | None = None
    ):
        """``model``: a folder or hub id; ``step_tag``: the token after each step, at which the model is read.

        Raises UsageError where vLLM or the model is not there, the model is no reward model, or its tokenizer lacks
        the step tag.
        """
        super().__init__("prm", model, options, field, servers)
        self.identity = {**self.identity, "step_tag": step_tag}
        self.step_id = _step_id(self.tokenizer, step_tag, model, field)

    async def read(self, prompt_ids: Sequence[int], positions: Sequence[int], about: str) -> tuple[float, ...] | None:
        """The good class's probability at each of ``positions``, which are those of all step tags.

        None where the text is longer than the context. Raises EngineError when the engine dies, or gives another
        number of scores.
        """
        rows = await self._pool(prompt_ids, about, task="token_classify", step_tag_id=self.step_id)
        if rows is None:
            return None
        if len(rows) != len(positions):
            raise EngineError(f"{about}: the reward model gave {len(rows)} scores for {len(positions)} steps")
        return tuple(float(row[1]) for row in rows.tolist())


class TokenHeadEngine(_Pooling):
    """A token-classification model (``...ForTokenClassification``), read at any positions."""

    def __init__(self, model: str, options: Mapping[str, Any], good: int, field: str, servers: Servers | None = None):
        """``good``: index of the class whose probability is the score. Raises UsageError as ``PoolingEngine``."""
        super().__init__("prm", model, options, field, servers)
        self._good = good

    async def read(self, prompt_ids: Sequence[int], positions: Sequence[int], about: str) -> tuple[float, ...] | None:
        """The good class's probability at each position; None where the text is longer than the context."""
        rows = await self._pool(prompt_ids, about, task="token_classify", use_activation=False)
        if rows is None:
            return None
        if len(rows) != len(prompt_ids):
            raise EngineError(f"{about}: the reward model gave {len(rows)} scores for {len(prompt_ids)} tokens")
        return tuple(class_probability(rows[p].tolist(), self._good) for p in positions)


class ClassifyEngine(_Pooling):
    """A sequence-classification reward model (``...ForSequenceClassification``)."""

    def __init__(self, model: str, options: Mapping[str, Any], field: str, servers: Servers | None = None):
        """Raises UsageError where vLLM or the model is not there, or it is no reward model."""
        super().__init__("orm", model, options, field, servers)

    async def logits(self, prompt_ids: Sequence[int], about: str) -> list[float] | None:
        """The head's raw outputs at the text's last token; None where the text is longer than the context."""
        row = await self._pool(prompt_ids, about, task="classify", use_activation=False)
        return None if row is None else [float(v) for v in row.flatten().tolist()]


def _step_id(tokenizer: Any, tag: str, model: str, field: str) -> int:
    found = tokenizer.get_vocab().get(tag)
    if found is None:
        raise UsageError(
            f"{field}.step_tag: the tokenizer of {model} has no token {tag!r}, which marks the end of a step; "
            "name the model's own with step_tag"
        )
    return int(found)
