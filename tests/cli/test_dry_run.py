"""`tts run --dry-run`: a sweep is checked and bounded without its models."""

from __future__ import annotations

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.parametrize("example", sorted(p.name for p in EXAMPLES.glob("*.yaml") if p.name != "smollm2.yaml"))
def test_every_example_is_valid_without_a_gpu_a_model_or_a_hub(example, tts):
    """The hub is out of reach in these tests, and no model of the examples on a GPU lies on this machine."""
    result = tts("run", str(EXAMPLES / example), "--dry-run")
    assert result.code == 0, result.err
    assert "The sweep is valid; nothing was sampled." in result.out


def test_the_bounds_are_those_of_the_budgets(tts, place):
    (place / "sweep.yaml").write_text(
        "model: vllm/no/such-model\n"
        "benchmarks: [{name: math500, limit: 10}, 'arith:levels=1-2,per_level=3']\n"
        "seeds: [0, 1]\n"
        "sampling: {max_tokens: 100}\n"
        "strategies: [{name: best_of_n, n: [2, 8]}, {name: beam_search, n: [4], max_steps: 3, step_tokens: 10}]\n"
        "verifiers: [prm/no/such-prm]\n"
    )
    result = tts("run", "sweep.yaml", "--dry-run")
    assert result.code == 0, result.err
    rows = {tuple(line.split()[:2]): line.split() for line in result.out.splitlines()}
    # One cell of the largest n serves best_of_n's budgets: 10 problems x 2 seeds.
    assert rows["math500", "best_of_n"][-4:] == ["8", "20", "160", "16,000"]
    # Two rounds of steps of at most 10 tokens, then the rest of the answer.
    assert rows["math500", "beam_search"][-4:] == ["4", "20", "240", f"{20 * 4 * (2 * 10 + 100):,}"]
    assert rows["arith:levels=1-2,per_level=3", "best_of_n"][-4:] == ["8", "12", "96", "9,600"]
    assert not list(place.glob("runs*"))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--set", "engine.max_modellen=3"), "engine.max_modellen"),
        (("--set", "verifiers=[pmr/x]"), "unknown verifier 'pmr'"),
        (("--n", "0"), "--n: found '0'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(flags, said, tts):
    pytest.importorskip("vllm")
    result = tts("run", str(EXAMPLES / "math500.yaml"), *flags, "--dry-run")
    assert result.code == 2
    assert said in result.err and result.err.count("\n") == 1
