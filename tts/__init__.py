"""tts-scaling: measure what test-time compute buys, and spend it well.

Import from the doors: ``tts.core``, ``tts.analysis``, ``tts.grading``. Importing ``tts`` itself loads nothing heavy.
"""

__version__ = "0.1.0"
