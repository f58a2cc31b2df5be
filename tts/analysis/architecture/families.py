"""Which layers a type of model has, by ``model_type``; a type that is not here is not counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from tts.analysis.architecture import attention, feed_forward
from tts.analysis.architecture.attention import Reach
from tts.analysis.architecture.feed_forward import Experts
from tts.analysis.architecture.fields import Fields, UnknownArchitectureError
from tts.analysis.architecture.hybrids import HYBRIDS
from tts.analysis.architecture.model import Part

Layers = Callable[[Fields], Iterator[Part]]


@dataclass(frozen=True, slots=True)
class Transformer:
    """In each layer attention, then a feed-forward part."""

    attends: Callable[[Fields, Reach], Part] = attention.grouped
    reaches: Callable[[Fields], list[Reach]] = attention.full
    feed_forward: Callable[[Fields], Part] = feed_forward.dense
    experts: Experts | None = None

    def __call__(self, fields: Fields) -> Iterator[Part]:
        """All parts of all layers."""
        for layer, reach in enumerate(self.reaches(fields)):
            yield self.attends(fields, reach)
            yield self.experts.part(fields, layer) if self.experts else self.feed_forward(fields)


def _indexed(fields: Fields) -> Iterator[Part]:
    """DeepSeek-V3.2 and GLM-5: layers may take over the indexer's picks of one before."""
    for layer, kind in enumerate(fields.each("indexer_types") or ["full"] * fields.layers):
        if kind not in ("full", "shared"):
            raise UnknownArchitectureError(f"indexer_types: {kind!r} is not known here")
        yield attention.indexed(fields, kind == "full")
        yield _DEEPSEEK.part(fields, layer)


_two = partial(feed_forward.dense, matrices=2)
_four = feed_forward.four_times
_mixed, _uniform = attention.mixed, attention.uniform
_everywhere = feed_forward.everywhere

_WHOLE = Experts(inner="intermediate_size", where=_everywhere)
"""Experts in all layers, as wide as the configuration's one width says."""
_DEEPSEEK = Experts(shared_experts="n_shared_experts")
_QWEN = Experts(where=feed_forward.by_step)
_QWEN2 = Experts(where=feed_forward.by_step, shared_inner="shared_expert_intermediate_size", gate=True)
_GRANITE = Experts(inner="intermediate_size", where=_everywhere, shared_inner="shared_intermediate_size")
_LLAMA4 = Experts(
    inner="intermediate_size",
    where=feed_forward.by_list,
    shared_inner="intermediate_size",
    dense_inner=("intermediate_size_mlp",),
)
_ERNIE = Experts(where=feed_forward.by_interval, shared_experts="moe_num_shared_experts")

_DENSE: dict[str, Layers] = {
    **dict.fromkeys(
        ("bitnet", "cohere", "ernie4_5", "gemma", "glm", "glm4", "granite", "helium", "hunyuan_v1_dense"),
        Transformer(),
    ),
    **dict.fromkeys(("internlm2", "llama", "olmo", "olmo2", "qwen3_vl_text", "seed_oss", "stablelm"), Transformer()),
    **dict.fromkeys(("cohere2", "cwm", "exaone4", "gemma2", "gemma3_text", "ministral"), Transformer(reaches=_mixed)),
    **dict.fromkeys(("olmo3", "qwen2", "qwen2_vl_text", "qwen2_5_vl_text"), Transformer(reaches=_mixed)),
    **dict.fromkeys(("qwen3", "smollm3", "vaultgemma"), Transformer(reaches=_mixed)),
    **dict.fromkeys(("mistral", "ministral3", "phi3"), Transformer(reaches=_uniform)),
    "starcoder2": Transformer(reaches=_uniform, feed_forward=_two),
    **dict.fromkeys(("apertus", "arcee", "jais2", "nanochat", "nemotron", "phi"), Transformer(feed_forward=_two)),
    **dict.fromkeys(("codegen", "gpt2", "gptj"), Transformer(attention.grouped_all, feed_forward=_four)),
    **dict.fromkeys(("bloom", "gpt_neox", "opt"), Transformer(attention.grouped_all, feed_forward=_four)),
    "gpt_bigcode": Transformer(attention.multi_query, feed_forward=_four),
    "falcon": Transformer(attention.falcon, feed_forward=_four),
    "mpt": Transformer(attention.grouped_all, feed_forward=feed_forward.expansion),
    "minicpm3": Transformer(attention.expanded_latent),
}
_SPARSE: dict[str, Layers] = {
    **dict.fromkeys(("flex_olmo", "granitemoe", "minimax_m2", "olmoe"), Transformer(experts=_WHOLE)),
    **dict.fromkeys(("mixtral", "phimoe"), Transformer(reaches=_uniform, experts=_WHOLE)),
    "gpt_oss": Transformer(reaches=_mixed, experts=_WHOLE),
    "granitemoeshared": Transformer(experts=_GRANITE),
    "qwen2_moe": Transformer(reaches=_mixed, experts=_QWEN2),
    "qwen3_moe": Transformer(reaches=_uniform, experts=_QWEN),
    "qwen3_vl_moe_text": Transformer(experts=_QWEN),
    "mellum": Transformer(reaches=_mixed, experts=Experts()),
    "glm4_moe": Transformer(experts=_DEEPSEEK),
    "dots1": Transformer(reaches=_mixed, experts=_DEEPSEEK),
    "solar_open": Transformer(experts=Experts(where=_everywhere, shared_experts="n_shared_experts")),
    "exaone_moe": Transformer(reaches=_mixed, experts=Experts(shared_experts="num_shared_experts")),
    "hy_v3": Transformer(experts=Experts(shared_experts="num_shared_experts")),
    "ernie4_5_moe": Transformer(experts=_ERNIE),
    "llama4_text": Transformer(reaches=_mixed, experts=_LLAMA4),
    "afmoe": Transformer(
        partial(attention.grouped, gated=True),
        _mixed,
        experts=Experts(where=feed_forward.after_dense, shared_experts="num_shared_experts"),
    ),
    **dict.fromkeys(
        ("axk1", "deepseek_v2", "deepseek_v3", "glm4_moe_lite", "kimi_k2"),
        Transformer(attention.latent, experts=_DEEPSEEK),
    ),
    **dict.fromkeys(("deepseek_v32", "glm_moe_dsa"), _indexed),
}
FAMILIES: dict[str, Layers] = {**_DENSE, **_SPARSE, **HYBRIDS}
"""The layers of each type of model."""
