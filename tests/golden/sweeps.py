"""The runs that the golden fixtures hold: sweeps as `tts run` takes them, and what is asked of each afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SELECTORS = ["first", "majority", "best", "weighted", "oracle"]
SCORES = {"name": "prm/tiny-arith", "aggregation": ["last", "min"], "engine": {"max_model_len": 512}}
WEAK = {"name": "prm/tiny-arith-weak", "engine": {"max_model_len": 512}}
TINY = {
    "model": "vllm/tiny-arith",
    "engine": {"max_model_len": 1024},
    "sampling": {"temperature": 1.0, "max_tokens": 160},
}


@dataclass(frozen=True)
class Golden:
    """One run, and the commands whose tables are kept, by a name for each."""

    sweep: dict[str, Any] | None
    """None for an import."""
    commands: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Arguments of the command line; ``{NAME}`` is a run's directory."""
    plan: tuple[str, ...] = ()
    """Arguments of the allocation whose plan is carried out before any table is made."""


COMPARE = {"compare": ("compare", "{run}")}
OPTIMAL = {"optimal": ("optimal", "{run}"), "optimal_samples": ("optimal", "{run}", "--axis", "samples")}
SIMULATED = {
    "model": "simulated:seed=3,steps=3,step_tokens=3",
    "benchmarks": ["arith:levels=1-8,per_level=2"],
    "strategies": [{"name": "best_of_n", "n": [1, 2, 4, 5]}, "greedy"],
    "verifiers": [
        {"name": "simulated", "soft": True, "process": True, "false_positive": 0.2, "aggregation": ["last", "min"]},
        {
            "name": "ensemble/pair",
            "members": [
                {"name": "simulated", "soft": True, "process": True, "seed": 7},
                {"name": "simulated", "soft": True, "process": True, "seed": 8, "false_positive": 0.4},
            ],
        },
    ],
    "selectors": SELECTORS,
}

RUNS = {
    "simulated": Golden(
        {**SIMULATED, "seeds": [0, 1]},
        {
            **COMPARE,
            **OPTIMAL,
            "optimal_predicted": ("optimal", "{run}", "--bins", "predicted", "--verifier", "simulated:last"),
            "allocate": ("allocate", "{run}", "--budget", "2000", "--pilot", "2"),
            "allocate_best": ("allocate", "{run}", "--budget", "100", "--unit", "samples", "--pilot", "2",
                              "--selector", "best", "--verifier", "simulated:last", "--wrong-costs", "0.3"),
        },
    ),
    "planned": Golden(
        {
            **SIMULATED,
            "model": "simulated:seed=4,steps=3,step_tokens=3",
            "verifiers": [{"name": "simulated", "soft": True, "false_positive": 0.2}],
        },
        COMPARE,
        plan=("--budget", "80", "--unit", "samples", "--pilot", "2", "--selector", "weighted",
              "--verifier", "simulated:last", "--wrong-costs", "0.2"),
    ),
    "independent": Golden(
        {
            **TINY,
            "benchmarks": ["arith:levels=4-9,per_level=2"],
            "strategies": [{"name": "best_of_n", "n": [1, 4, 8]}, "greedy"],
            "verifiers": [SCORES, WEAK],
            "selectors": SELECTORS,
        },
        {
            **COMPARE,
            **OPTIMAL,
            "optimal_flops": ("optimal", "{run}", "--axis", "flops"),
            "matched": ("optimal", "{run}", "--larger", "{larger}", "--times", "4"),
            "joined": ("report", "{run}", "{larger}", "--out", "{out}"),
            "allocate": ("allocate", "{run}", "--budget", "6000", "--pilot", "2"),
        },
    ),
    "larger": Golden(
        {
            **TINY,
            "model": "vllm/tiny-arith-large",
            "benchmarks": ["arith:levels=4-9,per_level=2"],
            "strategies": [{"name": "best_of_n", "n": [1, 4]}],
            "selectors": ["first", "majority", "oracle"],
        },
    ),
    "searches": Golden(
        {
            **TINY,
            "sampling": {"temperature": 1.0, "max_tokens": 160, "logprobs": None},
            "benchmarks": ["arith:levels=4-8,per_level=1"],
            "strategies": [
                {"name": "best_of_n", "n": [2, 4]},
                {"name": "beam_search", "n": [4]},
                {"name": "dvts", "n": [4]},
                {"name": "lookahead", "n": [4]},
                {"name": "vg_search", "n": [4]},
                {"name": "rebase", "n": [4]},
                {"name": "mcts", "n": [4]},
            ],
            "verifiers": [{**SCORES, "aggregation": ["last"]}],
            "selectors": SELECTORS,
        },
        {**COMPARE, **OPTIMAL, "allocate": ("allocate", "{run}", "--budget", "3000", "--pilot", "2")},
    ),
    "particles": Golden(
        {
            **TINY,
            "sampling": {"temperature": 1.0, "max_tokens": 160, "logprobs": None},
            "benchmarks": ["arith:levels=5-7,per_level=1"],
            "strategies": [
                {"name": "particle_filter", "n": [4]},
                {"name": "particle_filter", "n": [8], "weight": "score", "resampling": "systematic", "ess_below": 0.5},
                {"name": "particle_gibbs", "n": [4]},
                {"name": "parallel_tempering", "n": [8]},
            ],
            "verifiers": [{**SCORES, "aggregation": ["last"]}],
            "selectors": SELECTORS,
        },
    ),
    "revision": Golden(
        {
            **TINY,
            "benchmarks": ["arith:levels=4-6,per_level=2"],
            "strategies": [
                {"name": "best_of_n", "n": [4]},
                {"name": "revision", "n": [4]},
                {"name": "revision", "n": [4], "chains": 2},
                {"name": "revision", "n": [4], "chains": 4},
                {"name": "multi_temperature", "n": [4]},
            ],
            "verifiers": [WEAK],
            "selectors": [*SELECTORS, "majority_by_group", "weighted_by_group"],
        },
        OPTIMAL,
    ),
    "imported": Golden(
        None,
        {
            **COMPARE,
            **OPTIMAL,
            "optimal_file": ("optimal", "{run}", "--labels", "file"),
            "allocate": ("allocate", "{run}", "--budget", "60", "--unit", "samples", "--pilot", "2"),
        },
    ),
}  # fmt: skip
PRICES = {
    "policy": {"input": 0.1, "output": 0.4, "cached_input": 0.02},
    "verifiers": {"prm/tiny-arith": {"input": 0.2}, "prm/tiny-arith-weak": {"input": 0.05}, "simulated": {"input": 1.0},
                  "symbolic": {"input": 0.0}},
    "gpu_hour": 2.5,
}  # fmt: skip
"""Cut to the verifiers of a run, since a price table may name no others."""


def imported_rows() -> list[dict[str, Any]]:
    """Samples of a made-up file: right, wrong, silent and cut ones, with labels that sometimes differ from ours."""
    rows = []
    for p in range(12):
        samples = []
        for i in range(6):
            kind = (5 * p + 3 * i + p * i) % 7
            value = p + 10 if kind < 3 else p + 11 + kind % 3
            text = (
                f"First {p}+10, and so the answer is \\boxed{{{value}}}." if kind != 6 else f"It depends on {'x' * p}"
            )
            samples.append(
                {
                    "text": text,
                    "tokens": 12 + 3 * i + p,
                    "right": (kind < 3) != (kind == 2 and p % 4 == 0),
                    "finish": "length" if kind == 6 else "stop",
                    "prm": round(((7 * p + 11 * i) % 20 + (6 if kind < 3 else 0)) / 26, 3),
                    "orm": round(((13 * p + 5 * i) % 17 - 3) / 9, 3),
                }
            )
        question = f"What is {p}+10?"
        rows.append({"id": f"q{p}", "gold": str(p + 10), "level": 1 + p // 3, "question": question, "samples": samples})
    return rows


IMPORT = ("--text", "samples.text", "--tokens", "samples.tokens", "--correct", "samples.right", "--finish",
          "samples.finish", "--score", "prm=samples.prm", "--score", "orm=samples.orm", "--labels", "both",
          "--n", "1,2,4,6")  # fmt: skip
