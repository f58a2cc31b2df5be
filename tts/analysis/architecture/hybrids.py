"""Models whose layers differ in kind: recurrent states beside attention, layers left out, layers shared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from tts.analysis.architecture import attention, feed_forward, recurrent
from tts.analysis.architecture.feed_forward import Experts
from tts.analysis.architecture.fields import Fields, UnknownArchitectureError
from tts.analysis.architecture.model import Part, Span

Layers = Callable[[Fields], Iterator[Part]]


def mixture(
    linear: Callable[[Fields], Part],
    attends: Callable[[Fields, attention.Reach], Part] = attention.grouped,
    experts: Experts | None = None,
    inner: Callable[[Fields], int] | None = None,
    kind: str = "linear_attention",
) -> Layers:
    """Layers with a recurrent part or with attention, as ``layer_types`` says; each with a feed-forward part.

    ``inner``: the width of the feed-forward part, where it is not the configuration's own.
    """

    def layers(fields: Fields) -> Iterator[Part]:
        for layer, name in enumerate(fields.kinds()):
            yield linear(fields) if name == kind else attends(fields, attention.reach(fields, name))
            wide = None if inner is None else inner(fields)
            yield experts.part(fields, layer) if experts else feed_forward.dense(fields, inner=wide)

    return layers


def _expanded(fields: Fields) -> int:
    return fields.number("mamba_expand", "expand") * fields.hidden


def _only_mamba(fields: Fields) -> Iterator[Part]:
    """As wide as ``intermediate_size`` says: Falcon-Mamba's ``expand`` is another number."""
    yield from (recurrent.mamba(fields, fields.number("intermediate_size")) for _ in range(fields.layers))


def _only_mamba2(fields: Fields) -> Iterator[Part]:
    yield from (_mamba2(fields) for _ in range(fields.layers))


def _falcon_h1(fields: Fields) -> Iterator[Part]:
    """Attention and Mamba-2 side by side in every layer."""
    inner = fields.number_or(_expanded(fields), "mamba_d_ssm")
    for _ in range(fields.layers):
        yield from (attention.grouped(fields), recurrent.mamba2(fields, inner), feed_forward.dense(fields))


def _nemotron_h(fields: Fields) -> Iterator[Part]:
    """One part a layer: Mamba-2, attention, a feed-forward part of two matrices, or experts of two matrices."""
    inner = fields.number("mamba_num_heads") * fields.number("mamba_head_dim")
    for kind in fields.kinds():
        if kind == "linear_attention":
            yield recurrent.mamba2(fields, inner)
        elif kind == "mlp":
            yield feed_forward.dense(fields, 2)
        elif kind == "moe":
            yield _latent_experts(fields)
        else:
            yield attention.grouped(fields, attention.reach(fields, kind))


def _latent_experts(fields: Fields) -> Part:
    """Experts that may work in a smaller width than the model's, with projections there and back."""
    small = fields.number_or(0, "moe_latent_size")
    inner, active = fields.number("moe_intermediate_size"), fields.number("num_experts_per_tok")
    experts = 2 * (small or fields.hidden) * inner * active + 2 * fields.hidden * small
    shared = 2 * fields.hidden * fields.number("moe_shared_expert_intermediate_size")
    return Part(experts + shared + fields.hidden * fields.number("n_routed_experts"))


def _zamba(fields: Fields) -> Iterator[Part]:
    """Mamba in every layer, and before some of them one shared transformer layer over twice the width."""
    for kind in fields.kinds():
        yield recurrent.mamba(fields, _expanded(fields))
        if kind == "hybrid":
            yield from _shared_layer(fields)


def _zamba2(fields: Fields) -> Iterator[Part]:
    """The same with Mamba-2, and adapters that each use of the shared layers has for itself."""
    rank = fields.number("adapter_rank")
    wide = fields.number("attention_hidden_size")
    adapters = rank * (fields.hidden + 2 * fields.number("intermediate_size"))
    if fields.flag("use_shared_attention_adapter", False):
        adapters += 3 * 2 * rank * wide
    for kind in fields.kinds():
        yield recurrent.mamba2(fields, _expanded(fields))
        if kind == "hybrid":
            yield from _shared_layer(fields)
            yield Part(adapters)


def _shared_layer(fields: Fields) -> Iterator[Part]:
    heads, head_dim = fields.heads, fields.number("attention_head_dim")
    wide, key_value = heads * head_dim, fields.number("num_key_value_heads") * head_dim
    projections = fields.number("attention_hidden_size") * (wide + 2 * key_value) + wide * fields.hidden
    yield Part(projections, (Span(2 * wide, 2 * wide),))
    yield feed_forward.dense(fields)
    yield Part(fields.hidden * fields.hidden)


def _gemma4(fields: Fields) -> Iterator[Part]:
    """Gemma 4: wider heads where all is seen, layers that take over keys and values, an embedding for each layer."""
    small = fields.number_or(0, "hidden_size_per_layer_input")
    shared_from = fields.layers - fields.number_or(0, "num_kv_shared_layers")
    for layer, kind in enumerate(fields.kinds()):
        own = fields.of_layer(layer)
        key_value = own.number("num_key_value_heads") * own.head_dim
        attends = attention.grouped(own, attention.reach(fields, kind))
        spared = 2 * key_value if layer >= shared_from else 0
        if not spared and kind != "sliding_attention" and fields.flag("attention_k_eq_v", False):
            spared = key_value  # the keys are the values
        yield Part(attends.parameters - fields.hidden * spared, attends.spans)
        double = layer >= shared_from and fields.flag("use_double_wide_mlp", False)
        yield feed_forward.dense(fields, inner=fields.number("intermediate_size") * (2 if double else 1))
        if fields.flag("enable_moe_block", False):
            active, inner = fields.number("top_k_experts"), fields.number("moe_intermediate_size")
            yield Part(fields.hidden * (3 * active * inner + fields.number("num_experts")))
        yield Part(3 * fields.hidden * small)  # the gate, the way back, and this layer's share of the projection


def _blocks(fields: Fields) -> Iterator[Part]:
    """Llama-Nemotron (arXiv 2505.00949): each layer's attention and feed-forward part as a search has left them."""
    blocks = fields.each("block_configs")
    if blocks is None:
        raise UnknownArchitectureError("block_configs: missing")
    for block in blocks:
        attends, forward = block.get("attention"), block.get("ffn")
        if not isinstance(attends, Mapping) or not isinstance(forward, Mapping):
            raise UnknownArchitectureError("block_configs: expected attention and ffn in each block")
        if attends.get("replace_with_linear") or forward.get("replace_with_linear"):
            raise UnknownArchitectureError("block_configs: replace_with_linear is not known here")
        if not attends.get("no_op"):
            group = Fields({**attends, "hidden_size": fields.hidden}).number("n_heads_in_group")
            window = attends.get("window_length")
            yield attention.grouped(fields, (window, False), fields.heads // group)
        if not forward.get("no_op"):
            yield feed_forward.dense(fields, inner=_block_inner(fields, forward))


def _block_inner(fields: Fields, forward: Mapping[str, object]) -> int:
    """The width that a multiple stands for: of two thirds, rounded up to 256."""
    multiple = forward.get("ffn_mult")
    if not isinstance(multiple, int | float):
        return Fields({**forward, "hidden_size": fields.hidden}).number("intermediate_size")
    return -(-int(2 * multiple * fields.hidden / 3) // 256) * 256


def _lfm2_inner(fields: Fields) -> int:
    inner = fields.number("intermediate_size")
    if not fields.flag("block_auto_adjust_ff_dim", True):
        return inner
    multiple = fields.number("block_multiple_of")
    scaled = int(fields.real("block_ffn_dim_multiplier", 1.0) * int(2 * inner / 3))
    return -(-scaled // multiple) * multiple


def _mamba(fields: Fields) -> Part:
    return recurrent.mamba(fields, _expanded(fields))


def _mamba2(fields: Fields) -> Part:
    return recurrent.mamba2(fields, _expanded(fields))


_gated = partial(attention.grouped, gated=True)
_QWEN_NEXT = Experts(where=feed_forward.by_step, shared_inner="shared_expert_intermediate_size", gate=True)
_QWEN35 = Experts(where=feed_forward.everywhere, shared_inner="shared_expert_intermediate_size", gate=True)
_JAMBA = Experts(inner="intermediate_size", where=feed_forward.by_period)
_GRANITE = Experts(
    inner="intermediate_size",
    where=feed_forward.everywhere,
    shared_inner="shared_intermediate_size",
    dense_inner=("shared_intermediate_size",),
)

HYBRIDS: dict[str, Layers] = {
    "bamba": mixture(_mamba2),
    "falcon_h1": _falcon_h1,
    "falcon_mamba": _only_mamba,
    "gemma4_text": _gemma4,
    "granitemoehybrid": mixture(_mamba2, experts=_GRANITE),
    "jamba": mixture(_mamba, experts=_JAMBA),
    "kimi_linear": mixture(recurrent.kimi_delta, attention.latent, Experts(shared_experts="num_shared_experts")),
    "lfm2": mixture(recurrent.short_convolution, inner=_lfm2_inner, kind="conv"),
    "lfm2_moe": mixture(recurrent.short_convolution, experts=Experts(where=feed_forward.after_dense), kind="conv"),
    "mamba": _only_mamba,
    "mamba2": _only_mamba2,
    "minimax": mixture(recurrent.lightning, experts=Experts("intermediate_size", feed_forward.everywhere)),
    "nemotron-nas": _blocks,
    "nemotron_h": _nemotron_h,
    "olmo_hybrid": mixture(recurrent.gated_delta),
    "qwen3_5_moe_text": mixture(recurrent.gated_delta, _gated, _QWEN35),
    "qwen3_5_text": mixture(recurrent.gated_delta, _gated),
    "qwen3_next": mixture(recurrent.gated_delta, _gated, _QWEN_NEXT),
    "zamba": _zamba,
    "zamba2": _zamba2,
}
"""The layers of each type of model."""
