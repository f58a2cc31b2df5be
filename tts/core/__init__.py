"""Ground floor: types, protocols, registry and selectors. Imports no model, no engine and no run."""

from tts.core.errors import EngineError, TtsError, UsageError, did_you_mean
from tts.core.keys import canonical_json, context_digest, digest, fingerprint, sample_key, score_key, stream
from tts.core.protocols import (
    Bound,
    Engine,
    KnowsAnswers,
    OracleVerifier,
    Pool,
    Request,
    Sampler,
    Selector,
    Strategy,
    Tools,
    Verifier,
)
from tts.core.registry import Registry
from tts.core.sampling import SAMPLING_OVERRIDES, SamplingParams
from tts.core.selectors import SELECTORS
from tts.core.types import (
    Candidate,
    Completion,
    FinishReason,
    Message,
    Path,
    Positions,
    Problem,
    Prompt,
    Question,
    Score,
    Usage,
)

__all__ = [
    "SAMPLING_OVERRIDES",
    "SELECTORS",
    "Bound",
    "Candidate",
    "Completion",
    "Engine",
    "EngineError",
    "FinishReason",
    "KnowsAnswers",
    "Message",
    "OracleVerifier",
    "Path",
    "Pool",
    "Positions",
    "Problem",
    "Prompt",
    "Question",
    "Registry",
    "Request",
    "Sampler",
    "SamplingParams",
    "Score",
    "Selector",
    "Strategy",
    "Tools",
    "TtsError",
    "Usage",
    "UsageError",
    "Verifier",
    "canonical_json",
    "context_digest",
    "did_you_mean",
    "digest",
    "fingerprint",
    "sample_key",
    "score_key",
    "stream",
]
