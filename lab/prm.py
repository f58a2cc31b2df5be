"""The tiny process reward model in plain torch: Qwen2 with a two-class head read at every step tag.

The question and the steps of an answer, each step ended by ``<extra_0>``; a step's score is the second class's
probability at its tag. vLLM serves the same files as ``Qwen2ForProcessRewardModel``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from lab import tokenizer
from lab.corpus import prompt_ids
from lab.tokenizer import BREAK, IDS, STEP

CONTEXT = 1024
STEP_ID = IDS[STEP]
"""The step tag's token id, which vLLM's STEP pooling must be told."""


def input_ids(question: str, steps: Sequence[Sequence[int]]) -> list[int]:
    """What the model reads: one step tag a step."""
    ids = prompt_ids(question)
    for step in steps:
        ids += [*step, IDS[STEP]]
    return ids


class ProcessRewardModel(torch.nn.Module):  # type: ignore[misc]
    """Logits of two classes at every token, shape (rows, tokens, 2)."""

    def __init__(self, config: Any):
        from transformers import Qwen2Model

        super().__init__()
        self.config = config
        self.model = Qwen2Model(config)
        size = config.hidden_size
        self.score = torch.nn.Sequential(torch.nn.Linear(size, size), torch.nn.ReLU(), torch.nn.Linear(size, 2))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """``ids``: (rows, tokens), padded on the right."""
        logits: torch.Tensor = self.score(self.model(input_ids=ids, use_cache=False).last_hidden_state)
        return logits

    def get_input_embeddings(self) -> Any:
        """The embedding of tokens."""
        return self.model.embed_tokens


def from_policy(folder: Path, seed: int, extra_layers: int = 0) -> ProcessRewardModel:
    """A reward model with the policy's weights, QKV biases of zero, and a fresh head.

    The step tag starts as the policy's token between steps, whose place it takes. ``extra_layers`` go on top and do
    nothing at first: they can compare what the policy would have written with what stands there.
    """
    from safetensors.torch import load_file
    from transformers import LlamaConfig, Qwen2Config

    torch.manual_seed(seed)
    llama = LlamaConfig.from_pretrained(folder)
    shape = ("vocab_size", "hidden_size", "intermediate_size", "num_attention_heads")
    more = ("num_key_value_heads", "max_position_embeddings", "pad_token_id", "eos_token_id", "rms_norm_eps")
    config = Qwen2Config(
        **{key: getattr(llama, key) for key in (*shape, *more)},
        num_hidden_layers=llama.num_hidden_layers + extra_layers,
        rope_parameters=dict(llama.rope_parameters),
        num_labels=2,
        tie_word_embeddings=False,
        use_sliding_window=False,
        attn_implementation="sdpa",
    )
    config.architectures = ["Qwen2ForProcessRewardModel"]
    model = ProcessRewardModel(config)
    weights = {k: v.float() for k, v in load_file(folder / "model.safetensors").items() if k.startswith("model.")}
    weights["model.embed_tokens.weight"][IDS[STEP]] = weights["model.embed_tokens.weight"][IDS[BREAK]]
    model.load_state_dict(model.state_dict() | weights)
    for layer in model.model.layers:
        for projection in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj):
            torch.nn.init.zeros_(projection.bias)
    for layer in model.model.layers[llama.num_hidden_layers :]:
        torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
        torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    return model


def save(model: ProcessRewardModel, folder: Path, record: dict[str, Any]) -> None:
    """Write the checkpoint: half precision, configuration, tokenizer, training log."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = {k: v.detach().half().contiguous() for k, v in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    model.config.dtype = "float16"
    model.config.save_pretrained(folder)
    tokenizer.save(folder, CONTEXT)
    (folder / "training.json").write_text(json.dumps(record, indent=1) + "\n")


def load(folder: Path) -> ProcessRewardModel:
    """The saved model in single precision."""
    from safetensors.torch import load_file
    from transformers import Qwen2Config

    model = ProcessRewardModel(Qwen2Config.from_pretrained(folder, attn_implementation="sdpa"))
    model.load_state_dict({k: v.float() for k, v in load_file(folder / "model.safetensors").items()})
    model.eval()
    return model


def step_scores(model: ProcessRewardModel, sequences: Sequence[Sequence[int]], rows: int = 64) -> list[list[float]]:
    """The score of every step of every sequence of ``input_ids``."""
    scores: list[list[float]] = [[] for _ in sequences]
    order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]))
    for at in range(0, len(order), rows):
        chosen = order[at : at + rows]
        ids = torch.full((len(chosen), len(sequences[chosen[-1]])), IDS[tokenizer.PAD])
        for row, i in enumerate(chosen):
            ids[row, : len(sequences[i])] = torch.tensor(sequences[i])
        with torch.inference_mode():
            right = model(ids).softmax(-1)[..., 1]
        for row, i in enumerate(chosen):
            scores[i] = right[row][ids[row] == IDS[STEP]].tolist()
    return scores
