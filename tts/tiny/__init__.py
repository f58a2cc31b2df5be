"""The embedded default: a tiny policy, a larger sibling and two tiny PRMs, and the programs that make them.

``python -m tts.tiny.train_policy`` and its neighbours train; ``make tiny-models`` runs them in order. Weights lie in
``tts/tiny/weights``. Importing this package loads neither torch nor vllm.
"""

from tts.tiny.weights import WEIGHTS, weights_path

__all__ = ["WEIGHTS", "weights_path"]
