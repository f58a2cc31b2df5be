"""Confidence: what the policy's own log-probabilities say of an answer, at no further cost.

p_i is the policy's distribution at token i, before temperature, and K the number of likeliest tokens kept at each
(``sampling.logprobs: K``). A larger value is more confident, and every value is at least 0, so that it can be a weight.

- ``mean_logprob``: exp of the mean log-probability of the sampled tokens: their geometric mean, in [0, 1].
- ``self_certainty`` (Kang et al. 2025, section 3): the mean over tokens of KL(uniform || p_i). The paper sums over the
  vocabulary; here both distributions are restricted to the K likeliest tokens (p_i renormalised), which is the paper's
  value where K is the vocabulary. The rest is not estimated: its share hangs on 1 - sum(p), a rounding error where the
  policy is sure.
- The DeepConf family (Fu et al. 2025, section 3) is made of the token confidence C_i = -mean over the K likeliest of
  log p_i: ``token_confidence`` is its mean over the answer, ``lowest_window`` the least mean over windows of ``window``
  successive tokens, ``bottom_windows`` the mean of the least tenth of these, ``tail`` the mean over the last ``window``
  tokens. An answer shorter than the window is one window.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from tts.core import Candidate, Models, Question, Score, UsageError, Verifier, fingerprint
from tts.verifiers.options import VerifierOptions, read_options

Floats = npt.NDArray[np.float64]
Kind = Literal["mean_logprob", "self_certainty", "token_confidence", "lowest_window", "bottom_windows", "tail"]

FLOOR = -100.0
"""Least log-probability: one of minus infinity, of a token that the engine masks, would make every mean infinite."""
BOTTOM = 0.1
"""Share of the windows that ``bottom_windows`` averages (Fu et al. 2025)."""


class ConfidenceOptions(VerifierOptions):
    """Which confidence."""

    kind: Kind = "mean_logprob"
    """See the module's text; ``mean_logprob`` needs ``sampling.logprobs`` of 0 or more, the others of 1 or more
    (20 is usual)."""
    window: Annotated[int, Field(ge=1)] = 2048
    """Tokens of a window and of the tail (Fu et al. 2025: 2048)."""


def create(model: str, options: Mapping[str, Any], models: Models, field: str) -> Confidence:
    """How sure the policy itself was: `confidence/kind=self_certainty`, `kind=lowest_window`, ...; no model."""
    return Confidence(read_options(ConfidenceOptions, "confidence", model, options, field))


class Confidence(Verifier):
    """One number a whole answer, or an answer in the making, from its completions' log-probabilities."""

    reads_tokens = True

    def __init__(self, options: ConfidenceOptions):
        """Keeps no state."""
        self.name = "confidence"
        self.options = options
        self.logprobs = 0 if options.kind == "mean_logprob" else 1
        self.fingerprint = fingerprint({"verifier": "confidence 1", "options": options.model_dump_json()})

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """0 for an answer without a token. Raises UsageError where log-probabilities were not kept."""
        return [Score((self._one(question, c),)) for c in candidates]

    def _one(self, question: Question, candidate: Candidate) -> float:
        if candidate.output_tokens == 0:
            return 0.0
        if self.options.kind == "mean_logprob":
            return math.exp(self._kept(question, candidate, "logprobs").mean())
        top = self._kept(question, candidate, "top_logprobs")
        if self.options.kind == "self_certainty":
            return self_certainty(top)
        return group_confidence(-top.mean(axis=1), self.options.kind, self.options.window)

    def _kept(self, question: Question, candidate: Candidate, what: str) -> Floats:
        """An array of all completions, one after the other."""
        parts = [getattr(c, what) for c in candidate.completions if c.output_tokens]
        if any(part is None or part.size == 0 for part in parts):
            least = "0 (the default)" if what == "logprobs" else "20"
            raise UsageError(
                f"verifiers ({self.name}): kind {self.options.kind} reads log-probabilities, and an answer to question "
                f"{question.id} has none; they are kept as it is sampled, on vLLM, with sampling.logprobs of {least}"
            )
        kept: Floats = np.concatenate(parts).astype(np.float64)
        return np.maximum(kept, FLOOR)


def self_certainty(top: Floats) -> float:
    """Mean over tokens of KL(uniform || p), both over the K likeliest; ``top``: (tokens, K) log-probabilities."""
    normalised = top - np.logaddexp.reduce(top, axis=1, keepdims=True)
    divergence = -normalised.mean(axis=1) - math.log(top.shape[1])
    return max(float(divergence.mean()), 0.0)


def group_confidence(tokens: Floats, kind: Kind, window: int) -> float:
    """A DeepConf measure of an answer's token confidences, shape (tokens,)."""
    if kind == "token_confidence":
        return float(tokens.mean())
    window = min(window, len(tokens))
    if kind == "tail":
        return float(tokens[-window:].mean())
    sums = np.concatenate(([0.0], np.cumsum(tokens)))
    means = np.sort((sums[window:] - sums[:-window]) / window)
    least = 1 if kind == "lowest_window" else max(1, math.ceil(BOTTOM * len(means)))
    return max(float(means[:least].mean()), 0.0)
