"""A language model as a verifier's instrument: probabilities of given tokens, rather than text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tts.core import EngineError, UsageError
from tts.core.models import Reply
from tts.engines.identity import shipped
from tts.engines.on_demand import OnDemand
from tts.engines.server import Servers
from tts.engines.settings import default_options, pooling_options
from tts.engines.texts import Texts


class LanguageModel(OnDemand):
    """One causal language model. ``options`` are those of vLLM's ``AsyncEngineArgs``, by its own names."""

    def __init__(self, kind: str, model: str, options: Mapping[str, Any], field: str, servers: Servers | None = None):
        """``kind``: the verifier's family, for messages. Raises UsageError where there is no such model, or no vLLM."""
        defaults = {**default_options(), **pooling_options()}
        named = "vllm" if shipped("vllm", model) else kind
        super().__init__(named, model, options, defaults, field, reward=False, servers=servers)

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
        await self.start()
        if not self.fits(prompt_ids, 1):
            return None
        # The raw log-probabilities of two given tokens: a softmax over them is exact, however rare both are.
        params = self._params(max_tokens=1, temperature=0, allowed_token_ids=[good, bad], logprob_token_ids=[good, bad])
        output = await self.ask(lambda llm: llm.generate(self._prompt(prompt_ids), params, self.number()), about)
        if output is None:
            return None
        (found,) = output.outputs[0].logprobs
        return 1 / (1 + math.exp(min(found[bad].logprob - found[good].logprob, 700.0)))

    async def logprobs(self, prompt_ids: Sequence[int], about: str) -> list[float] | None:
        """log P(token | those before) of every token but the first; None where the text fills the context."""
        await self.start()
        if not self.fits(prompt_ids, 1):
            return None
        params = self._params(max_tokens=1, temperature=0, prompt_logprobs=0)
        output = await self.ask(lambda llm: llm.generate(self._prompt(prompt_ids), params, self.number()), about)
        if output is None:
            return None
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
        params = self._params(n=n, max_tokens=min(max_tokens, room), temperature=temperature)
        output = await self.ask(lambda llm: llm.generate(self._prompt(prompt_ids), params, self.number()), about)
        if output is None:
            return []
        texts = Texts(self.tokenizer)
        ended = [list(o.token_ids[:-1] if o.finish_reason == "stop" else o.token_ids) for o in output.outputs]
        return [Reply(texts.decode(ids), len(o.token_ids)) for ids, o in zip(ended, output.outputs, strict=True)]

    @staticmethod
    def _prompt(prompt_ids: Sequence[int]) -> Any:
        from vllm.inputs import TokensPrompt

        return TokensPrompt(prompt_token_ids=list(prompt_ids))

    @staticmethod
    def _params(**params: Any) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        return SamplingParams(**{"detokenize": False, "output_kind": RequestOutputKind.FINAL_ONLY, **params})
