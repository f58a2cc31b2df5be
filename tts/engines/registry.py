"""The kinds of engine that serve a policy: ``vllm`` for real models, ``simulated`` for scale and statistics."""

from tts.core import Registry

ENGINES = Registry("engines", {"vllm": "tts.engines.vllm:create", "simulated": "tts.engines.simulated:create"})
