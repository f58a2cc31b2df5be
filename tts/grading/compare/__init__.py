"""Whether two answers are the same: what each means, and how meanings are compared.

Importing this loads no sympy; `equal` and `key` do, and belong in a worker process.
"""

from tts.grading.compare.equality import MAX_LENGTH, Key, cleaned, decide, equal, key, plain_key

__all__ = ["MAX_LENGTH", "Key", "cleaned", "decide", "equal", "key", "plain_key"]
