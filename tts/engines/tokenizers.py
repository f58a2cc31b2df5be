"""Tokenizers, loaded as their files say and without their library's chatter."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any


def load_tokenizer(model: str, commit: str | None, options: Mapping[str, Any]) -> Any:
    """The tokenizer of a resolved model; ``options``: the engine's (tokenizer, tokenizer_revision ...)."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from transformers import AutoTokenizer, PreTrainedTokenizerFast
    from transformers.models.auto.tokenization_auto import get_tokenizer_config

    name = options.get("tokenizer") or model
    revision = options.get("tokenizer_revision") or commit
    # Where tokenizer.json alone is the tokenizer, AutoTokenizer (transformers 5) still takes the class that goes with a
    # model's architecture, and its pre-tokenizer instead of the file's: a qwen2 model with its own then loses spaces.
    named = get_tokenizer_config(name, revision=revision).get("tokenizer_class")
    kind = PreTrainedTokenizerFast if named == "PreTrainedTokenizerFast" else AutoTokenizer
    return kind.from_pretrained(name, revision=revision, trust_remote_code=bool(options.get("trust_remote_code")))
