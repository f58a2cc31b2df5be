"""Strategies: one file each, or one per close family, named as the field names it."""

from tts.core.registry import Registry

STRATEGIES = Registry(
    "strategies",
    {
        "best_of_n": "tts.strategies.best_of_n:BestOfN",
        "beam_search": "tts.strategies.beam_search:BeamSearch",
        "greedy": "tts.strategies.greedy:Greedy",
        "dvts": "tts.strategies.dvts:DVTS",
        "lookahead": "tts.strategies.lookahead:Lookahead",
        "mcts": "tts.strategies.mcts:MCTS",
        "rebase": "tts.strategies.rebase:Rebase",
        "vg_search": "tts.strategies.vg_search:VGSearch",
        "multi_temperature": "tts.strategies.multi_temperature:MultiTemperature",
        "parallel_tempering": "tts.strategies.parallel_tempering:ParallelTempering",
        "particle_filter": "tts.strategies.particle_filter:ParticleFilter",
        "particle_gibbs": "tts.strategies.particle_gibbs:ParticleGibbs",
        "revision": "tts.strategies.revision:Revision",
    },
)

__all__ = ["STRATEGIES"]
