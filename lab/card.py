"""Write the measured part of the card: ``python -m lab.card docs/tiny-models.md``.

Everything between the two markers comes from the training logs and ``figures.json`` beside the weights.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lab.train_policy import LOG
from tts.tiny.weights import WEIGHTS, weights_path

BEGIN, STOP = "<!-- figures: written by make tiny-models-card -->", "<!-- end of figures -->"
ROOT = weights_path("vllm/tiny-arith").parent


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def share(value: dict[str, float]) -> str:
    """``41.2 (38.0-44.5)``: a percentage with its interval."""
    return f"{100 * value['mean']:.1f} ({100 * value['low']:.1f} to {100 * value['high']:.1f})"


def training(root: Path) -> str:
    """What each training took."""
    rows = []
    for name, folder in WEIGHTS.items():
        file = root / folder / LOG
        if file.exists():
            log = json.loads(file.read_text())
            size = (root / folder / "model.safetensors").stat().st_size / 1e6
            minutes = [f"{log[key] / 60:.1f}" for key in ("cpu_seconds", "wall_seconds")]
            last = log["losses"][-1]
            rows.append((f"`{name}`", f"{log['parameters']:,}", f"{size:.2f}", f"{log['tokens']:,}", *minutes, last))
    head = ("name", "parameters", "MB", "tokens seen", "CPU minutes", "wall minutes", "last loss")
    return table(head, rows) if rows else ""


def policies(held: dict[str, Any]) -> str:
    """pass@1, pass@n and majority@n by level."""
    parts = []
    for stage, name in (("policy", "vllm/tiny-arith"), ("large", "vllm/tiny-arith-large")):
        if stage not in held:
            continue
        found, n = held[stage], held[stage]["settings"]["samples"]
        keys = ("pass@1", "majority@n", "pass@n", "no_answer")
        rows = [(level, *(share(row[k]) for k in keys)) for level, row in _by_level(found["levels"])]
        rows.append(("mixed", *(share(found["mixed"][k]) for k in keys)))
        head = ("level", "pass@1", f"majority@{n}", f"pass@{n}", "no answer")
        gap = share(found["mixed"]["pass@n - majority@n"])
        parts.append(f"`{name}`, {_settings(found)}:\n\n{table(head, rows)}\n\npass@{n} - majority@{n}: {gap} points.")
    return "\n\n".join(parts)


def revisions(held: dict[str, Any]) -> str:
    """Revision against a fresh sample."""
    if "revision" not in held:
        return ""
    found = held["revision"]
    rows = [
        (n, share(found[n]["fresh"]), share(found[n]["revision"]), share(found[n]["revision - fresh"]))
        for n in sorted(k for k in found if k != "settings")
    ]
    return f"Revisions by `vllm/tiny-arith` of its own samples, pass@1, {_settings(found, '')}:\n\n" + table(
        ("earlier attempts", "fresh sample", "revision", "difference"), rows
    )


def verifiers(held: dict[str, Any]) -> str:
    """AUROC and selection by each reward model."""
    parts = []
    for stage, name in (("prm", "prm/tiny-arith"), ("prm_weak", "prm/tiny-arith-weak")):
        if stage not in held:
            continue
        found = held[stage]
        auroc, whole = found["step_auroc"], "yes" if found["scores_as_many_as_steps"] else "NO"
        parts.append(
            f"`{name}`: step AUROC {auroc['mean']:.3f} ({auroc['low']:.3f} to {auroc['high']:.3f}) on "
            f"{found['steps']:,} held-out steps; as many scores as steps: {whole}; largest gap between "
            f"vLLM's scores and a torch forward: {found['largest_gap_to_torch']:.1e}. Selection: {_settings(found)}."
        )
        keys = ("majority", "best", "weighted", "best - majority")
        for aggregation, by_levels in sorted(found["selection"].items(), reverse=True):
            for title, rows in by_levels.items():
                lines = [(n, *(share(row[k]) for k in keys)) for n, row in _by_level(rows)]
                levels = "all levels" if title == "mixed" else title
                parts.append(f"`{name}:{aggregation}`, {levels}:\n\n" + table(("n", *keys), lines))
    return "\n\n".join(parts)


def _by_level(rows: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(rows.items(), key=lambda item: int(item[0]))


def _settings(found: dict[str, Any], samples: str = ", {samples} samples each") -> str:
    text = "{per_level} problems a level" + samples + ", temperature {temperature}"
    return text.format(**found["settings"])


def render(root: Path = ROOT) -> str:
    """The measured part, between its markers."""
    file = root / "figures.json"
    held = json.loads(file.read_text()) if file.exists() else {}
    parts = [training(root), policies(held), revisions(held), verifiers(held)]
    return "\n\n".join([BEGIN, *(p for p in parts if p), STOP])


def rewrite(text: str, rendered: str) -> str:
    """``text`` with what is between the markers replaced."""
    before, _, rest = text.partition(BEGIN)
    return before + rendered + rest.partition(STOP)[2]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(rewrite(target.read_text(), render()))
