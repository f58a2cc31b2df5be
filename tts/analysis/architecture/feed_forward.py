"""Feed-forward parts: dense, and mixtures of experts, of which one token meets a few."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tts.analysis.architecture.fields import Fields, UnknownArchitectureError
from tts.analysis.architecture.model import Part

INNER = ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size")


def dense(fields: Fields, matrices: int = 3, inner: int | None = None) -> Part:
    """``matrices``: 3 with a gate, 2 without. ``inner``: the width, from the configuration where it is not given."""
    return Part(matrices * fields.hidden * (fields.number(*INNER) if inner is None else inner))


def four_times(fields: Fields) -> Part:
    """Two matrices, four times as wide as the model where no width is given (GPT-2 and its kin)."""
    return dense(fields, 2, fields.number_or(4 * fields.hidden, *INNER))


def expansion(fields: Fields) -> Part:
    """Two matrices of a width given as a multiple (MPT)."""
    return dense(fields, 2, fields.number("expansion_ratio") * fields.hidden)


# --- which layers of a mixture have experts --------------------------------------------------------------------------

Where = Callable[[Fields, int], bool]


def everywhere(fields: Fields, layer: int) -> bool:
    """All layers."""
    return True


def by_kind(fields: Fields, layer: int) -> bool:
    """As ``mlp_layer_types`` says, or those after the first ``first_k_dense_replace``."""
    kinds = fields.each("mlp_layer_types")
    if kinds is not None:
        if kinds[layer] not in ("sparse", "dense"):
            raise UnknownArchitectureError(f"mlp_layer_types: {kinds[layer]!r} is not known here")
        return bool(kinds[layer] == "sparse")
    if fields.number_or(1, "moe_layer_freq") != 1:
        raise UnknownArchitectureError("moe_layer_freq: only 1 is known here")
    return layer >= fields.number("first_k_dense_replace")


def by_step(fields: Fields, layer: int) -> bool:
    """Each so many-th layer, but for those named as dense (Qwen)."""
    step = fields.number("decoder_sparse_step")
    return layer not in fields.indices("mlp_only_layers") and step > 0 and (layer + 1) % step == 0


def after_dense(fields: Fields, layer: int) -> bool:
    """Those after the first ``num_dense_layers``."""
    return layer >= fields.number("num_dense_layers")


def by_list(fields: Fields, layer: int) -> bool:
    """Those that are listed (Llama 4)."""
    return layer in fields.indices("moe_layers")


def by_interval(fields: Fields, layer: int) -> bool:
    """Each so many-th layer between two (Ernie)."""
    within = fields.number("moe_layer_start_index") <= layer <= fields.number("moe_layer_end_index")
    return within and (layer + 1) % fields.number("moe_layer_interval") == 0


def by_period(fields: Fields, layer: int) -> bool:
    """Each so many-th layer from an offset on (Jamba)."""
    return layer % fields.number("expert_layer_period") == fields.number("expert_layer_offset")


# --- mixtures of experts ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Experts:
    """A mixture of experts, by the names of its fields."""

    inner: str = "moe_intermediate_size"
    """The width of one expert."""
    where: Where = by_kind
    shared_experts: str | None = None
    """How many experts of the same width every token meets."""
    shared_inner: str | None = None
    """The width of a shared expert that has a width of its own; 0 or null: there is none."""
    gate: bool = False
    """Whether the shared expert's output is weighted by a gate."""
    dense_inner: tuple[str, ...] = ("intermediate_size",)
    """The width of layers without experts, and of all layers where a model of this type has none."""
    matrices: int = 3

    def part(self, fields: Fields, layer: int) -> Part:
        """The feed-forward part of a layer."""
        count = fields.number_or(0, "num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
        if not count or not self.where(fields, layer):
            return dense(fields, self.matrices, fields.number(*self.dense_inner))
        active = fields.number("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k")
        inner = fields.number(self.inner)
        shared = fields.number(self.shared_experts) * inner if self.shared_experts else 0
        shared += fields.number_or(0, self.shared_inner) if self.shared_inner else 0
        gate = fields.hidden if self.gate else 0
        return Part(fields.hidden * (self.matrices * (active * inner + shared) + count) + gate)
