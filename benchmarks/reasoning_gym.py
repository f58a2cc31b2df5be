"""Tasks of the package ``reasoning-gym``: ``reasoning_gym:TASK`` or ``reasoning_gym:TASK,size=50,seed=0,KEY=VALUE``.

Its generators make the problems and its scorers grade them; KEY is a field of the task's own configuration, that is its
difficulty settings. A problem is a function of task, settings, seed and index. Its scorers need the whole generated
entry, most of which no JSON holds exactly, so grading generates the entry again and sees to it that it is the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

import yaml

from tts.benchmarks import reasoning_gym_calls
from tts.benchmarks.arguments import key_values, whole_number
from tts.benchmarks.benchmark import Benchmark, Loaded
from tts.core import Problem, Question, UsageError, did_you_mean
from tts.grading import Call, Checked, Checker, WorkerError, shared_pool
from tts.grading.boxes import last_boxed

MOST_CHARACTERS = 20_000
"""A longer answer is not scored."""
SCORE_LIMIT_S = 5.0
LOAD_LIMIT_S = 300.0
MEMORY_BYTES = 4 << 30
"""Memory that making problems, and scoring an answer, may take."""
CALLS = f"{reasoning_gym_calls.__name__}:load"
MOST_PROBLEMS = 10_000
INSTRUCTION = (
    "Please reason step by step. Then put your final answer, and nothing else, between <answer> and </answer>, "
    "in the format that the question asks for."
)

_ANSWER = re.compile(r"<answer>((?:(?!<answer>).)*?)</answer>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Task:
    """A task with its settings: all that its problems depend on."""

    name: str
    size: int = 50
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {"task": self.name, "size": self.size, "seed": self.seed, "options": self.options}

    def checked(self, reply: dict[str, Any]) -> dict[str, Any]:
        """A worker's reply. Raises UsageError where the package is absent, or does not know the task or a setting."""
        where, known = f"benchmark: reasoning_gym:{self.name}", reply.get("known", [])
        match reply.get("error"):
            case None:
                return reply
            case "not installed":
                raise UsageError(
                    f"{where} needs the package reasoning-gym ({reply['text']}); "
                    "pip install 'tts-scaling[reasoning-gym]'"
                )
            case "unknown task":
                near = did_you_mean(self.name, known)
                tasks = "" if near else f"; it has {', '.join(known)}"
                raise UsageError(f"{where}: reasoning-gym has no task {self.name!r}{near}{tasks}")
            case "unknown parameter":
                key = reply["key"]
                raise UsageError(
                    f"{where}: no parameter {key!r}{did_you_mean(key, known)}; it has size, seed, {', '.join(known)}"
                )
            case "refused":
                raise UsageError(f"{where}: reasoning-gym refuses {self.options}: {reply['text']}; change them")
        raise UsageError(
            f"{where}: reasoning-gym {reply['version']} makes other problems than the run was made with; "
            "install the version that the run records"
        )


class GymChecker(Checker):
    """The task's own scorer; an answer is correct where it gives the full score, 1."""

    limit_s = SCORE_LIMIT_S
    prepare_limit_s = LOAD_LIMIT_S
    memory_bytes = MEMORY_BYTES

    def __init__(self, task: Task):
        """``task``: whose scorer."""
        self.task = task
        try:
            self.version: str | None = version("reasoning-gym")
        except PackageNotFoundError:
            self.version = None

    def extract(self, text: str) -> str | None:
        """What the last ``<answer>`` holds, else the last box."""
        tagged = _ANSWER.findall(text)
        return (tagged[-1].strip() or None) if tagged else last_boxed(text)

    def canonical(self, answer: str) -> str:
        """The text as it is: what else counts as the same is known to the scorer alone."""
        return answer

    def prepare(self, problem: Problem) -> None:
        """Make the problem again. Raises UsageError where the package no longer makes this one."""
        self.task.checked(reasoning_gym_calls.make(_index(problem), problem.question.text, **self.task.settings))

    def check(self, problem: Problem, answer: str) -> Checked:
        """Whether the scorer gives 1; tells the ``score``."""
        if answer == problem.answer:
            return Checked(True)
        if len(answer) > MOST_CHARACTERS:
            return Checked(False, {"characters": len(answer)})
        scored = reasoning_gym_calls.score(_index(problem), answer, **self.task.settings)
        return Checked(scored["score"] == 1.0, scored)


def _index(problem: Problem) -> int:
    """The problem's place in its data set."""
    return int(problem.payload.get("index", problem.id.rpartition("/")[2]))


@dataclass(frozen=True, kw_only=True)
class ReasoningGymBenchmark(Benchmark):
    """Problems of one task; ``data_dir`` is not looked at."""

    argument: ClassVar[str | None] = "TASK"

    task: Task | None = None

    def with_argument(self, argument: str) -> Benchmark:
        """The benchmark of ``TASK`` or ``TASK,size=50,seed=0,KEY=VALUE``; the package is not looked at yet."""
        name, comma, rest = argument.partition(",")
        name = name.strip()
        if not name or "=" in name:
            raise UsageError(f"benchmark: {self.name}: names no task; write {self.name}:TASK")
        where = f"{self.name}:{name}"
        found = key_values(where, rest, "size=50,seed=0,KEY=VALUE", separator=",") if comma else {}
        size = whole_number(where, "size", found.pop("size", "50"), 1, MOST_PROBLEMS, separator=",")
        seed = whole_number(where, "seed", found.pop("seed", "0"), 0, 2**31 - 1, separator=",")
        task = Task(name, size, seed, {key: _value(where, key, text) for key, text in found.items()})
        return replace(self, name=f"{self.name}:{argument}", task=task, checker=GymChecker(task))

    def load(self, *, data_dir: Path | None = None, limit: int | None = None) -> Loaded:
        """The task's problems."""
        if self.task is None:
            raise UsageError(f"benchmark: {self.name} needs a task; write {self.name}:TASK")
        try:
            load = Call(CALLS, self.task.settings, LOAD_LIMIT_S, memory_bytes=MEMORY_BYTES)
            reply = self.task.checked(shared_pool().ask(load))
        except WorkerError:
            raise UsageError(
                f"benchmark: {self.name}: no problems within {LOAD_LIMIT_S:.0f} s and the memory allowed; "
                "ask for a smaller size or easier settings"
            ) from None
        name = self.task.name
        problems = tuple(
            Problem(Question(f"{name}/{i}", row["question"], name), row["answer"], payload={"index": i})
            for i, row in enumerate(reply["rows"][:limit])
        )
        return Loaded(problems, f"generated from seed {self.task.seed}", f"reasoning-gym {reply['version']}")


def _value(where: str, key: str, text: str) -> Any:
    """A number, a truth value, a list in brackets or a text, as in a sweep file."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = None
    if isinstance(value, bool | int | float | str | list):
        return value
    raise UsageError(f"benchmark: {where}: {key}={text}, expected a number, true, false, a word or a list in brackets")


REASONING_GYM = ReasoningGymBenchmark(
    name="reasoning_gym",
    description="reasoning_gym:TASK,size=50,seed=0,KEY=VALUE, a task of the package reasoning-gym and its scorer",
    instruction=INSTRUCTION,
    exemplars=(),
)
