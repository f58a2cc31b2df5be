"""Measure the tiny models through vLLM: ``python -m lab.evaluate policy large revision prm prm_weak``.

Each stage adds its figures to ``figures.json`` beside the weights, from which ``python -m lab.card`` writes the
card. Samples are kept under ``.cache/tiny/eval``; the reward models score those of the policy.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab import figures, rollouts
from lab.corpus import EARLIER, prompt_ids
from lab.sampling import answer, engine, sample, split_steps
from lab.tokenizer import END, IDS, RETRY
from lab.train_policy import WORK
from tts.benchmarks.arith import question_text, test_split
from tts.benchmarks.expressions import LEVELS, Expression
from tts.tiny.weights import WEIGHTS, weights_path

TEMPERATURE = 1.0
SAMPLES = 64
PER_LEVEL = 50
FIGURES = weights_path("vllm/tiny-arith").parent / "figures.json"
HARDEST = LEVELS[-len(LEVELS) // 3 :]
BUDGETS = (1, 2, 4, 8, 16, 32, 64)


def problems(per_level: int) -> list[Expression]:
    """The first problems of every level of the published test split."""
    return [e for level in LEVELS for e in test_split(level, per_level)]


def sampled(name: str, folder: Path, per_level: int, work: Path) -> list[list[list[int]]]:
    """SAMPLES completions of every problem, from the work folder where they are there already."""
    file = work / "eval" / f"{name}-{per_level}x{SAMPLES}.json"
    if not file.exists():
        prompts = [prompt_ids(question_text(e)) for e in problems(per_level)]
        completions = sample(engine(folder), prompts, SAMPLES, TEMPERATURE)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(completions))
    found: list[list[list[int]]] = json.loads(file.read_text())
    return found


def policy_stage(name: str, folder: Path, per_level: int, work: Path) -> dict[str, Any]:
    """pass@1, pass@64, majority@64 and the rate of samples without an answer."""
    answers: dict[str, list[list[int | None]]] = {}
    right: dict[str, list[int]] = {}
    for e, completions in zip(problems(per_level), sampled(name, folder, per_level, work), strict=True):
        answers.setdefault(str(e.level), []).append([answer(c) for c in completions])
        right.setdefault(str(e.level), []).append(e.value)
    return figures.policy_figures(answers, right)


def revision_stage(name: str, folder: Path, per_level: int, work: Path) -> dict[str, Any]:
    """Revisions of 1 to 4 earlier attempts (the policy's own samples) against fresh samples, paired by problem."""
    expressions = problems(per_level)
    held = sampled("policy", folder, per_level, work)
    llm = engine(folder)
    fresh = [sum(answer(c) == e.value for c in cs) / len(cs) for e, cs in zip(expressions, held, strict=True)]
    result: dict[str, Any] = {}
    for earlier in range(1, EARLIER + 1):
        prompts = []
        for e, completions in zip(expressions, held, strict=True):
            for at in range(0, 16 - earlier + 1, earlier):
                ids = prompt_ids(question_text(e))
                for attempt in completions[at : at + earlier]:
                    ids = [*ids, *attempt, *([] if attempt[-1] == IDS[END] else [IDS[END]]), IDS[RETRY]]
                prompts.append(ids)
        revised = [answer(c[0]) for c in sample(llm, prompts, 1, TEMPERATURE, 200)]
        share = len(prompts) // len(expressions)
        means = [
            sum(a == e.value for a in revised[i * share : (i + 1) * share]) / share for i, e in enumerate(expressions)
        ]
        result[str(earlier)] = {
            "revision": figures.interval(means),
            "fresh": figures.interval(fresh),
            "revision - fresh": figures.difference(means, fresh),
        }
    return result


def prm_stage(name: str, folder: Path, per_level: int, work: Path) -> dict[str, Any]:
    """Step AUROC on held-out roll-outs, best-of-n and weighted vote on the policy's samples, parity with torch."""
    from lab import prm

    llm = engine(
        folder,
        runner="pooling",
        pooler_config={"pooling_type": "STEP", "step_tag_id": prm.STEP_ID, "use_activation": True},
        enable_prefix_caching=False,
    )

    def scores(sequences: list[list[int]]) -> list[list[float]]:
        outputs = llm.encode(
            [{"prompt_token_ids": s} for s in sequences], pooling_task="token_classify", use_tqdm=False
        )
        return [o.outputs.data[:, 1].tolist() for o in outputs]

    labelled = list(rollouts.read(work, "heldout"))
    heldout = [prm.input_ids(f"Compute {x.expression}.", x.steps) for x in labelled]
    values = scores(heldout)
    torch_values = prm.step_scores(prm.load(folder), heldout[:200])
    gap = max(abs(a - b) for v, t in zip(values, torch_values, strict=False) for a, b in zip(v, t, strict=True))
    counts = all(len(v) == len(x.steps) for v, x in zip(values, labelled, strict=True))
    positive = [[w > 0 for w in x.wins] for x in labelled]
    result: dict[str, Any] = {
        "step_auroc": figures.auroc_interval(values, positive),
        "steps": sum(map(len, values)),
        "scores_as_many_as_steps": counts,
        "largest_gap_to_torch": round(gap, 6),
    }
    expressions = problems(per_level)
    held = sampled("policy", weights_path("vllm/tiny-arith"), per_level, work)
    flat = scores(
        [
            prm.input_ids(question_text(e), split_steps(c)[:40] or [[]])
            for e, cs in zip(expressions, held, strict=True)
            for c in cs
        ]
    )
    answers = [[answer(c) for c in cs] for cs in held]
    result["selection"] = {}
    for aggregation, reduce in (("min", min), ("last", lambda values: values[-1])):
        whole = [[reduce(v) for v in flat[i * SAMPLES : (i + 1) * SAMPLES]] for i in range(len(expressions))]
        result["selection"][aggregation] = selection(expressions, answers, whole)
    return result


def selection(
    expressions: list[Expression], answers: list[list[int | None]], scores: list[list[float]]
) -> dict[str, Any]:
    """best-of-n, weighted vote and majority by n, over all levels and the hardest third."""
    result: dict[str, Any] = {}
    for title, levels in (("mixed", LEVELS), ("hardest third", HARDEST)):
        chosen = [i for i, e in enumerate(expressions) if e.level in levels]
        rows: dict[str, Any] = {}
        for n in BUDGETS:
            best, vote, weighted = [], [], []
            for i in chosen:
                right = expressions[i].value
                correct = [a == right for a in answers[i]]
                usable = [s if a is not None else -1.0 for s, a in zip(scores[i], answers[i], strict=True)]
                best.append(figures.best_at_k(usable, correct, n))
                vote.append(figures.majority(answers[i], right, n))
                weighted.append(figures.weighted_at_k(answers[i], scores[i], right, n))
            rows[str(n)] = {
                "best": figures.interval(best),
                "weighted": figures.interval(weighted),
                "majority": figures.interval(vote),
                "best - majority": figures.difference(best, vote),
            }
        result[title] = rows
    return result


STAGES: dict[str, Callable[[str, Path, int, Path], dict[str, Any]]] = {
    "policy": policy_stage,
    "large": policy_stage,
    "revision": revision_stage,
    "prm": prm_stage,
    "prm_weak": prm_stage,
}


def main() -> None:
    """Run some stages; each replaces its own entry of the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="+", choices=STAGES)
    parser.add_argument("--per-level", type=int, default=PER_LEVEL, help="problems a level")
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    for stage in args.stages:
        started = time.monotonic()
        folder = FIGURES.parent / (stage if stage in WEIGHTS.values() else "policy")
        found = STAGES[stage](stage, folder, args.per_level, args.work)
        held = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
        settings = {"per_level": args.per_level, "samples": SAMPLES, "temperature": TEMPERATURE}
        held[stage] = {"settings": settings, **found}
        FIGURES.write_text(json.dumps(held, indent=1, sort_keys=True) + "\n")
        print(f"{stage}: {time.monotonic() - started:.0f} s; {FIGURES.name} written", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
