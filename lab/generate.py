"""Plain torch sampling from a tiny policy: for millions of short roll-outs it beats a serving engine on a CPU.

The engine's work a token and request (scheduling, block tables) costs more here than the model itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from lab.tokenizer import IDS, VOCABULARY

END = IDS["<|end|>"]
ROWS = 256
"""Sequences worked on together."""
GROW = 16
"""Positions that the cache grows by."""
KEEP = 0.7
"""Finished sequences are dropped once fewer than this share are left."""


class Policy:
    """A Llama checkpoint with a preallocated cache of keys and values."""

    def __init__(self, folder: Path):
        from transformers import AutoModelForCausalLM

        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self.config = model.config
        self._embedding = model.model.embed_tokens.weight.detach()
        self._layers = [{n: p.detach() for n, p in layer.named_parameters()} for layer in model.model.layers]
        self._norm = model.model.norm.weight.detach()
        self._heads = self.config.num_attention_heads
        half = torch.arange(0, 64, 2) / 64
        base = self.config.rope_parameters["rope_theta"]
        angles = torch.arange(self.config.max_position_embeddings)[:, None] * base ** -half[None]
        self._cos, self._sin = angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)

    def sample(
        self, prompts: Sequence[Sequence[int]], n: int, temperature: float, seed: int, max_tokens: int = 200
    ) -> list[list[list[int]]]:
        """``n`` completions of each prompt, as token ids, the end token last where one ended by itself."""
        random = torch.Generator().manual_seed(seed)
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        completions: list[list[list[int]]] = [[] for _ in prompts]
        width = max(1, ROWS // n)
        for at in range(0, len(order), width):
            chosen = order[at : at + width]
            with torch.inference_mode():
                found = self._chunk([prompts[i] for i in chosen], n, temperature, random, max_tokens)
            for place, i in enumerate(chosen):
                completions[i] = found[place * n : (place + 1) * n]
        return completions

    def _chunk(
        self, prompts: Sequence[Sequence[int]], n: int, temperature: float, random: torch.Generator, max_tokens: int
    ) -> list[list[int]]:
        """The ``n`` completions of the first prompt, then those of the second, and so on."""
        lengths = torch.tensor([len(p) for p in prompts])
        longest = int(lengths.max())
        most = min(longest + max_tokens, self.config.max_position_embeddings)
        ids = torch.zeros(len(prompts), longest, dtype=torch.long)
        for i, p in enumerate(prompts):
            ids[i, : len(p)] = torch.tensor(p)
        cache = torch.zeros(len(self._layers), 2, len(prompts), self._heads, longest, 64)
        hidden = self._forward(ids, torch.arange(longest).expand_as(ids), cache)
        hidden = hidden[torch.arange(len(prompts)), lengths - 1].repeat_interleave(n, 0)
        lengths, cache = lengths.repeat_interleave(n), cache.repeat_interleave(n, 2)
        out: list[list[int]] = [[] for _ in lengths]
        rows = torch.arange(len(lengths))
        going = torch.ones(len(lengths), dtype=torch.bool)
        while True:
            logits = hidden @ self._embedding[: len(VOCABULARY)].T / temperature
            tokens = torch.multinomial(logits.softmax(-1), 1, generator=random)
            for row, token, goes in zip(rows.tolist(), tokens[:, 0].tolist(), going.tolist(), strict=True):
                if goes:
                    out[row].append(token)
            going &= (tokens[:, 0] != END) & (lengths < most)
            lengths = torch.where(going, lengths, 0)  # a finished row works on at the start of its own cache
            left = int(going.sum())
            if not left:
                return out
            if left < KEEP * len(going):  # seldom, since it copies the cache
                rows, lengths, tokens, cache = rows[going], lengths[going], tokens[going], cache[:, :, going]
                going = going[going]
            if int(lengths.max()) >= cache.shape[4]:
                cache = functional.pad(cache, (0, 0, 0, GROW))
            hidden = self._forward(tokens, lengths[:, None], cache)[:, 0]
            lengths = lengths + 1

    def _forward(self, ids: torch.Tensor, positions: torch.Tensor, cache: torch.Tensor) -> torch.Tensor:
        """Final hidden states, shape (rows, tokens, hidden); writes the cache at ``positions``."""
        rows, length = ids.shape
        end = int(positions.max()) + 1
        mask = torch.arange(end) <= positions[:, None, :, None]
        cos, sin = self._cos[positions][:, None], self._sin[positions][:, None]
        at = positions[:, None, :, None].expand(rows, self._heads, length, 64)
        x = self._embedding[ids]
        for w, (keys, values) in zip(self._layers, cache, strict=True):
            y = self._rms(x, w["input_layernorm.weight"])
            q, k, v = (
                (y @ w[f"self_attn.{n}_proj.weight"].T).view(rows, length, self._heads, 64).transpose(1, 2)
                for n in "qkv"
            )
            keys.scatter_(2, at, _rotate(k, cos, sin))
            values.scatter_(2, at, v)
            y = functional.scaled_dot_product_attention(
                _rotate(q, cos, sin), keys[:, :, :end], values[:, :, :end], attn_mask=mask
            )
            x = x + y.transpose(1, 2).reshape(rows, length, -1) @ w["self_attn.o_proj.weight"].T
            y = self._rms(x, w["post_attention_layernorm.weight"])
            gate = functional.silu(y @ w["mlp.gate_proj.weight"].T)
            x = x + (gate * (y @ w["mlp.up_proj.weight"].T)) @ w["mlp.down_proj.weight"].T
        return self._rms(x, self._norm)

    def _rms(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return functional.rms_norm(x, (x.shape[-1],), weight, self.config.rms_norm_eps)


def _rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary position embedding on the last dimension."""
    first, second = x[..., :32], x[..., 32:]
    return x * cos + torch.cat((-second, first), -1) * sin
