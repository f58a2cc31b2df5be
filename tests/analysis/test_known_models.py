"""Published models, from the fields that their config.json on the hub has, against counts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tts.analysis import Architecture, UnknownArchitectureError, read_architecture
from tts.analysis.architecture import Span
from tts.engines.architecture import numbers

pytest.importorskip("transformers")


def read(config: dict[str, Any]) -> Architecture:
    return read_architecture(numbers(config))


def of(model_type: str, head: str, hidden: int, layers: int, vocab: int, **more: object) -> dict[str, Any]:
    return {"model_type": model_type, "architectures": [head], "hidden_size": hidden, "num_hidden_layers": layers,
            "vocab_size": vocab, **more}  # fmt: skip


LLAMA_1B = of("llama", "LlamaForCausalLM", 2048, 16, 128256, intermediate_size=8192, num_attention_heads=32,
              num_key_value_heads=8, head_dim=64, tie_word_embeddings=True)  # fmt: skip
QWEN_7B = of("qwen2", "Qwen2ForCausalLM", 3584, 28, 152064, intermediate_size=18944, num_attention_heads=28,
             num_key_value_heads=4, use_sliding_window=False, sliding_window=131072, max_window_layers=28)  # fmt: skip
MIXTRAL = of("mixtral", "MixtralForCausalLM", 4096, 32, 32000, intermediate_size=14336, num_attention_heads=32,
             num_key_value_heads=8, num_local_experts=8, num_experts_per_tok=2, sliding_window=None)  # fmt: skip
DEEPSEEK = of("deepseek_v3", "DeepseekV3ForCausalLM", 7168, 61, 129280, intermediate_size=18432,
              num_attention_heads=128, num_key_value_heads=128, first_k_dense_replace=3, n_routed_experts=256,
              n_shared_experts=1, num_experts_per_tok=8, moe_intermediate_size=2048, moe_layer_freq=1,
              q_lora_rank=1536, kv_lora_rank=512, qk_nope_head_dim=128, qk_rope_head_dim=64,
              v_head_dim=128)  # fmt: skip
DEEPSEEK_EXPERT = 3 * 7168 * 2048
GPT_OSS = of("gpt_oss", "GptOssForCausalLM", 2880, 36, 201088, intermediate_size=2880, num_attention_heads=64,
             num_key_value_heads=8, head_dim=64, num_local_experts=128, num_experts_per_tok=4,
             sliding_window=128)  # fmt: skip
JAMBA = of("jamba", "JambaForCausalLM", 4096, 32, 65536, intermediate_size=14336, num_attention_heads=32,
           num_key_value_heads=8, num_experts=16, num_experts_per_tok=2, attn_layer_period=8, attn_layer_offset=4,
           expert_layer_period=2, expert_layer_offset=1, mamba_d_state=16, mamba_d_conv=4, mamba_expand=2,
           mamba_dt_rank=256)  # fmt: skip
PUBLISHED = {
    # tied, so the embedding multiplies once, as the head; 33 norms
    "Llama-3.2-1B": (LLAMA_1B, 1_235_814_400, 33 * 2048),
    # the embedding, 57 norms, and 28 biases of 3,584 + 2 * 512
    "Qwen2.5-7B": (QWEN_7B, 7_615_616_512, 152064 * 3584 + 57 * 3584 + 28 * 4608),
    # the embedding, 65 norms, and 6 of 8 experts of 3 matrices in 32 layers
    "Mixtral-8x7B": (MIXTRAL, 46_702_792_704, 32000 * 4096 + 65 * 4096 + 32 * 6 * 3 * 4096 * 14336),
    # the embedding, 123 norms and 61 in each of the latents, the router's biases, and 248 of 256 experts in 58 layers
    "DeepSeek-R1": (DEEPSEEK, 671_026_419_200, 129280 * 7168 + 123 * 7168 + 61 * (1536 + 512) + 58 * 256
                    + 58 * 248 * DEEPSEEK_EXPERT),
    # the embedding, 73 norms, biases of attention, router and experts, sinks, and 124 of 128 experts
    "gpt-oss-120b": (GPT_OSS, 116_829_156_672, 201088 * 2880 + 73 * 2880
                     + 36 * (64 * 64 + 2 * 8 * 64 + 2880 + 64 + 128 + 128 * 3 * 2880)
                     + 36 * 124 * 3 * 2880 * 2880),
    # the embedding, 65 norms; in 28 Mamba layers A, D, two biases and norms of 256 + 16 + 16; 14 of 16 experts in 16
    "Jamba": (JAMBA, 51_570_323_328, 65536 * 4096 + 65 * 4096 + 28 * (8192 * (16 + 1 + 2) + 288)
              + 16 * 14 * 3 * 4096 * 14336),
}  # fmt: skip
"""config.json; parameters in all, as published; those that do not multiply a token."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes_less_what_does_not_multiply_are_counted_to_the_last_parameter(name):
    config, published, idle = PUBLISHED[name]
    model = read(config)
    assert model.head == config["vocab_size"] * config["hidden_size"]
    assert model.body + model.head == published - idle


def test_training_costs_are_those_that_deepseek_publishes():
    """GFLOPs a token at 4,096 tokens ("Insights into DeepSeek-V3", arXiv 2505.09343, Table 2).

    Three forward passes, with half the tokens before on average.
    """
    second = DEEPSEEK | {"model_type": "deepseek_v2", "hidden_size": 5120, "num_hidden_layers": 60,
                         "vocab_size": 102400, "intermediate_size": 12288, "moe_intermediate_size": 1536,
                         "n_routed_experts": 160,
                         "n_shared_experts": 2, "num_experts_per_tok": 6, "first_k_dense_replace": 1}  # fmt: skip
    for config, published in ((DEEPSEEK, 250), (second, 155)):
        model = read(config)
        forward = 2 * (model.body + model.head) + 2 * model.spans[0].prefill * 4096 / 2
        assert 3 * forward / 1e9 == pytest.approx(published, rel=0.01)


def test_latent_attention_is_counted_by_hand():
    """DeepSeek-R1: 128 heads of 192 and 128 where a text is read; of the latents' 576 and 512 where one is written."""
    assert read(DEEPSEEK).spans == (Span(61 * 128 * (192 + 128), 61 * 128 * (576 + 512)),)
    kimi = {**DEEPSEEK, "model_type": "kimi_k2", "num_attention_heads": 64, "n_routed_experts": 384}
    dense, sparse = 3 * 7168 * 18432, 9 * DEEPSEEK_EXPERT + 384 * 7168
    attention = 7168 * 1536 + 1536 * 64 * 192 + 7168 * 576 + 512 * 64 * 256 + 64 * 128 * 7168
    assert read({**kimi, "first_k_dense_replace": 1}).body == 61 * attention + dense + 60 * sparse


def test_an_indexer_reads_all_tokens_and_attention_those_that_it_picks():
    """DeepSeek-V3.2: 64 index heads of 128, and 2,048 tokens."""
    config = DEEPSEEK | {"model_type": "deepseek_v32", "index_n_heads": 64, "index_head_dim": 128, "index_topk": 2048}
    model, plain = read(config), read(DEEPSEEK)
    half = read(config | {"model_type": "glm_moe_dsa", "indexer_types": ["full", "shared"] * 30 + ["full"]})
    assert half.body == plain.body + 31 * (1536 * 64 * 128 + 7168 * 128 + 7168 * 64)
    with pytest.raises(UnknownArchitectureError, match="indexer_types: 'half' is not known here"):
        read_architecture({**config, "indexer_types": ["half"] * 61})
    assert model.body == plain.body + 61 * (1536 * 64 * 128 + 7168 * 128 + 7168 * 64)
    assert set(model.spans) == {
        Span(plain.spans[0].prefill, plain.spans[0].decode, 2048),
        Span(61 * 64 * 129, 61 * 64 * 129),
    }


QWEN_NEXT = of("qwen3_next", "Qwen3NextForCausalLM", 2048, 48, 151936, intermediate_size=5120, num_attention_heads=16,
               num_key_value_heads=2, head_dim=256, num_experts=512, num_experts_per_tok=10, moe_intermediate_size=512,
               shared_expert_intermediate_size=512, decoder_sparse_step=1, mlp_only_layers=[],
               full_attention_interval=4, linear_conv_kernel_dim=4, linear_key_head_dim=128, linear_value_head_dim=128,
               linear_num_key_heads=16, linear_num_value_heads=32)  # fmt: skip
DELTA = 2048 * (2 * 2048 + 2 * 4096 + 2 * 32) + 4 * (2 * 2048 + 4096) + 4096 * 2048
GATED = 2048 * (2 * 4096 + 2 * 512) + 4096 * 2048
DELTA_STATE = 3 * 32 * 128 * 128


def test_linear_attention_hybrids_are_counted_by_hand():
    """Qwen3-Next-80B-A3B: 36 gated delta nets and 12 gated attentions; Qwen3.5: the same layers, experts or not."""
    model = read(QWEN_NEXT)
    experts = 11 * 3 * 2048 * 512 + 2048 * 512 + 2048
    assert model.body == 36 * DELTA + 12 * GATED + 48 * experts
    assert model.spans == (Span(12 * 16 * 512, 12 * 16 * 512),)
    assert model.state == 36 * DELTA_STATE
    linear = {k: v for k, v in QWEN_NEXT.items() if k.startswith("linear_")}
    text = of("qwen3_5_text", "", 2048, 24, 248320, intermediate_size=6144, num_attention_heads=16,
              num_key_value_heads=2, head_dim=256, **linear)  # fmt: skip
    dense = read({"model_type": "qwen3_5", "text_config": text})
    assert dense.body == 18 * DELTA + 6 * GATED + 24 * 3 * 2048 * 6144
    assert (dense.head, dense.state) == (2048 * 248320, 18 * DELTA_STATE)


def test_kimi_linear_and_minimax_are_counted_by_hand():
    """Kimi-Linear-48B-A3B: 20 delta layers, 7 of latent attention; MiniMax-Text-01: lightning attention, 70 of 80."""
    kinds = ["linear_attention", "linear_attention", "linear_attention", "full_attention"] * 6 + [
        "linear_attention"
    ] * 2
    kimi = of("kimi_linear", "KimiLinearForCausalLM", 2304, 27, 163840, intermediate_size=9216, num_attention_heads=32,
              num_key_value_heads=32, q_lora_rank=None, kv_lora_rank=512, qk_nope_head_dim=128, qk_rope_head_dim=64,
              v_head_dim=128, num_experts=256, num_experts_per_token=8, moe_intermediate_size=1024,
              num_shared_experts=1, first_k_dense_replace=1, layer_types=[*kinds, "full_attention"],
              linear_num_heads=32, linear_head_dim=128, linear_conv_kernel_dim=4)  # fmt: skip
    model = read(kimi)
    delta = 2304 * 4 * 4096 + 2304 * 32 + 2 * 128 * (2304 + 4096) + 4 * 3 * 4096
    latent = 2304 * 32 * 192 + 2304 * 576 + 512 * 32 * 256 + 4096 * 2304
    experts = 9 * 3 * 2304 * 1024 + 256 * 2304
    assert model.body == 20 * delta + 7 * latent + 3 * 2304 * 9216 + 26 * experts
    assert model.spans == (Span(7 * 32 * 320, 7 * 32 * 1088),)
    assert model.state == 20 * 3 * 32 * 128 * 128
    lightning = of("minimax", "MiniMaxForCausalLM", 6144, 80, 200064, intermediate_size=9216, num_attention_heads=64,
                   num_key_value_heads=8, head_dim=128, num_local_experts=32, num_experts_per_tok=2,
                   layer_types=(["linear_attention"] * 7 + ["full_attention"]) * 10)  # fmt: skip
    model = read(lightning)
    experts = 2 * 3 * 6144 * 9216 + 32 * 6144
    assert model.body == 70 * 5 * 6144 * 8192 + 10 * 6144 * 128 * (2 * 64 + 2 * 8) + 80 * experts
    assert model.state == 70 * 2 * 64 * 128 * 128


def test_mamba_hybrids_are_counted_by_hand():
    """Jamba, Bamba-9B, Nemotron-H-8B, Falcon-H1-7B: which layers have what, and the states."""
    jamba = read(JAMBA)
    mamba = 4096 * 2 * 8192 + 8192 * 4 + 8192 * (256 + 32) + 256 * 8192 + 8192 * 4096
    attention = 4096 * 128 * (2 * 32 + 2 * 8)
    mlp = 3 * 4096 * 14336
    assert jamba.body == 28 * mamba + 4 * attention + 16 * mlp + 16 * (2 * mlp + 16 * 4096)
    assert (jamba.state, jamba.spans) == (28 * 2 * 8192 * 16, (Span(4 * 8192, 4 * 8192),))

    bamba = read(of("bamba", "BambaForCausalLM", 4096, 32, 128256, intermediate_size=14336, num_attention_heads=32,
                    num_key_value_heads=8, attn_layer_indices=[9, 18, 27], mamba_n_heads=128, mamba_d_head=64,
                    mamba_d_state=128, mamba_n_groups=1, mamba_d_conv=4, mamba_expand=2))  # fmt: skip
    mamba2 = 4096 * (2 * 8192 + 2 * 128 + 128) + 4 * (8192 + 2 * 128) + 8192 * 4096
    assert bamba.body == 29 * mamba2 + 3 * attention + 32 * mlp
    assert bamba.state == 29 * 2 * 8192 * 128
    assert 9.7e9 < bamba.body + 2 * bamba.head < 9.8e9, "published as 9.78 B"

    pattern = "M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M-"
    nemotron = read(of("nemotron_h", "NemotronHForCausalLM", 4096, 52, 131072, hybrid_override_pattern=pattern,
                       intermediate_size=21504, num_attention_heads=32, num_key_value_heads=8, head_dim=128,
                       mamba_num_heads=128, mamba_head_dim=64, ssm_state_size=128, n_groups=8,
                       conv_kernel=4))  # fmt: skip
    mamba2 = 4096 * (2 * 8192 + 2 * 8 * 128 + 128) + 4 * (8192 + 2 * 8 * 128) + 8192 * 4096
    assert nemotron.body == 24 * mamba2 + 4 * attention + 24 * 2 * 4096 * 21504
    assert nemotron.state == 24 * 2 * 8192 * 128
    assert 8.0e9 < nemotron.body + 2 * nemotron.head < 8.2e9, "published as 8.1 B"

    falcon = read(of("falcon_h1", "FalconH1ForCausalLM", 3072, 44, 130048, intermediate_size=12288,
                     num_attention_heads=12, num_key_value_heads=2, head_dim=128, mamba_d_ssm=3072, mamba_n_heads=24,
                     mamba_d_head=128, mamba_d_state=256, mamba_n_groups=1, mamba_d_conv=4))  # fmt: skip
    mamba2 = 3072 * (2 * 3072 + 2 * 256 + 24) + 4 * (3072 + 2 * 256) + 3072 * 3072
    both = mamba2 + 3072 * 128 * (2 * 12 + 2 * 2)
    assert falcon.body == 44 * (both + 3 * 3072 * 12288)
    assert 7.5e9 < falcon.body + 2 * falcon.head < 7.7e9, "published as 7.59 B"


def test_a_shared_layer_counts_each_time_that_it_runs():
    """Zamba2-2.7B: 54 Mamba-2 layers, and before nine of them one of two shared layers over twice the width."""
    hybrid = [6, 12, 18, 24, 30, 36, 42, 47, 51]
    config = of("zamba2", "Zamba2ForCausalLM", 2560, 54, 32000, intermediate_size=10240, num_attention_heads=32,
                num_key_value_heads=32, attention_hidden_size=5120, attention_head_dim=160, mamba_d_state=64,
                mamba_d_conv=4, mamba_expand=2, mamba_ngroups=1, n_mamba_heads=80, mamba_headdim=64, num_mem_blocks=2,
                adapter_rank=128, layers_block_type=["hybrid" if i in hybrid else "mamba"
                                                     for i in range(54)])  # fmt: skip
    mamba2 = 2560 * (2 * 5120 + 2 * 64 + 80) + 4 * (5120 + 2 * 64) + 5120 * 2560
    shared = 3 * 5120 * 5120 + 5120 * 2560 + 3 * 2560 * 10240
    own = 2560 * 2560 + 128 * (2560 + 2 * 10240)
    model = read(config)
    assert model.body == 54 * mamba2 + 9 * (shared + own)
    stored = model.body + model.head - 7 * shared
    assert 2.65e9 < stored < 2.75e9, "published as 2.7 B, the two shared layers counted once"


ULTRA = [
    *[(81, None, None), (32, 16, 4.875), (10, 16, 2.4375), (9, None, 2.4375), (8, 16, 1.95), (6, 16, 1.4625)],
    *[(4, 16, 3.4125), (2, None, 1.95), (2, None, 4.875), (2, 16, 2.925), (1, 16, 0.4875), (1, 16, 0.975)],
    *[(1, None, 36.5625), (1, None, 39.0), (1, None, 31.40625), (1, None, 27.5625)],
]
"""Llama-3.1-Nemotron-Ultra-253B: how many of its 162 layers have which group of heads and which multiple."""


def block(group: int | None, multiple: float | None) -> dict[str, Any]:
    return {
        "attention": {"n_heads_in_group": group, "no_op": group is None, "replace_with_linear": False},
        "ffn": {"ffn_mult": multiple, "no_op": multiple is None, "replace_with_linear": False},
    }


def nemotron(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    return of("nemotron-nas", "DeciLMForCausalLM", 16384, len(blocks), 128256, num_attention_heads=128,
              num_key_value_heads=None, intermediate_size=None, block_configs=blocks)  # fmt: skip


def test_layers_of_a_searched_model_are_counted_block_by_block():
    """253 G with the embedding, which does not multiply; as 162 whole layers it would be 696 G."""
    model = read(nemotron([block(group, multiple) for count, group, multiple in ULTRA for _ in range(count)]))
    attention = 2 * 16384 * 128 * (128 + 8)
    inner = {0.4875: 5376, 36.5625: 399360}
    one, other = (read(nemotron([block(None, multiple)])).body for multiple in inner)
    assert [one, other] == [3 * 16384 * width for width in inner.values()]
    assert read(nemotron([block(16, None)])).body == attention
    assert model.body + 2 * model.head == 253_398_876_160
    linear = block(16, None)
    linear["ffn"]["replace_with_linear"] = True
    with pytest.raises(UnknownArchitectureError, match="replace_with_linear"):
        read(nemotron([linear]))


# What one layer holds, with sizes that leave no doubt: hidden 8, 2 heads of 4, an inner width of 100.
PLAIN = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 10}
ATTENTION = 4 * 8 * 8


@pytest.mark.parametrize(
    ("config", "body"),
    [
        ({"model_type": "phi", "intermediate_size": 100}, ATTENTION + 2 * 8 * 100),
        ({"model_type": "arcee", "intermediate_size": 100, "head_dim": 4}, ATTENTION + 2 * 8 * 100),
        ({"model_type": "gpt_neox", "intermediate_size": 100}, ATTENTION + 2 * 8 * 100),
        ({"model_type": "falcon", "multi_query": True}, 2 * 8 * 8 + 2 * 8 * 4 + 2 * 8 * 32),
        ({"model_type": "falcon", "multi_query": False}, ATTENTION + 2 * 8 * 32),
        ({"model_type": "gpt_bigcode", "n_embd": 8, "n_layer": 1, "n_head": 2}, 2 * 8 * 8 + 2 * 8 * 4 + 2 * 8 * 32),
        ({"model_type": "gpt2", "n_embd": 8, "n_layer": 1, "n_head": 2, "n_inner": None}, ATTENTION + 2 * 8 * 32),
        (
            {"model_type": "exaone_moe", "num_hidden_layers": 2, "intermediate_size": 100, "moe_intermediate_size": 5,
             "num_experts": 4, "num_experts_per_tok": 2, "num_shared_experts": 3, "first_k_dense_replace": 1},
            2 * ATTENTION + 3 * 8 * 100 + 3 * 8 * (2 + 3) * 5 + 4 * 8,
        ),
        (
            {"model_type": "qwen2_moe", "intermediate_size": 100, "num_hidden_layers": 4, "num_experts": 6,
             "num_experts_per_tok": 2, "moe_intermediate_size": 5, "shared_expert_intermediate_size": 7,
             "decoder_sparse_step": 2, "mlp_only_layers": [3]},  # layer 1 has experts; layer 3 is named as dense
            4 * ATTENTION + 3 * (3 * 8 * 100) + 3 * 8 * (2 * 5 + 7) + 8 + 8 * 6,
        ),
        (
            {"model_type": "granitemoehybrid", "num_local_experts": 0, "shared_intermediate_size": 7,
             "layer_types": ["attention"]},
            ATTENTION + 3 * 8 * 7,
        ),
        (
            {"model_type": "internlm2", "intermediate_size": 100, "num_key_value_heads": 1},
            2 * 8 * 8 + 2 * 8 * 4 + 3 * 8 * 100,
        ),
    ],
    ids=lambda value: value["model_type"] if isinstance(value, dict) else None,
)  # fmt: skip
def test_what_a_type_has_is_counted(config, body):
    kv = {"num_key_value_heads": 2, "num_kv_heads": 2}
    assert read(PLAIN | kv | config).body == body


def windows(config: dict[str, Any]) -> dict[int | None, int]:
    model = read(config)
    width = 2 * config["num_attention_heads"] * config.get("head_dim", 4)
    return {span.window: span.prefill // width for span in model.spans}


def test_numbers_that_config_json_leaves_out_are_its_class_s():
    """Gemma 3's file has no pattern of windows (each sixth layer sees all), and a 4B's not even its heads."""
    text = {"model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34,
            "sliding_window": 1024}  # fmt: skip
    model = read({"model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"], "text_config": text})
    wide = 2 * 8 * 256
    assert set(model.spans) == {Span(29 * wide, 29 * wide, 1024), Span(5 * wide, 5 * wide)}
    assert model.body == 34 * (2560 * 256 * (2 * 8 + 2 * 4) + 3 * 2560 * 10240)
    assert model.head == 2560 * 262208 or model.head == 2560 * 262144
    llama = {k: v for k, v in LLAMA_1B.items() if k not in ("num_key_value_heads", "head_dim")}
    assert read(llama).body == 16 * (4 * 2048 * 2048 + 3 * 2048 * 8192)
    flat = {k: v for k, v in QWEN_7B.items() if k not in ("model_type", "architectures")}
    assert read(flat | {"model_type": "qwen2_vl", "vision_config": {"depth": 32}}).body == read(QWEN_7B).body


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"model_type": "mistral", "sliding_window": 3}, {3: 4}),
        ({"model_type": "mistral", "sliding_window": None}, {None: 4}),
        ({"model_type": "llama", "sliding_window": 3}, {None: 4}),
        ({"model_type": "qwen2", "sliding_window": 3, "use_sliding_window": False}, {None: 4}),
        ({"model_type": "qwen2", "sliding_window": 3, "use_sliding_window": True, "max_window_layers": 3},
         {None: 3, 3: 1}),
        ({"model_type": "gemma2", "sliding_window": 3, "head_dim": 4}, {3: 2, None: 2}),
        ({"model_type": "gemma3_text", "sliding_window": 3, "sliding_window_pattern": 4, "head_dim": 4},
         {3: 3, None: 1}),
        ({"model_type": "olmo3", "sliding_window": 3,
          "layer_types": ["full_attention", *["sliding_attention"] * 3]}, {None: 1, 3: 3}),
        ({"model_type": "recurrent_none"}, None),
    ],
)  # fmt: skip
def test_windows_are_those_of_each_layer(more, expected):
    config = PLAIN | {"num_hidden_layers": 4, "intermediate_size": 9, "num_key_value_heads": 2} | more
    if expected is None:
        with pytest.raises(UnknownArchitectureError, match="'recurrent_none'"):
            windows(config)
    else:
        assert windows(config) == expected


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"hidden_size": 8}, "model_type: missing"),
        ({**LLAMA_1B, "model_type": "deepseek_v4"}, "model_type: layers of 'deepseek_v4' are not known here"),
        ({**LLAMA_1B, "num_hidden_layers": None}, "num_hidden_layers: found None, expected a number"),
        ({**LLAMA_1B, "num_key_value_heads": None}, "num_key_value_heads: found None"),
        ({k: v for k, v in LLAMA_1B.items() if k != "intermediate_size"}, "intermediate_size: missing"),
        ({**LLAMA_1B, "vocab_size": "many"}, "vocab_size: found 'many', expected a number"),
        ({**LLAMA_1B, "num_attention_heads": 30, "head_dim": None}, "head_dim: missing"),
        ({**MIXTRAL, "num_experts_per_tok": None}, "num_experts_per_tok: found None"),
        ({**GPT_OSS, "layer_types": ["mamba"] * 36}, "layer_types: 'linear_attention' is not known here"),
        ({**GPT_OSS, "layer_types": ["full_attention"] * 3}, "layer_types: expected a list with an entry for each"),
        ({**GPT_OSS}, "layer_types: missing"),
        ({**DEEPSEEK, "moe_layer_freq": 2}, "moe_layer_freq: only 1"),
        ({**nemotron([block(16, 1.0)]), "block_configs": None}, "block_configs: missing"),
        (nemotron([block(16, 1.0), {"attention": {}}]), "block_configs: expected attention and ffn"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused_by_field(config, said):
    """As where no class fills anything in: a null or missing field is never guessed."""
    with pytest.raises(UnknownArchitectureError, match=said):
        read_architecture(config)


def test_heads_of_reward_models_are_small():
    heads = [
        read({**LLAMA_1B, "architectures": [name], **labels}).head
        for name, labels in (
            ("Qwen2ForProcessRewardModel", {}),
            ("Qwen2ForRewardModel", {}),
            ("LlamaForSequenceClassification", {"id2label": {"0": "LABEL_0"}}),
            ("LlamaForTokenClassification", {"num_labels": 3}),
            ("XForCausalLM", {}),
        )
    ]
    assert heads == [2048 * 2050, 2048 * 2049, 2048, 3 * 2048, 2048 * 128256]
