"""Strategies: one file each, or one per close family, named as the field names it."""

from tts.core.registry import Registry

STRATEGIES = Registry(
    "strategies",
    {
        "best_of_n": "tts.strategies.best_of_n:BestOfN",
        "beam_search": "tts.strategies.beam_search:BeamSearch",
        "greedy": "tts.strategies.greedy:Greedy",
    },
)

__all__ = ["STRATEGIES"]
