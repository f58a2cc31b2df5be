"""Monte-Carlo labels of steps: ``python -m lab.rollouts train`` (or ``heldout``).

The policy solves problems; from every prefix of every solution it goes on several times, and the share of these
roll-outs that reach the right final answer is the step's label (Wang et al. 2024, "Math-Shepherd", section 3.3, soft
estimation). Whether a step is itself right is never looked at. Resumable: one file a part.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.corpus import prompt_ids, training_expression
from lab.generate import Policy
from lab.sampling import answer, split_steps
from lab.tokenizer import BREAK, IDS
from lab.train_policy import WORK
from tts.benchmarks.arith import question_text
from tts.benchmarks.expressions import LEVELS, Expression, Stream, draw
from tts.tiny.weights import weights_path

TEMPERATURE = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How many solutions are labelled, and how well."""

    parts: int
    """Files."""
    problems: int
    """Problems a part."""
    solutions: int
    """Solutions of each problem."""
    rollouts: int
    """Continuations from each prefix; with 1, that is the solution's own continuation and costs nothing more."""


PLANS = {
    "train": Plan(parts=8, problems=200, solutions=1, rollouts=4),
    "wide": Plan(parts=8, problems=1000, solutions=4, rollouts=1),
    "heldout": Plan(parts=2, problems=200, solutions=1, rollouts=16),
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """One solution with a label a step."""

    expression: str
    level: int
    steps: list[list[int]]
    """Token ids of each step, the boxed answer last."""
    wins: list[float]
    """Share of right roll-outs after each step; for the last step whether the answer is right."""


def expressions(kind: str, part: int) -> list[Expression]:
    """The problems of one part: from the training side of the split, or, held out, from its test side.

    ``wide`` has more of the lower levels, where one roll-out says more of a step.
    """
    stream, count = Stream(f"rollouts {kind} {part}"), PLANS[kind].problems
    if kind == "train":
        return [training_expression(stream) for _ in range(count)]
    chosen: list[Expression] = []
    while len(chosen) < count:
        level = LEVELS[len(chosen) % len(LEVELS)]
        if kind == "wide" and stream.chance(0.5):
            level = min(level, stream.between(LEVELS[0], LEVELS[-1]))
        expression = draw(stream, level)
        if expression.held_out == (kind == "heldout"):
            chosen.append(expression)
    return chosen


def label(policy: Policy, problems: list[Expression], plan: Plan, seed: int) -> list[Labelled]:
    """The finished solutions of each problem, labelled; those without an answer are left out."""
    prompts = [prompt_ids(question_text(e)) for e in problems]
    sampled = policy.sample(prompts, plan.solutions, TEMPERATURE, seed)
    tried = ((e, p, s) for e, p, found in zip(problems, prompts, sampled, strict=True) for s in found)
    kept = [(e, p, s) for e, p, s in tried if answer(s) is not None]
    wins: list[list[float]] = [[] for _ in kept]
    if plan.rollouts == 1:
        wins = [[float(answer(s) == e.value)] * (len(split_steps(s)) - 1) for e, _, s in kept]
    else:
        prefixes, owners = [], []
        for i, (_, prompt, solution) in enumerate(kept):
            ids = list(prompt)
            for step in split_steps(solution)[:-1]:
                ids = [*ids, *step, IDS[BREAK]]
                prefixes.append(ids)
                owners.append(i)
        continued = policy.sample(prefixes, plan.rollouts, TEMPERATURE, seed + 1)
        for i, completions in zip(owners, continued, strict=True):
            wins[i].append(sum(answer(c) == kept[i][0].value for c in completions) / plan.rollouts)
    return [
        Labelled(e.text, e.level, split_steps(s), [*w, float(answer(s) == e.value)])
        for (e, _, s), w in zip(kept, wins, strict=True)
    ]


def path(work: Path, kind: str, part: int) -> Path:
    """Where one part's labels lie."""
    return work / "rollouts" / f"{kind}-{part:03d}.jsonl"


def read(work: Path, kind: str, parts: int | None = None) -> Iterator[Labelled]:
    """The labels of the first ``parts`` parts (all by default). FileNotFoundError where one is missing."""
    for part in range(PLANS[kind].parts if parts is None else parts):
        for line in path(work, kind, part).read_text().splitlines()[1:]:
            yield Labelled(**json.loads(line))


def seconds(work: Path, kind: str) -> dict[str, float]:
    """CPU and wall seconds that making all the parts took."""
    total = {"cpu_seconds": 0.0, "wall_seconds": 0.0}
    for part in range(PLANS[kind].parts):
        with path(work, kind, part).open() as file:
            for key, value in json.loads(file.readline()).items():
                total[key] = round(total[key] + value, 1)
    return total


def make(policy: Policy, kind: str, part: int, work: Path) -> None:
    """Label one part, unless it is there already."""
    target = path(work, kind, part)
    if target.exists():
        return
    cpu, wall = time.process_time(), time.monotonic()
    plan = PLANS[kind]
    labelled = label(policy, expressions(kind, part), plan, seed=1000 * part + plan.rollouts)
    spent = {"cpu_seconds": time.process_time() - cpu, "wall_seconds": time.monotonic() - wall}
    rows: list[dict[str, Any]] = [spent, *({k: getattr(x, k) for k in Labelled.__slots__} for x in labelled)]
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    fresh.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fresh.replace(target)
    print(json.dumps({"part": part, "solutions": len(labelled), **spent}), flush=True)  # noqa: T201


def main() -> None:
    """Label every part that is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=PLANS)
    parser.add_argument("--work", type=Path, default=WORK, help="folder of the labels")
    parser.add_argument("--policy", type=Path, default=weights_path("vllm/tiny-arith"))
    args = parser.parse_args()
    policy = Policy(args.policy)
    for part in range(PLANS[args.kind].parts):
        make(policy, args.kind, part, args.work)


if __name__ == "__main__":
    main()
