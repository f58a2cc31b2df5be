"""Figures known from elsewhere, on real samples of real models."""

import json
from pathlib import Path

import numpy as np
import pytest

from tts.stats import best_of_k, fit_beta_binomial, fit_coverage_law, majority_at_k, pass_at_k


def rows(folder: Path, name: str) -> list[dict]:
    path = folder / "samples" / name
    if not path.is_file():
        pytest.skip(f"no {name} in ../shared/data/samples")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("prompt", "pass_1", "solved"), [("cot", 0.0403, 49), ("standard", 0.0734, 33)])
def test_game_of_24_with_gpt4(shared_data, prompt, pass_1, solved):
    correct = np.array([sum(r["correct"]) for r in rows(shared_data, f"tot_game24_gpt4_{prompt}_100x100.jsonl")])
    assert pass_at_k(100, correct, 1).mean() == pytest.approx(pass_1, abs=1e-12)
    assert pass_at_k(100, correct, 100).sum() == solved


@pytest.mark.parametrize(("prompt", "solved"), [("cot", 49), ("standard", 33)])
def test_bands_from_25_samples_hold_the_coverage_of_100(shared_data, prompt, solved):
    marks = [r["correct"] for r in rows(shared_data, f"tot_game24_gpt4_{prompt}_100x100.jsonl")]
    some = np.random.default_rng(0).permuted(np.array(marks, dtype=int), axis=1)[:, :25].sum(axis=1)
    for band in (fit_coverage_law(25, some).at([100]), fit_beta_binomial(25, some).coverage([100])):
        assert band.low[0] < solved / 100 < band.high[0]


def test_qwen_math_100x8(shared_data):
    problems = rows(shared_data, "qwen25math_100x8_rm_scored.jsonl")
    correct = np.array([sum(r["correct"]) for r in problems])
    assert pass_at_k(8, correct, 1).mean() == pytest.approx(0.91, abs=1e-12)
    assert pass_at_k(8, correct, 8).mean() == pytest.approx(0.96, abs=1e-12)
    best = [best_of_k(r["rm_score"], r["correct"], 8) for r in problems]
    assert np.mean(best) == pytest.approx(0.94, abs=1e-12)
    votes = []
    for r in problems:
        names = {text: i for i, text in enumerate(dict.fromkeys(r["pred"]))}
        votes.append(majority_at_k([names[p] if p else -1 for p in r["pred"]], r["correct"], 8))
    assert np.mean(votes) == pytest.approx(0.925, abs=1e-12)
