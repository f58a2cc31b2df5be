"""The version of the rules by which answers are found and compared."""

GRADER_VERSION = "1"
"""Raised with every change that can change a verdict: verdicts of another version do not count, and are made anew."""
