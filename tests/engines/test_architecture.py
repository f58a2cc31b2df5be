"""A model's numbers for the run directory: those of its own configuration class, and no code of the model's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tts.engines.architecture import architecture

pytest.importorskip("transformers")


def stored(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    """As they lie in run.json."""
    (folder / "config.json").write_text(json.dumps(config))
    kept = architecture(str(folder), None)
    assert kept is not None
    again: dict[str, Any] = json.loads(json.dumps(kept, allow_nan=False))
    assert again == kept
    return again


def test_a_class_fills_in_what_the_file_leaves_out(tmp_path: Path) -> None:
    """Of a model for text and images the part on text, with the labels and the kind of the whole."""
    text = {"model_type": "gemma3_text", "hidden_size": 2560, "num_hidden_layers": 12, "sliding_window": 1024}
    kept = stored(tmp_path, {"model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"],
                             "text_config": text, "vision_config": {"hidden_size": 9}})  # fmt: skip
    assert kept["architectures"] == ["Gemma3ForConditionalGeneration"]
    assert (kept["hidden_size"], kept["num_attention_heads"], kept["head_dim"]) == (2560, 8, 256)
    assert kept["layer_types"] == (["sliding_attention"] * 5 + ["full_attention"]) * 2
    assert "vision_config" not in kept


def test_numbers_go_by_the_usual_names_too(tmp_path: Path) -> None:
    """A class's own names stay, and what it computes is written down."""
    kept = stored(tmp_path, {"model_type": "gpt2", "n_embd": 8, "n_layer": 2, "n_head": 2})
    assert (kept["n_embd"], kept["hidden_size"], kept["num_hidden_layers"]) == (8, 8, 2)
    hybrid = stored(tmp_path, {"model_type": "nemotron_h", "hybrid_override_pattern": "M-*"})
    assert len(hybrid["layers_block_type"]) == hybrid["num_hidden_layers"] == 3
    assert "time_step_limit" not in hybrid, "its class says infinity, which JSON has no word for"


def test_labels_are_counted_as_the_file_has_them(tmp_path: Path) -> None:
    one = stored(tmp_path, {"model_type": "llama", "id2label": {"0": "LABEL_0"}})
    three = stored(tmp_path, {"model_type": "llama", "num_labels": 3})
    assert (one["num_labels"], three["num_labels"]) == (1, 3)


def test_a_type_without_a_class_stays_as_it_is_and_its_code_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "configuration_own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    own = {"model_type": "own", "hidden_size": 4, "auto_map": {"AutoConfig": "configuration_own.OwnConfig"}}
    assert stored(tmp_path, own) == {"model_type": "own", "hidden_size": 4}
    assert not (tmp_path / "ran").exists()


def test_a_configuration_that_its_class_refuses_stays_as_it_is(tmp_path: Path) -> None:
    odd = {"model_type": "mamba2", "hidden_size": 48, "num_heads": 7, "head_dim": 5}
    assert stored(tmp_path, odd) == odd
