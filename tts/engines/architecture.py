"""The numbers of a model's config.json, for the run directory: what its compute is counted from afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def architecture(model: str, commit: str | None) -> dict[str, Any] | None:
    """The model's config.json without what says nothing of its size; None where it cannot be read.

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
    return _numbers(config) if isinstance(config, dict) else None


def _numbers(config: Mapping[str, Any]) -> dict[str, Any]:
    """Scalars, lists and the part on text; of the labels only how many there are."""
    kept: dict[str, Any] = {k: v for k, v in config.items() if v is None or isinstance(v, int | float | str | list)}
    if isinstance(labels := config.get("id2label"), dict):
        kept["num_labels"] = len(labels)
    for part in ("text_config", "rope_parameters", "rope_scaling"):
        if isinstance(inner := config.get(part), dict):
            kept[part] = _numbers(inner)
    return kept
