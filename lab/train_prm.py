"""Train a tiny process reward model on roll-out labels: ``python -m lab.train_prm prm`` (or ``prm_weak``).

Resumable: the state is saved after every epoch.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from lab import prm, rollouts
from lab.rollouts import Labelled
from lab.tokenizer import IDS, PAD, STEP
from lab.train_policy import WORK, save_state, schedule
from tts.benchmarks.arith import question_text
from tts.benchmarks.expressions import Stream, parse
from tts.tiny.weights import weights_path


@dataclass(frozen=True, slots=True)
class Recipe:
    """One reward model's data and schedule."""

    seed: int
    kinds: tuple[str, ...]
    """Kinds of roll-out labels to learn from."""
    epochs: int
    batch_tokens: int = 2048
    rate: float = 1e-3
    warmup: int = 30
    decay: float = 0.05
    extra_layers: int = 0
    """Fresh layers on top of the policy's."""
    frozen_layers: int = 0
    """The policy's lowest layers that are left as they are, with the embedding where there are any."""
    slow: float = 1.0
    """Learning rate of the policy's other layers, relative to the fresh parameters'."""


RECIPES = {
    "prm": Recipe(seed=5, kinds=("train", "wide"), epochs=1, rate=2e-3, extra_layers=2, frozen_layers=2, slow=0.2),
    "prm_weak": Recipe(seed=3, kinds=("train",), epochs=4),
}


def batches(labelled: list[Labelled], name: str, tokens: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Ids and targets of one epoch, in an order that is a function of ``name``; a target is -1 off the step tags."""
    stream = Stream(name)
    rows = [(prm.input_ids(question_text(parse(x.expression)), x.steps), x.wins) for x in labelled]
    keyed = sorted(((len(ids) + stream.below(8), i) for i, (ids, _) in enumerate(rows)))
    cut: list[list[int]] = [[]]
    for length, i in keyed:
        if (len(cut[-1]) + 1) * length > tokens:
            cut.append([])
        cut[-1].append(i)
    cut.sort(key=lambda _: stream.below(1 << 40))
    return [_tensors([rows[i] for i in group]) for group in cut]


def _tensors(rows: list[tuple[list[int], list[float]]]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.full((len(rows), longest), IDS[PAD])
    targets = torch.full((len(rows), longest), -1.0)
    for row, (tokens, wins) in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        targets[row][ids[row] == IDS[STEP]] = torch.tensor(wins)
    return ids, targets


def optimizers_of(model: prm.ProcessRewardModel, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for matrices, AdamW for the embedding, norms and biases; the policy's own layers learn more slowly."""
    own = len(model.model.layers) - recipe.extra_layers
    for frozen in (model.model.embed_tokens, *model.model.layers)[: recipe.frozen_layers and recipe.frozen_layers + 1]:
        frozen.requires_grad_(False)
    policy = {id(p) for layer in model.model.layers[:own] for p in layer.parameters()}
    groups: dict[tuple[bool, float], list[torch.nn.Parameter]] = {}
    for p in model.parameters():
        if p.requires_grad:
            matrix = p.ndim > 1 and p is not model.model.embed_tokens.weight
            groups.setdefault((matrix, recipe.slow if id(p) in policy else 1.0), []).append(p)
    muon, adam = (
        [{"params": ps, "scale": scale} for (matrix, scale), ps in groups.items() if matrix == kind]
        for kind in (True, False)
    )
    return [
        torch.optim.Muon(muon, lr=recipe.rate, weight_decay=recipe.decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(adam, lr=recipe.rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def train(name: str, recipe: Recipe, policy: Path, work: Path) -> tuple[prm.ProcessRewardModel, dict[str, Any]]:
    """Train to the end, from the saved state where there is one; return the model and its log."""
    model = prm.from_policy(policy, recipe.seed, recipe.extra_layers)
    optimizers = optimizers_of(model, recipe)
    log: dict[str, Any] = {"step": 0, "epoch": 0, "tokens": 0, "cpu_seconds": 0.0, "wall_seconds": 0.0, "losses": []}
    state_file = work / f"{name}.pt"
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        log = state["log"]
    labelled = [x for kind in recipe.kinds for x in rollouts.read(work, kind)]
    log["solutions"], log["steps_labelled"] = len(labelled), sum(len(x.steps) for x in labelled)
    for epoch in range(log["epoch"], recipe.epochs):
        cpu, wall, losses = time.process_time(), time.monotonic(), []
        cut = batches(labelled, f"{name}/{recipe.seed}/{epoch}", recipe.batch_tokens)
        for i, (ids, targets) in enumerate(cut):
            factor = schedule(log["step"], (epoch + i / len(cut)) / recipe.epochs, recipe.warmup)
            for group in (g for o in optimizers for g in o.param_groups):
                group["lr"] = recipe.rate * factor * group["scale"]
            loss = soft_loss(model(ids), targets)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer in optimizers:
                optimizer.step()
            model.zero_grad(set_to_none=True)
            losses.append(loss.item())
            log["step"] += 1
            log["tokens"] += int((ids != IDS[PAD]).sum())
            if not log["step"] % 100:
                print(json.dumps({"step": log["step"], "loss": sum(losses[-100:]) / len(losses[-100:])}), flush=True)  # noqa: T201
        log["epoch"] = epoch + 1
        log["losses"].append(round(sum(losses) / len(losses), 4))
        log["cpu_seconds"] = round(log["cpu_seconds"] + time.process_time() - cpu, 1)
        log["wall_seconds"] = round(log["wall_seconds"] + time.monotonic() - wall, 1)
        saved = [o.state_dict() for o in optimizers]
        save_state({"model": model.state_dict(), "optimizers": saved, "log": log}, state_file)
        print(json.dumps({k: v for k, v in log.items() if k != "losses"} | {"loss": log["losses"][-1]}), flush=True)  # noqa: T201
    return model, log


def soft_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy against the share of right roll-outs, over the step tags alone."""
    at = targets >= 0
    wins = targets[at]
    return torch.nn.functional.cross_entropy(logits[at], torch.stack((1 - wins, wins), -1))


def main() -> None:
    """Train one reward model and write its checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--policy", type=Path, default=weights_path("vllm/tiny-arith"))
    parser.add_argument("--out", type=Path, default=None, help="folder to write (default: the package's own)")
    parser.add_argument("--work", type=Path, default=WORK, help="folder of the labels and the resumable state")
    args = parser.parse_args()
    recipe = RECIPES[args.name]
    model, log = train(args.name, recipe, args.policy, args.work)
    spent = {kind: asdict(rollouts.PLANS[kind]) | rollouts.seconds(args.work, kind) for kind in recipe.kinds}
    record = {
        "recipe": asdict(recipe),
        "data": {"temperature": rollouts.TEMPERATURE, **spent},
        "parameters": sum(p.numel() for p in model.parameters()),
        "torch": torch.__version__,
        **log,
    }
    prm.save(model, args.out or weights_path("prm/tiny-arith").parent / args.name, record)


if __name__ == "__main__":
    main()
