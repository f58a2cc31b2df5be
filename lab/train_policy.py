"""Train a tiny policy from scratch: ``python -m lab.train_policy policy`` (or ``large``).

Resumable: the state is saved after every pool of examples, and the same command goes on from there.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch

from lab import tokenizer
from lab.corpus import CARE, EARLIER, REDRAW, REVISIONS, Example, batches
from lab.students import Rates
from lab.tokenizer import IDS, VOCABULARY_SIZE

CONTEXT = 1024
WORK = Path(".cache/tiny")
"""Unfinished work, under the current directory."""
LOG = "training.json"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One policy's shape and schedule."""

    seed: int
    hidden: int
    intermediate: int
    layers: int
    heads: int
    """Of 64 dimensions each (at hidden = 64 * heads)."""
    mistakes: float
    """Factor on the rates of the training data's mistakes."""
    pools: int
    """Pools of examples to train on."""
    pool_examples: int = 2048
    batch_tokens: int = 2048
    rate: float = 4e-3
    warmup: int = 100
    """Batches of linear warm-up; then a cosine down to a hundredth."""
    decay: float = 0.05
    """Weight decay of matrices."""


RECIPES = {
    "policy": Recipe(seed=1, hidden=128, intermediate=384, layers=4, heads=2, mistakes=1.0, pools=40),
    "large": Recipe(seed=2, hidden=192, intermediate=672, layers=4, heads=3, mistakes=0.6, pools=26),
}


def build(recipe: Recipe) -> Any:
    """A fresh model."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(recipe.seed)
    config = LlamaConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=recipe.hidden,
        intermediate_size=recipe.intermediate,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        pad_token_id=IDS[tokenizer.PAD],
        bos_token_id=None,
        eos_token_id=IDS[tokenizer.END],
        attn_implementation="sdpa",
    )
    return LlamaForCausalLM(config)


def tensors(batch: list[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    """Padded ids and next-token targets, -100 where nothing is learnt; both of shape (examples, longest - 1)."""
    longest = max(len(e.ids) for e in batch)
    ids = torch.full((len(batch), longest), IDS[tokenizer.PAD])
    targets = torch.full((len(batch), longest), -100)
    for row, e in enumerate(batch):
        ids[row, : len(e.ids)] = torch.tensor(e.ids)
        targets[row, e.start : len(e.ids)] = ids[row, e.start : len(e.ids)]
    return ids[:, :-1].contiguous(), targets[:, 1:].contiguous()


def optimizers_for(model: Any, rate: float, decay: float) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for the embedding and the norms; no weight decay on norms."""
    embedding = model.get_input_embeddings().weight
    matrices = [p for p in model.parameters() if p.ndim > 1 and p is not embedding]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": [embedding], "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
    return [
        torch.optim.Muon(matrices, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95)),
    ]


def schedule(step: int, done: float, warmup: int) -> float:
    """Factor on the learning rate; ``done`` is the share of all training behind us."""
    cosine = 0.505 + 0.495 * float(torch.cos(torch.tensor(done * torch.pi)))
    return min(1.0, (step + 1) / warmup) * cosine


def train(name: str, recipe: Recipe, work: Path) -> tuple[Any, dict[str, Any]]:
    """Train to the end, from the saved state where there is one; return the model and its log."""
    model = build(recipe)
    optimizers = optimizers_for(model, recipe.rate, recipe.decay)
    log: dict[str, Any] = {"step": 0, "pool": 0, "tokens": 0, "cpu_seconds": 0.0, "wall_seconds": 0.0, "losses": []}
    state_file = work / f"{name}.pt"
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        log = state["log"]
    rates = Rates().scaled(recipe.mistakes)
    model.train()
    for pool in range(log["pool"], recipe.pools):
        cpu, wall, losses = time.process_time(), time.monotonic(), []
        cut = batches(f"{name}/{recipe.seed}/{pool}", rates, recipe.pool_examples, recipe.batch_tokens)
        for i, batch in enumerate(cut):
            factor = schedule(log["step"], (pool + i / len(cut)) / recipe.pools, recipe.warmup)
            for group in (g for o in optimizers for g in o.param_groups):
                group["lr"] = recipe.rate * factor
            ids, targets = tensors(batch)
            logits = model(ids, use_cache=False).logits
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer in optimizers:
                optimizer.step()
            model.zero_grad(set_to_none=True)
            losses.append(loss.item())
            log["step"] += 1
            log["tokens"] += sum(len(e.ids) for e in batch)
        log["pool"] = pool + 1
        log["losses"].append(round(sum(losses) / len(losses), 4))
        log["cpu_seconds"] = round(log["cpu_seconds"] + time.process_time() - cpu, 1)
        log["wall_seconds"] = round(log["wall_seconds"] + time.monotonic() - wall, 1)
        saved = [o.state_dict() for o in optimizers]
        save_state({"model": model.state_dict(), "optimizers": saved, "log": log}, state_file)
        summary = {k: log[k] for k in ("pool", "step", "tokens", "cpu_seconds", "wall_seconds")}
        print(json.dumps({**summary, "loss": log["losses"][-1]}), flush=True)  # noqa: T201
    return model, log


def save_state(state: dict[str, Any], path: Path) -> None:
    """Replace the saved state in one move, so that a kill at any time leaves a whole one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    torch.save(state, fresh)
    fresh.replace(path)


def export(model: Any, folder: Path, record: dict[str, Any]) -> None:
    """Write a checkpoint in the hub's format: half precision, tokenizer, generation config, training log."""
    model.half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    tokenizer.save(folder, CONTEXT)
    (folder / LOG).write_text(json.dumps(record, indent=1) + "\n")


def main() -> None:
    """Train one policy and write its checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--out", type=Path, default=None, help="folder to write (default: the package's own)")
    parser.add_argument("--work", type=Path, default=WORK, help="folder of the resumable state")
    parser.add_argument("--pools", type=int, default=None, help="pools of examples, for a trial")
    args = parser.parse_args()
    recipe = RECIPES[args.name]
    if args.pools is not None:
        recipe = Recipe(**{**asdict(recipe), "pools": args.pools})
    model, log = train(args.name, recipe, args.work)
    data = {
        "rates": asdict(Rates().scaled(recipe.mistakes)),
        "revisions": {"share": REVISIONS, "most_earlier": EARLIER, "redraw": REDRAW, "care": CARE},
    }
    parameters = sum(p.numel() for p in model.parameters())
    record = {"recipe": asdict(recipe), "data": data, "parameters": parameters, "torch": torch.__version__, **log}
    export(model, args.out or Path(str(files("tts.tiny"))) / "weights" / args.name, record)


if __name__ == "__main__":
    main()
