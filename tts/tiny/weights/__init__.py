"""Where the shipped checkpoints lie."""

from pathlib import Path

WEIGHTS = {
    "vllm/tiny-arith": "policy",
    "vllm/tiny-arith-large": "large",
    "prm/tiny-arith": "prm",
    "prm/tiny-arith-weak": "prm_weak",
}
"""Names usable where a model is, and the folder of each here."""


def weights_path(name: str) -> Path:
    """The folder of a shipped checkpoint; ``name`` is a key of WEIGHTS. KeyError for another name."""
    return Path(__file__).parent / WEIGHTS[name]
