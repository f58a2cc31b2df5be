"""Identity: canonical JSON, sample keys and the random streams derived from paths."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np

from tts.core.sampling import SamplingParams
from tts.core.types import Candidate, Path, Question

KEY_BYTES = 16
KEY_VERSION = "2"
"""Of the way keys are made: a part of every sample's."""


def canonical_json(value: object) -> str:
    """The one spelling of a JSON value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(*parts: bytes | str) -> bytes:
    """A 16-byte hash of the parts; boundaries between them count."""
    h = hashlib.blake2b(digest_size=KEY_BYTES)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        h.update(len(data).to_bytes(8, "little"))
        h.update(data)
    return h.digest()


def fingerprint(identity: Mapping[str, str]) -> str:
    """A model's identity as one string, for keys."""
    return digest(canonical_json(dict(identity))).hex()


def context_digest(
    model: str, problem: str, input_ids: Sequence[int], params: SamplingParams, seed: int, bound: int | None = None
) -> bytes:
    """All of a sample's identity but its path.

    ``model``: its fingerprint; ``problem``: ``benchmark/id``, so that problems of one wording draw apart;
    ``input_ids``: prompt and answer so far; ``seed``: the run's; ``bound``: the tokens that the engine's context
    leaves, where it and no limit of ``params`` is what binds. So a larger context draws such samples anew, and all of
    them: to keep those that ended in time would choose by length.
    """
    ids = np.asarray(input_ids, dtype="<u4").tobytes()
    described = params.described() | ({} if bound is None else {"bound": bound})
    return digest(KEY_VERSION, model, problem, ids, canonical_json(described), str(seed))


def sample_key(context: bytes, path: Path) -> bytes:
    """A sample's identity (DESIGN.md, second idea)."""
    return digest(context, canonical_json(path))


def score_key(
    verifier: str,
    reads_tokens: bool,
    problem: str,
    question: Question,
    candidate: Candidate,
    told: bool | None = None,
) -> bytes:
    """A score's identity: who judges what.

    ``verifier``: its fingerprint; ``problem``: ``benchmark/id``; ``told``: what a verifier that is told whether the
    candidate is correct was told, so that another verdict is another score.
    """
    parts: list[str | bytes] = [verifier, problem, question.text, candidate.text]
    if question.public:
        parts.append(canonical_json({"public": dict(question.public)}))
    if told is not None:
        parts.append("right" if told else "wrong")
    if reads_tokens:
        parts.append(np.asarray(candidate.token_ids, "<u4").tobytes())
        # The same ids come with other log-probabilities in another context, such as a revision's.
        for kept in (a for c in candidate.completions for a in (c.logprobs, c.top_logprobs)):
            parts.append(b"" if kept is None else kept.astype("<f2").tobytes())
    return digest(*parts)


def stream(*path: str | int) -> np.random.Generator:
    """A random generator that is a pure function of ``path``; PCG64, so the same on every machine."""
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest(canonical_json(path)), "little")))
