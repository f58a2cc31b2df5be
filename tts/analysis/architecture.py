"""What a transformer multiplies for one token, from the numbers of its config.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Config = Mapping[str, Any]

_PLAIN_FEED_FORWARD = {"gpt2", "gpt_neox", "gptj", "nemotron", "opt", "phi", "starcoder2"}
"""Model types whose feed-forward has two matrices; all others of this shape have a gate, and so three."""
_UNLIKE = (
    *("kv_lora_rank", "intermediate_size_mlp", "global_head_dim", "num_kv_shared_layers", "encoder_layers"),
    *("ssm_state_size", "state_size", "mamba_d_state", "lru_width", "linear_num_value_heads", "attn_layer_period"),
)
"""Fields of models whose layers are not the ones counted here."""
_ATTENTION = ("full_attention", "sliding_attention", "attention")


class UnknownArchitectureError(ValueError):
    """A config.json that does not say what is needed; the message names the field."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """What is multiplied for one token. Biases, norms and the embedding's look-up are not counted."""

    body: int
    """Parameters of the layers that multiply each token: of a mixture of experts the router and the active experts."""
    head: int
    """Parameters of the output head, which multiply only where it is read."""
    width: int = 0
    """Query heads times head_dim: two multiply-adds of this size for each token attended to, in each layer."""
    windows: tuple[tuple[int | None, int], ...] = ()
    """(attention window, number of layers that have it); None: all tokens before are attended to."""

    @classmethod
    def of_parameters(cls, count: float) -> Architecture:
        """A model of which only the number of multiplying parameters is known: attention's share is left out."""
        return cls(body=round(count), head=0)


def read_architecture(config: Config) -> Architecture:
    """The architecture that a Hugging Face config.json describes: dense or mixture of experts, decoder only.

    Raises UnknownArchitectureError where a number is missing, or the layers are of another kind (Mamba, latent
    attention, ...).
    """
    config = config.get("text_config") or config
    if unlike := [name for name in _UNLIKE if config.get(name) is not None]:
        raise UnknownArchitectureError(f"{unlike[0]}: layers of this kind are not known here")
    layers = _number(config, "num_hidden_layers", "n_layer")
    hidden, heads = _number(config, "hidden_size", "n_embd"), _number(config, "num_attention_heads", "n_head")
    head_dim = _number(config, "head_dim", default=hidden // heads)
    key_value = _number(config, "num_key_value_heads", default=heads)
    attention = 2 * hidden * head_dim * (heads + key_value)
    return Architecture(
        body=layers * attention + sum(_feed_forward(config, hidden, i) for i in range(layers)),
        head=_head(config, hidden),
        width=heads * head_dim,
        windows=tuple(Counter(_window(config, i) for i in range(layers)).items()),
    )


def _feed_forward(config: Config, hidden: int, layer: int) -> int:
    """Parameters that one token meets in a layer's feed-forward part."""
    matrices = 2 if config.get("model_type") in _PLAIN_FEED_FORWARD else 3
    experts = _number(config, "num_local_experts", "num_experts", "n_routed_experts", default=0)
    if not experts or not _is_sparse(config, layer):
        return matrices * hidden * _number(config, "intermediate_size", "n_inner", "ffn_dim", default=4 * hidden)
    active = _number(config, "num_experts_per_tok", "num_experts_per_token")
    inner = _number(config, "moe_intermediate_size", "intermediate_size")
    shared = _number(config, "shared_expert_intermediate_size", "shared_intermediate_size", default=0)
    gate = hidden if config.get("shared_expert_intermediate_size") else 0
    shared += _number(config, "n_shared_experts", default=0) * inner
    return matrices * hidden * (active * inner + shared) + gate + hidden * experts


def _is_sparse(config: Config, layer: int) -> bool:
    """Whether a layer of a mixture of experts has the experts."""
    if layer < (config.get("first_k_dense_replace") or 0) or layer in (config.get("mlp_only_layers") or ()):
        return False
    return (layer + 1) % (config.get("decoder_sparse_step") or 1) == 0


def _window(config: Config, layer: int) -> int | None:
    """How many tokens a layer attends to at most."""
    kinds = config.get("layer_types")
    if kinds and kinds[layer] not in _ATTENTION:
        raise UnknownArchitectureError(f"layer_types: {kinds[layer]!r} is not known here")
    window = config.get("sliding_window")
    if not window or config.get("use_sliding_window") is False:
        return None
    if kinds:
        slides = kinds[layer] == "sliding_attention"
    elif every := config.get("sliding_window_pattern"):  # Gemma 3: each so many-th layer sees everything
        slides = bool((layer + 1) % every)
    elif config.get("model_type") == "gemma2":
        slides = layer % 2 == 0
    else:
        slides = layer >= config.get("max_window_layers", 0)
    return int(window) if slides else None


def _head(config: Config, hidden: int) -> int:
    """A language model's output matrix, tied or not; a reward model's small head."""
    kind = (config.get("architectures") or ["ForCausalLM"])[0]
    labels = config.get("num_labels") or 2
    if kind.startswith("Qwen2") and kind.endswith("RewardModel"):
        return hidden * hidden + hidden * labels
    if kind.endswith(("Classification", "RewardModel")):
        return hidden * labels
    return hidden * _number(config, "vocab_size")


def _number(config: Config, *names: str, default: int | None = None) -> int:
    """The first of the fields that is there."""
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    if default is None:
        raise UnknownArchitectureError(f"{names[0]}: missing")
    return default
