"""Tokenizers, loaded once and without their library's chatter."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any


def load_tokenizer(model: str, commit: str | None, options: Mapping[str, Any]) -> Any:
    """The tokenizer of a resolved model; ``options``: the engine's (tokenizer, tokenizer_revision ...)."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(
        options.get("tokenizer") or model,
        revision=options.get("tokenizer_revision") or commit,
        trust_remote_code=bool(options.get("trust_remote_code")),
    )
