"""From a configuration to what the model multiplies."""

from __future__ import annotations

from typing import Any

from tts.analysis.architecture.families import FAMILIES
from tts.analysis.architecture.fields import Config, Fields, UnknownArchitectureError
from tts.analysis.architecture.model import Architecture


def read_architecture(config: Config) -> Architecture:
    """The architecture that a Hugging Face configuration describes: a decoder of a known ``model_type``.

    ``config``: with the numbers that its configuration class fills in (see `tts.engines.architecture`). Raises
    UnknownArchitectureError where the type is not known, or a number is missing.
    """
    text = config.get("text_config")
    text = {**text, **_outer(config)} if isinstance(text, dict) else config
    kind = text.get("model_type")
    if not isinstance(kind, str):
        raise UnknownArchitectureError("model_type: missing")
    layers = FAMILIES.get(kind)
    if layers is None:
        raise UnknownArchitectureError(f"model_type: layers of {kind!r} are not known here")
    fields = Fields(text)
    parts = list(layers(fields))
    return Architecture.of_parts(parts, _head(text, fields))


def _outer(config: Config) -> dict[str, Any]:
    """What stands beside the part on text."""
    return {name: config[name] for name in ("architectures", "num_labels") if name in config}


def _head(config: Config, fields: Fields) -> int:
    """A language model's output matrix, tied or not; a reward model's small head."""
    kind = (config.get("architectures") or ["ForCausalLM"])[0]
    labels = fields.number_or(2, "num_labels")
    if kind == "Qwen2ForRewardModel":
        return fields.hidden * fields.hidden + fields.hidden
    if kind == "Qwen2ForProcessRewardModel":
        return fields.hidden * fields.hidden + fields.hidden * labels
    if kind.endswith(("Classification", "RewardModel")):
        return fields.hidden * labels
    width = fields.number_or(fields.hidden, "word_embed_proj_dim")
    if width != fields.hidden:
        raise UnknownArchitectureError("word_embed_proj_dim: embeddings of another width are not known here")
    return fields.hidden * fields.number("vocab_size")
