"""What a model is, told without loading it: revision or hashes, tokenizer, template, dtype, quantisation, adapter."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tts.core import UsageError, did_you_mean
from tts.core.models import is_language_model
from tts.tiny.weights import WEIGHTS, weights_path

_BLOCK = 4096
_BLOCKS = 16
"""Blocks sampled from each file of weights: headers alone are the same for every fine-tune of one model."""
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
)


def shipped(kind: str, model: str) -> bool:
    """Whether a name is that of a model of the package."""
    return f"{kind}/{model}" in WEIGHTS


def resolve(kind: str, model: str, options: Mapping[str, Any], field: str) -> tuple[str, str | None]:
    """What vLLM is to load, and its hub commit (None for a folder).

    ``kind``: ``vllm`` or ``prm``; ``model``: one of the package's, a folder's path or a hub id. Raises UsageError where
    there is no such model, or the hub is out of reach and its cache does not hold it.
    """
    own = shipped(kind, model)
    folder = weights_path(f"{kind}/{model}") if own else Path(model).expanduser()
    looks_local = model.startswith(("/", "./", "../", "~")) or model.count("/") != 1
    if folder.is_dir() or own:
        if not (folder / "config.json").is_file():
            raise UsageError(f"{field}: {model} is a folder without config.json; expected a model in the hub's format")
        return str(folder.resolve()), None
    if looks_local:
        siblings = [p.name for p in folder.parent.iterdir()] if folder.parent.is_dir() else []
        raise UsageError(
            f"{field}: there is no folder {model}{did_you_mean(folder.name, siblings)}; "
            f"expected {kind}/PATH of a model, or {kind}/ORG/NAME from the hub"
        )
    return model, _hub_commit(kind, model, options.get("revision"), field)


def architectures(model: str, commit: str | None, field: str) -> list[str]:
    """The architectures that a model's configuration names, often one. ``model``: as resolved."""
    path = Path(model) / "config.json"
    if commit is not None:
        from huggingface_hub import hf_hub_download

        path = Path(hf_hub_download(model, "config.json", revision=commit))
    try:
        return list(json.loads(path.read_text(encoding="utf-8")).get("architectures") or [])
    except (OSError, ValueError) as error:
        raise UsageError(f"{field}: {path} cannot be read ({error}); expected a model's configuration") from None


def check_kind(model: str, commit: str | None, field: str, reward: bool) -> None:
    """Raise UsageError where a reward model is asked for as a policy, or the reverse. ``model``: as resolved."""
    names = architectures(model, commit, field)
    is_policy = is_language_model(names)
    if names and is_policy == reward:
        kind, other = ("a reward model", "prm/") if not is_policy else ("a language model", "vllm/")
        wanted = "a reward model" if reward else "a language model"
        raise UsageError(f"{field}: {model} is {kind} ({names[0]}), expected {wanted}; it goes by {other}NAME")


def _hub_commit(kind: str, model: str, revision: str | None, field: str) -> str:
    """The commit that the hub, or offline its cache, has for a model."""
    from huggingface_hub import hf_hub_download

    try:
        config = hf_hub_download(model, "config.json", revision=revision)
    except Exception as error:  # the hub raises a dozen kinds: absent, gated, offline, no network
        reason = " ".join(str(error).split("\n")[0].split())
        raise UsageError(
            f"{field}: {kind}/{model} is neither a folder here nor to be had from the model hub "
            f"({type(error).__name__}: {reason}); check the name, the network, HF_TOKEN or "
            f"HF_HUB_OFFLINE, or give {kind}/PATH of a local folder"
        ) from None
    return Path(config).parent.name


def identity(model: str, commit: str | None, dtype: str, options: Mapping[str, Any]) -> dict[str, str]:
    """The parts of a model's identity. Never reads all of the weights."""
    parts = {"dtype": dtype, "quantization": str(options.get("quantization"))}
    if commit is not None:
        parts["model"] = f"{model}@{commit}"
    else:
        folder = Path(model)
        parts["config"] = _hash_files([folder / "config.json", folder / "generation_config.json"])
        parts["tokenizer"] = _hash_files(folder / name for name in _TOKENIZER_FILES)
        parts["template"] = _hash_files([folder / "chat_template.jinja", folder / "chat_template.json"])
        parts["weights"] = _hash_weights(folder)
    if options.get("kv_cache_dtype") not in (None, "auto"):
        parts["KV cache"] = str(options["kv_cache_dtype"])
    for name in ("tokenizer", "chat_template", "hf_overrides", "lora_modules", "rope_scaling", "hf_config_path"):
        if options.get(name) is not None:
            parts[f"option {name}"] = json.dumps(options[name], sort_keys=True, default=str)
    return parts


def _hash_files(paths: Iterable[Path]) -> str:
    h = hashlib.sha256()
    for path in paths:
        if path.is_file():
            h.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return h.hexdigest()[:16]


def _hash_weights(folder: Path) -> str:
    """Headers, sizes and a few blocks of every file of weights."""
    h = hashlib.sha256()
    for path in sorted(p for kind in ("*.safetensors", "*.gguf", "*.bin", "*.pt") for p in folder.glob(kind)):
        size = path.stat().st_size
        h.update(f"{path.name}\0{size}\0".encode())
        with path.open("rb") as f:
            if path.suffix == ".safetensors":
                h.update(f.read(int.from_bytes(f.read(8), "little")))
            for i in range(_BLOCKS):
                f.seek(max(0, (size - _BLOCK) * i // (_BLOCKS - 1)))
                h.update(f.read(_BLOCK))
    return h.hexdigest()[:16]
