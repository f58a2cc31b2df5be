"""``python -m tts.cli`` is ``tts``."""

from tts.cli import main

main()
