"""Make the logs beside this file: ``pip install inspect-ai==0.3.285``, then ``python make.py``.

``sums.eval``: three problems, two epochs, three scorers. ``minus.json``: a sample that failed without an output.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import tiktoken
from inspect_ai import Task, eval, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import read_eval_log, write_eval_log
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, includes, match, mean, scorer
from inspect_ai.solver import generate


class Words:
    """Counts the mock model's input without a download."""

    def encode(self, text, **_):
        return text.split()


tiktoken.get_encoding = lambda name: Words()


@scorer(metrics={"seven": [mean()], "half": [mean()]})
def pair():
    async def score(state, target):
        return Score(value={"seven": int("7" in state.output.completion), "half": 0.5})

    return score


@scorer(metrics=[mean()])
def length():
    async def score(state, target):
        return Score(value=len(state.output.completion) / 10)

    return score


@task
def sums():
    samples = [
        Sample(
            id=i + 1,
            input=[ChatMessageSystem(content="be brief"), ChatMessageUser(content=f"What is 3+{i}? {'so ' * 50}")],
            target=[str(3 + i), f"{3 + i}.0"],
            metadata={"level": i, "name": f"p{i}"},
        )
        for i in range(3)
    ]
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=[length(), match(), pair()], epochs=2)


@task
def minus():
    samples = [Sample(input="9-2?", target="7"), Sample(input="9-3?", target="6")]
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=includes())


def output(text, tokens, stop="stop"):
    made = ModelOutput.from_content("mockllm/model", text, stop_reason=stop)
    made.usage = ModelUsage(input_tokens=5, output_tokens=tokens, total_tokens=5 + tokens)
    return made


def run(made, outputs, kind, name):
    model = get_model("mockllm/model", custom_outputs=(o for o in outputs), memoize=False)
    (log,) = eval(made, model=model, log_dir="logs", log_format=kind, display="none", max_connections=1, max_tasks=1,
                  max_samples=1, log_realtime=False)  # fmt: skip
    log = read_eval_log(log.location)
    log.eval.task_file = log.eval.revision = log.error = None
    for sample in log.samples:  # what is long, or tells of this machine
        sample.events, sample.attachments, sample.timelines, sample.events_data = [], {}, None, None
        if sample.error:
            sample.error.traceback = sample.error.traceback_ansi = ""
    write_eval_log(log, str(here / name), format=kind)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    os.chdir(sys.argv[1])  # an empty folder
    texts = ["so it is \\boxed{3}", "7 and " + "on " * 50 + "\\boxed{9}", "it is 5", "4, no: 3", "\\boxed{4}", "5.0"]
    stops = ["stop", "max_tokens", "stop", "stop", "stop", "stop"]
    outputs = [output(text, 10 + i, stop) for i, (text, stop) in enumerate(zip(texts, stops, strict=True))]
    run(sums(), outputs, "eval", "sums.eval")
    run(minus(), [output("7", 1), ModelOutput(model="mockllm/model", choices=[])], "json", "minus.json")
