"""The numbers of a model's configuration, for the run directory: what its compute is counted from afterwards."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_DERIVED = ("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim", "layers_block_type")
"""What some classes compute, so that their dictionary does not hold it."""


def architecture(model: str, commit: str | None) -> dict[str, Any] | None:
    """The model's configuration without what says nothing of its size; None where it cannot be read.

    Numbers that config.json leaves out are filled in by the model's own configuration class, where transformers has
    one: of a model for several kinds of input the part on text. Code that comes with a model is not run.
    ``model`` and ``commit``: as ``resolve`` gives them.
    """
    path = Path(model) / "config.json"
    try:
        if commit is not None:
            from huggingface_hub import hf_hub_download

            path = Path(hf_hub_download(model, "config.json", revision=commit))
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return numbers(config) if isinstance(config, dict) else None


def numbers(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a configuration says of the model's size, with the numbers that its class fills in.

    Under the class's own names and the usual ones; as config.json has them, where transformers is not installed, has
    no such class, or the class refuses the configuration.
    """
    return _without_names(_filled(config))


def _filled(config: Mapping[str, Any]) -> Mapping[str, Any]:
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        from transformers import CONFIG_MAPPING
    except ImportError:
        return config
    outer = {name: config[name] for name in ("architectures", "id2label", "num_labels") if config.get(name) is not None}
    text = config.get("text_config")
    for part in (config, text if isinstance(text, dict) else {}):
        if part.get("model_type") not in CONFIG_MAPPING:
            continue
        try:
            settings = CONFIG_MAPPING[part["model_type"]].from_dict(dict(part)).get_text_config()
            own: dict[str, Any] = settings.to_dict()
            usual = {n: getattr(settings, n, None) for n in (*settings.attribute_map, *_DERIVED) if n not in own}
        except Exception:  # a class checks what it is given in ways of its own
            continue
        return own | {name: value for name, value in usual.items() if value is not None} | outer
    return config


def _without_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """Scalars, lists and the part on text; of the labels only how many there are. What JSON cannot hold is left out."""
    kept: dict[str, Any] = {k: v for k, v in config.items() if v is None or isinstance(v, int | float | str | list)}
    kept = {k: v for k, v in kept.items() if not _is_endless(v)}
    if isinstance(labels := config.get("id2label"), dict):
        kept.setdefault("num_labels", len(labels))
    for part in ("text_config", "rope_parameters", "rope_scaling"):
        if isinstance(inner := config.get(part), dict):
            kept[part] = _without_names(inner)
    if isinstance(layers := config.get("per_layer_config"), dict):
        kept["per_layer_config"] = {str(layer): _without_names(own) for layer, own in layers.items()}
    return kept


def _is_endless(value: object) -> bool:
    """Whether a number is not finite, or one of a list is not, such as Mamba's ``time_step_limit``."""
    return any(isinstance(x, float) and not math.isfinite(x) for x in (value if isinstance(value, list) else [value]))
