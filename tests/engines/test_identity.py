"""A model is told by what it computes: other weights, template, tokenizer or dtype are another model."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from tts.core import UsageError
from tts.engines import identity as told
from tts.engines import make_engine
from tts.engines import vllm as engine


def model_folder(place: Path, weights: bytes, template: str = "{{ messages }}", kind: str = "LlamaForCausalLM") -> Path:
    place.mkdir()
    (place / "config.json").write_text(json.dumps({"architectures": [kind]}))
    (place / "tokenizer.json").write_text("{}")
    (place / "chat_template.jinja").write_text(template)
    header = b'{"w":{"dtype":"U8","shape":[100000],"data_offsets":[0,100000]}}'
    (place / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + weights)
    return place


def identity(folder: Path, dtype: str = "float32", **options: object) -> dict[str, str]:
    path, commit = told.resolve("vllm", str(folder), options, "model")
    return told.identity(path, commit, dtype, options)


def test_the_same_model_in_another_folder_is_the_same(tmp_path: Path) -> None:
    weights = bytes(100_000)
    assert identity(model_folder(tmp_path / "a", weights)) == identity(model_folder(tmp_path / "b", weights))


def test_a_fine_tune_with_the_same_shapes_is_another_model(tmp_path: Path) -> None:
    """Every safetensors header is the same; fine-tuning moves all weights, so sampled blocks tell."""
    one = identity(model_folder(tmp_path / "a", bytes(100_000)))
    other = identity(model_folder(tmp_path / "b", b"\x01" * 100_000))
    assert {part for part in one if one[part] != other[part]} == {"weights"}


def test_template_dtype_and_quantisation_are_part_of_the_identity(tmp_path: Path) -> None:
    a = model_folder(tmp_path / "a", b"x")
    b = model_folder(tmp_path / "b", b"x", template="another")
    assert identity(a)["template"] != identity(b)["template"]
    assert identity(a) != identity(a, dtype="bfloat16")
    assert identity(a) != identity(a, quantization="fp8")
    assert identity(a) == identity(a, gpu_memory_utilization=0.5), "memory does not change what is computed"


def test_a_missing_folder_is_told_with_a_near_name(tmp_path: Path) -> None:
    model_folder(tmp_path / "qwen", b"x")
    with pytest.raises(UsageError, match=r"model: there is no folder .*qwem.*did you mean 'qwen'"):
        make_engine(f"vllm/{tmp_path / 'qwem'}", {})


def test_a_reward_model_is_no_policy(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "prm", b"x", kind="Qwen2ForProcessRewardModel")
    with pytest.raises(UsageError, match=r"is a reward model .* expected a language model; it goes by prm/NAME"):
        make_engine(f"vllm/{folder}", {})


def test_without_vllm_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(engine, "version", absent)
    with pytest.raises(UsageError, match=r"vLLM is not installed; .*'tts-scaling\[vllm\]'.*requirements/cpu.txt"):
        make_engine("vllm/tiny-arith", {})
