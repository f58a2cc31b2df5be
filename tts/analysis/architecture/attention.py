"""Attention: projections, and what a token multiplies for each token that it attends to."""

from __future__ import annotations

from tts.analysis.architecture.fields import Fields, UnknownArchitectureError
from tts.analysis.architecture.model import Part, Span

Reach = tuple[int | None, bool]
"""(window, chunked): how far back a layer attends."""
FULL: Reach = (None, False)


def reach(fields: Fields, kind: str) -> Reach:
    """How far back a layer of some kind attends. Raises UnknownArchitectureError for a kind that is not attention."""
    if kind == "full_attention":
        return FULL
    if kind == "sliding_attention":
        return fields.number("sliding_window", "window_size", "attention_window_size"), False
    if kind == "chunked_attention":
        return fields.number("attention_chunk_size"), True
    raise UnknownArchitectureError(f"layer_types: {kind!r} is not known here")


def mixed(fields: Fields) -> list[Reach]:
    """The reach of each layer, as ``layer_types`` says."""
    return [reach(fields, kind) for kind in fields.kinds()]


def uniform(fields: Fields) -> list[Reach]:
    """One window for all layers, where there is one."""
    window = fields.number_or(0, "sliding_window") if fields.flag("use_sliding_window", True) else 0
    return [(window or None, False)] * fields.layers


def full(fields: Fields) -> list[Reach]:
    """All layers see all tokens before."""
    return [FULL] * fields.layers


def grouped(fields: Fields, reach: Reach = FULL, key_value: int | None = None, gated: bool = False) -> Part:
    """Query, key, value and output projections; ``key_value`` heads, which may be fewer than the query heads.

    ``gated``: a further projection of the output's width (Qwen3-Next, Trinity).
    """
    heads, head_dim = fields.heads, fields.head_dim
    if key_value is None:
        key_value = fields.number("num_key_value_heads", "num_kv_heads")
    wide = heads * head_dim
    projections = fields.hidden * ((3 if gated else 2) * wide + 2 * key_value * head_dim)
    return Part(projections, (Span(2 * wide, 2 * wide, *reach),))


def grouped_all(fields: Fields, reach: Reach = FULL) -> Part:
    """As many key and value heads as query heads, whatever other fields say."""
    return grouped(fields, reach, fields.heads)


def falcon(fields: Fields, reach: Reach = FULL) -> Part:
    """Falcon: one key and value head with ``multi_query``, unless it is of the new kind, which has groups."""
    if fields.flag("new_decoder_architecture", False):
        return grouped(fields, reach, fields.number("num_kv_heads"))
    return multi_query(fields, reach)


def multi_query(fields: Fields, reach: Reach = FULL) -> Part:
    """One key and value head where ``multi_query`` is true, else one for each query head."""
    return grouped(fields, reach, 1 if fields.flag("multi_query", True) else fields.heads)


def latent(fields: Fields, reach: Reach = FULL, absorbed: bool = True) -> Part:
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): keys and values come from one small latent.

    Reading a text, keys and values are made from the latents. A generated token attends to the latents themselves,
    ``absorbed`` into the projections, which have as many parameters either way.
    """
    heads, rank = fields.heads, fields.number("kv_lora_rank")
    rope, nope = fields.number("qk_rope_head_dim"), fields.number("qk_nope_head_dim")
    value = fields.number("v_head_dim")
    query_rank = fields.number_or(0, "q_lora_rank")
    queries = heads * (nope + rope)
    query = query_rank * (fields.hidden + queries) if query_rank else fields.hidden * queries
    key_value = fields.hidden * (rank + rope) + rank * heads * (nope + value)
    prefill = heads * (nope + rope + value)
    decode = heads * (2 * rank + rope) if absorbed else prefill
    return Part(query + key_value + heads * value * fields.hidden, (Span(prefill, decode, *reach),))


def expanded_latent(fields: Fields, reach: Reach = FULL) -> Part:
    """The same where the engine keeps keys and values themselves (MiniCPM3)."""
    return latent(fields, reach, absorbed=False)


def indexed(fields: Fields, with_indexer: bool) -> Part:
    """Latent attention to the ``index_topk`` tokens that an indexer picks among all (DeepSeek-V3.2, GLM-5).

    ``with_indexer``: whether the layer has its own, or takes over the picks of a layer before.
    """
    picks = latent(fields, (fields.number("index_topk"), False))
    if not with_indexer:
        return picks
    heads, head_dim = fields.number("index_n_heads"), fields.number("index_head_dim")
    scores = fields.number("q_lora_rank") * heads * head_dim + fields.hidden * (head_dim + heads)
    every = Span(heads * (head_dim + 1), heads * (head_dim + 1))  # each head's score, and their weighted sum
    return Part(picks.parameters + scores, (*picks.spans, every))
