"""Identity: canonical JSON, sample keys and the random streams derived from paths."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np

from tts.core.sampling import SamplingParams
from tts.core.types import Candidate, Path

KEY_BYTES = 16


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


def context_digest(model: str, prompt_ids: Sequence[int], params: SamplingParams, seed: int) -> bytes:
    """All of a sample's identity but its path: model, prompt and prefix ids, sampling parameters, run seed."""
    ids = np.asarray(prompt_ids, dtype="<u4").tobytes()
    return digest(model, ids, canonical_json(params.model_dump(mode="json")), str(seed))


def sample_key(context: bytes, path: Path) -> bytes:
    """A sample's identity (DESIGN.md, second idea)."""
    return digest(context, canonical_json(path))


def score_key(verifier: str, reads_tokens: bool, problem: str, question: str, candidate: Candidate) -> bytes:
    """A score's identity: who judges what. ``verifier``: its fingerprint; ``problem``: ``benchmark/id``."""
    parts: list[str | bytes] = [verifier, problem, question, candidate.text]
    if reads_tokens:
        parts.append(np.asarray(candidate.token_ids, "<u4").tobytes())
        # The same ids come with other log-probabilities in another context, such as a revision's.
        for kept in (a for c in candidate.completions for a in (c.logprobs, c.top_logprobs)):
            parts.append(b"" if kept is None else kept.astype("<f2").tobytes())
    return digest(*parts)


def stream(*path: str | int) -> np.random.Generator:
    """A random generator that is a pure function of ``path``; PCG64, so the same on every machine."""
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest(canonical_json(path)), "little")))
