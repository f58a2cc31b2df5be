"""Every known type of model against transformers' own small random model of it, its products counted by torch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import tts
from tts.analysis import read_architecture
from tts.analysis.architecture.families import FAMILIES, Transformer
from tts.engines.architecture import numbers

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
FlopCounterMode = pytest.importorskip("torch.utils.flop_counter").FlopCounterMode

SMALL = {
    "hidden_size": 48, "n_embd": 48, "d_model": 48, "intermediate_size": 80, "ffn_dim": 80, "vocab_size": 90,
    "num_hidden_layers": 4, "n_layer": 4, "n_layers": 4, "num_attention_heads": 4, "n_head": 4, "n_heads": 4,
    "num_key_value_heads": 2, "num_kv_heads": 2, "head_dim": 16, "word_embed_proj_dim": 48, "n_positions": 64,
    "max_position_embeddings": 64, "rotary_dim": 4, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
    "moe_intermediate_size": 24, "num_experts": 6, "num_local_experts": 6, "n_routed_experts": 6,
    "moe_num_experts": 6, "num_experts_per_tok": 2, "moe_k": 2, "n_shared_experts": 2, "num_shared_experts": 2,
    "moe_num_shared_experts": 2, "shared_expert_intermediate_size": 36, "shared_intermediate_size": 28,
    "n_group": 1, "topk_group": 1, "num_expert_group": 1, "sliding_window": 64, "attention_chunk_size": 64,
    "kv_lora_rank": 20, "q_lora_rank": 28, "qk_nope_head_dim": 12, "qk_rope_head_dim": 8, "v_head_dim": 10,
    "index_n_heads": 3, "index_head_dim": 16, "index_topk": 64,
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8, "linear_value_head_dim": 12,
    "linear_num_heads": 3, "linear_head_dim": 8, "mamba_n_heads": 8, "mamba_d_head": 12, "mamba_d_state": 10,
    "mamba_n_groups": 2, "mamba_dt_rank": 7, "mamba_num_heads": 6, "mamba_head_dim": 8, "ssm_state_size": 10,
    "n_groups": 2, "state_size": 10, "num_heads": 8, "time_step_rank": 7, "hidden_size_per_layer_input": 14,
}  # fmt: skip
"""Sizes with few factors in common, so that one taken for another shows."""
LATENT = {"head_dim": 8, "num_key_value_heads": 4}
EXPANSION = 20 * 4 * (12 + 10)
"""Parameters by which a layer of latent attention makes one token's keys and values."""
LINEAR = ["linear_attention", "full_attention", "linear_attention", "linear_attention"]
OWN: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("axk1", "glm4_moe_lite", "glm_moe_dsa", "deepseek_v32", "minicpm3"), LATENT),
    **{key: {**LATENT, "first_k_dense_replace": 1} for key in ("deepseek_v2", "deepseek_v3")},
    **{key: {"layer_types": ["conv", "full_attention", "conv", "conv"]} for key in ("lfm2", "lfm2_moe")},
    **{key: {"rope_parameters": {"mrope_section": [2, 2, 2]}} for key in ("qwen2_vl_text", "qwen2_5_vl_text")},
    "bamba": {"attn_layer_indices": [1]},
    "dots1": {"first_k_dense_replace": 1},
    "falcon_h1": {"mamba_d_ssm": 96},
    "falcon_mamba": {"intermediate_size": 64, "expand": 16},
    "gemma4_text": {
        "num_hidden_layers": 12, "num_kv_shared_layers": 3, "use_double_wide_mlp": True, "global_head_dim": 20,
        "vocab_size_per_layer_input": 90, "enable_moe_block": True, "top_k_experts": 2,
    },
    "granitemoehybrid": {"layer_types": LINEAR},
    "helium": {"head_dim": 12},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1},
    "kimi_linear": {**LATENT, "layer_types": LINEAR, "num_experts_per_token": 2},
    "llama4_text": {"num_experts_per_tok": 6, "interleave_moe_layer_step": 2},  # its code runs every expert
    "mamba2": {"head_dim": 12},
    "nemotron_h": {"moe_shared_expert_intermediate_size": 36, "moe_latent_size": 20},
    "stablelm": {"hidden_size": 64},
    "zamba": {
        "num_hidden_layers": 12, "attention_head_dim": 24, "attn_layer_period": 4, "attn_layer_offset": 2,
    },
    "zamba2": {
        "num_hidden_layers": 6, "layers_block_type": ["mamba", "hybrid"] * 3, "num_mem_blocks": 2,
        "num_key_value_heads": 4, "n_mamba_heads": 8, "mamba_headdim": 12, "mamba_ngroups": 2, "adapter_rank": 5,
        "use_shared_attention_adapter": True,
    },
}  # fmt: skip
BATCHED = {
    "llama4_text": 2 * 6 * 3 * 48 * 80,
    "zamba": 12 * ((7 + 2 * 10) + 7) * 96,
}
"""Parameters of experts and projections that are multiplied in batches, as attention is."""
WITHOUT = {"internlm2", "kimi_k2", "nemotron-nas"}
"""Types that transformers has no model of; they are counted by hand elsewhere."""
TYPES = sorted(set(FAMILIES) - WITHOUT)


def configuration(kind: str, **more: object) -> dict[str, Any]:
    """A small configuration of a type, with the fields that its class knows."""
    known = transformers.CONFIG_MAPPING[kind]().to_dict()
    return {k: v for k, v in (SMALL | more).items() if k in known} | OWN.get(kind, {}) | {"model_type": kind}


def small_model(config: dict[str, Any]) -> Any:
    """A random model; without an output head where transformers has the type as a part of a larger model only."""
    transformers.logging.set_verbosity_error()
    made = transformers.CONFIG_MAPPING[config["model_type"]].from_dict(dict(config))
    made._experts_implementation = "eager"
    torch.manual_seed(1)
    kind = transformers.AutoModelForCausalLM
    if type(made) not in kind._model_mapping:
        kind = transformers.AutoModel
    return kind.from_config(made, attn_implementation="eager").eval()


def products_of_a_step(model: Any, before: int) -> dict[str, int]:
    """FLOPs by kind of product of one more token after some."""
    recurrent = type(model).__name__.startswith(("Mamba", "FalconMamba"))
    name, cache = ("cache_params",) * 2 if recurrent else ("past_key_values",) * 2
    with torch.no_grad():
        past = getattr(model(torch.full((1, before), 5), use_cache=True), cache)
        with FlopCounterMode(display=False) as counter:
            model(torch.full((1, 1), 5), use_cache=True, **{name: past})
    return {str(k).removeprefix("aten."): v for k, v in counter.get_flop_counts()["Global"].items()}


@pytest.mark.parametrize("kind", TYPES)
def test_parameters_and_attention_are_those_that_torch_counts(kind):
    """A step's matrix products are the parameters; what grows with the tokens before is attention.

    Convolutions are left out on both sides, states are elementwise in a step. Latent attention in transformers makes
    keys and values of all tokens before anew, which is taken off.
    """
    config = configuration(kind)
    model, ours = small_model(config), read_architecture(numbers(config))
    first, later = products_of_a_step(model, 3), products_of_a_step(model, 6)
    expansions = sum("kv_b_proj" in name for name, _ in model.named_modules()) * EXPANSION
    convolutions = sum(m.weight.numel() for m in model.modules() if isinstance(m, torch.nn.Conv1d))
    head = ours.head if hasattr(model, "lm_head") else 0
    parameters = ours.body + head - convolutions - BATCHED.get(kind, 0)
    assert (first.get("mm", 0) + first.get("addmm", 0)) / 2 == parameters + 3 * expansions
    growth = (sum(later.values()) - sum(first.values())) / 3
    assert growth == 2 * (sum(span.prefill for span in ours.spans) + expansions)


def sees(model: Any, position: int, before: int) -> bool:
    """Whether the output at a position depends on a token before."""
    ids = torch.arange(5, 5 + position + 1)[None]
    other = ids.clone()
    other[0, before] = 77
    with torch.no_grad():
        outputs = [model(x)[0][0, position] for x in (ids, other)]
    return not torch.allclose(*outputs, rtol=0, atol=1e-5)  # experts are summed in an order that depends on all tokens


@pytest.mark.parametrize("kind", [k for k in TYPES if isinstance(FAMILIES[k], Transformer)])
def test_a_layer_attends_as_far_as_its_window(kind):
    """Of one layer, with a window of 3 where the type has windows: what its last output depends on."""
    narrow = {"sliding_window": 3, "attention_chunk_size": 3, "use_sliding_window": True, "max_window_layers": 0}
    config = configuration(kind, **narrow, num_hidden_layers=1, n_layer=1, n_layers=1)
    (span,) = read_architecture(numbers(config)).spans
    first = 0 if span.window is None else 6 if span.chunked else 5
    model = small_model(config)
    assert [sees(model, 7, before) for before in range(8)] == [before >= first for before in range(8)]


def test_the_documentation_names_every_type_that_is_counted():
    page = (Path(tts.__file__).parents[1] / "docs" / "compute.md").read_text(encoding="utf-8")
    table = page[page.index("| layers | types |") : page.index("Any other type is refused")]
    assert sorted(re.findall(r"`([\w-]+)`", table)) == sorted(FAMILIES)
