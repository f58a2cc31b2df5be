"""The embedded default: a tiny policy, a larger sibling and two tiny PRMs, trained on arithmetic.

The programs that make and measure them lie in ``lab/``; ``make tiny-models`` runs them in order. Importing this package
loads neither torch nor vllm.
"""

from tts.tiny.weights import WEIGHTS, weights_path

__all__ = ["WEIGHTS", "weights_path"]
