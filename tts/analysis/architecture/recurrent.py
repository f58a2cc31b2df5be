"""Layers with a recurrent state instead of attention: Mamba, gated delta rules, lightning attention, convolutions.

A state is counted as the recurrence has it: each element is one multiply-add to write and one to read, and another to
read where the delta rule looks up what it overwrites. Decay and gates are elementwise and not counted. The parallel
form that engines use for a whole text multiplies more.
"""

from __future__ import annotations

from tts.analysis.architecture.fields import Fields
from tts.analysis.architecture.model import Part

_STATE = ("mamba_d_state", "ssm_state_size", "state_size")
_KERNEL = ("mamba_d_conv", "conv_kernel")


def mamba(fields: Fields, inner: int) -> Part:
    """Mamba (arXiv 2312.00752): step size and state's input and output from a projection of the inner width."""
    state, kernel = fields.number(*_STATE), fields.number(*_KERNEL)
    rank = fields.number("mamba_dt_rank", "time_step_rank")
    parameters = 3 * fields.hidden * inner + inner * (kernel + rank + 2 * state) + rank * inner
    return Part(parameters, state=2 * inner * state)


def mamba2(fields: Fields, inner: int) -> Part:
    """Mamba-2 (arXiv 2405.21060): all from the input projection, one step size a head."""
    state, kernel = fields.number(*_STATE), fields.number(*_KERNEL)
    heads = fields.number("mamba_n_heads", "mamba_num_heads", "n_mamba_heads", "num_heads")
    channels = inner + 2 * fields.number("mamba_n_groups", "mamba_ngroups", "n_groups") * state
    parameters = fields.hidden * (inner + channels + heads) + channels * kernel + inner * fields.hidden
    return Part(parameters, state=2 * inner * state)


def gated_delta(fields: Fields) -> Part:
    """Gated DeltaNet (arXiv 2412.06464) as in Qwen3-Next: a state of key times value width for each value head."""
    heads, key_dim = fields.number("linear_num_value_heads"), fields.number("linear_key_head_dim")
    value_dim = fields.number("linear_value_head_dim")
    key, value = fields.number("linear_num_key_heads") * key_dim, heads * value_dim
    channels = 2 * key + value
    projections = fields.hidden * (channels + value + 2 * heads) + value * fields.hidden
    convolution = channels * fields.number("linear_conv_kernel_dim")
    return Part(projections + convolution, state=3 * heads * key_dim * value_dim)


def kimi_delta(fields: Fields) -> Part:
    """Kimi Delta Attention (arXiv 2510.26692): forget and output gates through a bottleneck of one head's width."""
    heads, head_dim = fields.number("linear_num_heads"), fields.number("linear_head_dim")
    wide = heads * head_dim
    bottlenecks = 2 * head_dim * (fields.hidden + wide)
    convolution = 3 * wide * fields.number("linear_conv_kernel_dim")
    return Part(fields.hidden * (4 * wide + heads) + bottlenecks + convolution, state=3 * wide * head_dim)


def lightning(fields: Fields) -> Part:
    """Lightning attention (arXiv 2501.08313): linear attention with an output gate."""
    wide = fields.heads * fields.head_dim
    return Part(5 * fields.hidden * wide, state=2 * wide * fields.head_dim)


def short_convolution(fields: Fields) -> Part:
    """LFM2: a gated convolution over a few tokens."""
    return Part(4 * fields.hidden * fields.hidden + fields.hidden * fields.number("conv_L_cache"))


def gated_linear_recurrence(fields: Fields) -> Part:
    """RG-LRU (Griffin, arXiv 2402.19427): gates are block-diagonal, and the state is elementwise."""
    wide = fields.number("lru_width")
    gates = 2 * wide * wide // fields.heads
    return Part(3 * fields.hidden * wide + gates + wide * fields.number("conv1d_width"))
