"""Fixtures of the grading tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tts.grading import Grader


@pytest.fixture(scope="session")
def grader() -> Iterator[Grader]:
    """One warm grader for all tests that do not harm its workers."""
    with Grader(workers=2) as grader:
        grader.warm()
        yield grader
