"""A strategy and a verifier for tts, in a package of its own."""
