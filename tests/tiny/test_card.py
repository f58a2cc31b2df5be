"""The card shows what was measured, and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from lab import card
from lab.students import Rates
from tts.tiny.weights import WEIGHTS

CARD = Path(__file__).parents[2] / "docs" / "tiny-models.md"
LIMIT = 5_000_000


def test_card_is_what_the_measurements_say() -> None:
    text = CARD.read_text()
    assert card.rewrite(text, card.render()) == text


def test_rewriting_replaces_the_measured_part_only() -> None:
    text = f"before\n{card.BEGIN}\nold\n{card.STOP}\nafter\n"
    assert card.rewrite(text, f"{card.BEGIN}\nnew\n{card.STOP}") == text.replace("old", "new")


def test_shipped_weights_are_small() -> None:
    sizes = [f.stat().st_size for f in card.ROOT.rglob("*.safetensors")]
    assert all(size < LIMIT for size in sizes)
    assert sum(sizes) < 12_000_000


def test_every_shipped_checkpoint_has_its_log_and_architecture() -> None:
    expected = {"vllm": "LlamaForCausalLM", "prm": "Qwen2ForProcessRewardModel"}
    for name, folder in WEIGHTS.items():
        if (card.ROOT / folder).exists():
            config = json.loads((card.ROOT / folder / "config.json").read_text())
            assert config["architectures"] == [expected[name.partition("/")[0]]]
            assert json.loads((card.ROOT / folder / "training.json").read_text())["losses"]


def test_card_states_the_rates_of_the_code() -> None:
    rates = asdict(Rates())
    stated = [line.split("|")[2].strip() for line in CARD.read_text().split("| misconception |")[1].splitlines()[2:8]]
    assert [float(x) for x in stated] == list(rates.values())
