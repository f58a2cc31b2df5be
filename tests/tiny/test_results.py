"""The page of results is written from two runs, and every figure on it is a number."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lab import results
from tts.cli import main

CONFIG = {"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 128, "vocab_size": 99}
CONFIG |= {"num_attention_heads": 2, "num_key_value_heads": 2}


def simulate(place: Path, alpha: float, hidden: int, largest: int) -> str:
    """A run of the simulated policy with two noisy verifiers, whose run.json says what its models multiply."""
    verifiers = ["simulated/soft=true,seed=1", "simulated/soft=true,seed=2,false_positive=0.3"]
    entries = [{"name": "best_of_n", "n": [1, largest]}, {"name": "greedy"}]
    sweep = {
        "model": f"simulated:alpha={alpha}",
        "benchmarks": "arith:levels=1-3,per_level=8",
        "strategies": entries,
        "verifiers": verifiers,
        "selectors": ["first", "majority", "best", "weighted", "oracle"],
    }
    file = place.with_suffix(".yaml")
    file.write_text(json.dumps(sweep))
    main(["run", str(file), "--out", str(place)])
    info = json.loads((place / "run.json").read_text())
    info["model"]["architecture"] = CONFIG | {"hidden_size": hidden}
    info["architectures"] = {label.rpartition(":")[0]: CONFIG for label in info["verifiers"]}
    (place / "run.json").write_text(json.dumps(info))
    return str(place)


def test_the_tables_are_finite_and_stand_between_the_markers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = simulate(tmp_path / "small", 1, 64, 64), simulate(tmp_path / "large", 3, 96, 4)
    good = "simulated/soft=true,seed=1:last"
    monkeypatch.setattr(results, "GOOD", good)
    monkeypatch.setattr(results, "BASELINES", (("majority", ""), ("weighted", good)))
    page = tmp_path / "results.md"
    page.write_text(f"before\n\n{results.BEGIN}\nold\n{results.STOP}\n\nafter\n")
    results.main(small, large, str(page))
    text = page.read_text()
    assert text.startswith("before\n\n") and text.endswith(f"{results.STOP}\n\nafter\n")
    assert "old" not in text
    assert not re.search(r"\bnan\b", text)
    assert [line for line in text.splitlines() if line.startswith("### ")] == [
        "### Compute-optimal", "### Per-prompt allocation", "### Small against large", "### Reward models",
    ]  # fmt: skip
    shapes = [{line.count("|") for line in part.splitlines() if line.startswith("|")} for part in text.split("\n\n")]
    assert all(len(shape) <= 1 for shape in shapes)
    results.main(small, large, str(page))
    assert page.read_text() == text
