"""Two papers are called J1: the one on test-time scaling of a judge is the one that is meant."""

from __future__ import annotations

from tts.verifiers import judge


def test_the_judge_cites_the_paper_on_test_time_scaling_of_judges() -> None:
    text = str(judge.__doc__)
    assert "arXiv 2505.11875" in text and "Chan et al. 2025" in text
    assert "Whitehouse" not in text
