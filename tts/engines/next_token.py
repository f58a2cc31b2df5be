"""A language model as a verifier's instrument: probabilities of given tokens, rather than text."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tts.core import EngineError, UsageError
from tts.engines.identity import shipped
from tts.engines.on_demand import OnDemand
from tts.engines.settings import default_options, pooling_options


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote."""

    text: str
    tokens: int


class LanguageModel(OnDemand):
    """One causal language model. ``options`` are those of vLLM's ``AsyncEngineArgs``, by its own names."""

    def __init__(self, kind: str, model: str, options: Mapping[str, Any], field: str):
        """``kind``: the verifier's family, for messages. Raises UsageError where there is no such model, or no vLLM."""
        # Log-probabilities among the allowed tokens: a softmax over two tokens is then exact, however rare both are.
        defaults = {**default_options(), **pooling_options(), "logprobs_mode": "processed_logprobs"}
        named = "vllm" if shipped("vllm", model) else kind
        super().__init__(named, model, options, defaults, field, reward=False)

    def token_id(self, word: str, field: str) -> int:
        """The one token that ``word`` is. Raises UsageError, naming ``field``, where it is another number of tokens."""
        ids = self.tokenizer.encode(word, add_special_tokens=False)
        if len(ids) != 1 or ids[0] == self.tokenizer.unk_token_id:
            raise UsageError(
                f"{field}: found {word!r}, which this model's tokenizer splits into {len(ids)} tokens or does not "
                "know; expected a word that is one token"
            )
        return int(ids[0])

    async def pair(self, prompt_ids: Sequence[int], good: int, bad: int, about: str) -> float | None:
        """P(next is ``good``) where it is ``good`` or ``bad``; None where the prompt fills the context."""
        llm = await self.start()
        if not self.fits(prompt_ids, 1):
            return None
        params = self._params(max_tokens=1, temperature=0, allowed_token_ids=[good, bad], logprobs=2)
        output = await self.final(llm.generate(self._prompt(prompt_ids), params, self.number()), about)
        (found,) = output.outputs[0].logprobs
        return math.exp(found[good].logprob)

    async def logprobs(self, prompt_ids: Sequence[int], about: str) -> list[float] | None:
        """log P(token | those before) of every token but the first; None where the text fills the context."""
        llm = await self.start()
        if not self.fits(prompt_ids, 1):
            return None
        params = self._params(max_tokens=1, temperature=0, prompt_logprobs=0)
        output = await self.final(llm.generate(self._prompt(prompt_ids), params, self.number()), about)
        rows = output.prompt_logprobs[1:]
        if len(rows) != len(prompt_ids) - 1:
            raise EngineError(f"{about}: the model gave {len(rows)} log-probabilities for {len(prompt_ids)} tokens")
        return [float(row[token].logprob) for token, row in zip(prompt_ids[1:], rows, strict=True)]

    async def replies(
        self, prompt_ids: Sequence[int], n: int, max_tokens: int, temperature: float, about: str
    ) -> list[Reply]:
        """``n`` samples, none where the prompt leaves no room for one token."""
        llm = await self.start()
        room = int(llm.model_config.max_model_len) - len(prompt_ids)
        if room < 1:
            return []
        params = self._params(n=n, max_tokens=min(max_tokens, room), temperature=temperature, detokenize=True)
        output = await self.final(llm.generate(self._prompt(prompt_ids), params, self.number()), about)
        return [Reply(o.text, len(o.token_ids)) for o in output.outputs]

    @staticmethod
    def _prompt(prompt_ids: Sequence[int]) -> Any:
        from vllm.inputs import TokensPrompt

        return TokensPrompt(prompt_token_ids=list(prompt_ids))

    @staticmethod
    def _params(**params: Any) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        return SamplingParams(**{"detokenize": False, "output_kind": RequestOutputKind.FINAL_ONLY, **params})


class LabelReader:
    """A language model that says of each step "good" or "bad" with one token: a process reward model."""

    def __init__(self, model: LanguageModel, good: int, bad: int):
        """``good`` and ``bad``: the two tokens."""
        self.tokenizer = model.tokenizer
        self.identity = model.identity
        self.architecture = model.architecture
        self.version = model.version
        self._model = model
        self._good = good
        self._bad = bad

    async def read(self, prompt_ids: Sequence[int], positions: Sequence[int], about: str) -> tuple[float, ...] | None:
        """P(good) of good or bad as the token after each of ``positions``; None where the text fills the context.

        One request a position, each beginning with the one before: the prefix cache leaves only the new tokens.
        """
        ask = self._model.pair
        found = await asyncio.gather(*(ask(prompt_ids[: p + 1], self._good, self._bad, about) for p in positions))
        values = tuple(v for v in found if v is not None)
        return values if len(values) == len(positions) else None

    async def close(self) -> None:
        """Stop the engine."""
        await self._model.close()
