"""Tasks of the package ``reasoning-gym``: ``reasoning_gym:TASK`` or ``reasoning_gym:TASK,size=50,seed=0,KEY=VALUE``.

Its generators make the problems and its scorers grade them; KEY is a field of the task's own configuration, that is its
difficulty settings. A problem is a function of task, settings, seed and index. Its scorers need the whole generated
entry, most of which no JSON holds exactly, so grading generates the entry again and sees to it that it is the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import yaml

from tts.benchmarks.arguments import key_values, whole_number
from tts.benchmarks.benchmark import Benchmark, Loaded
from tts.benchmarks.checker import Checker
from tts.benchmarks.reasoning_gym_client import CLIENT, NoReplyError
from tts.core import Problem, Question, TtsError, UsageError, did_you_mean
from tts.grading.boxes import last_boxed

MOST_CHARACTERS = 20_000
"""A longer answer is not scored."""
SCORE_LIMIT_S = 5.0
LOAD_LIMIT_S = 300.0
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

    def ask(self, what: str, limit_s: float, **more: Any) -> dict[str, Any]:
        """The worker's reply. Raises UsageError where the package is absent, or does not know the task or a setting."""
        settings = {"task": self.name, "size": self.size, "seed": self.seed, "options": self.options}
        reply = CLIENT.ask({"ask": what, **settings, **more}, limit_s)
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


@dataclass(frozen=True)
class GymChecker:
    """The task's own scorer; an answer is correct where it gives the full score, 1."""

    task: Task

    def extract(self, text: str) -> str | None:
        """What the last ``<answer>`` holds, else the last box."""
        tagged = _ANSWER.findall(text)
        return (tagged[-1].strip() or None) if tagged else last_boxed(text)

    def canonical(self, answer: str) -> str:
        """The text as it is: what else counts as the same is known to the scorer alone."""
        return answer

    def correct(self, question: Question, gold: str, answer: str) -> bool:
        """Whether the scorer gives 1, in time. Raises UsageError where the package no longer makes this problem."""
        if answer == gold:
            return True
        if len(answer) > MOST_CHARACTERS:
            return False
        problem = {"index": int(question.id.rpartition("/")[2]), "question": question.text}
        try:
            self.task.ask("make", LOAD_LIMIT_S, **problem)  # its time is not the scorer's
        except NoReplyError:
            raise TtsError(f"reasoning-gym no longer makes problem {question.id} in time; resume the run") from None
        try:
            reply = self.task.ask("score", SCORE_LIMIT_S, **problem, answer=answer)
        except NoReplyError:
            return False
        return bool(reply["score"] == 1.0)


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
        checker: Checker = GymChecker(task)
        return replace(self, name=f"{self.name}:{argument}", task=task, checker=checker)

    def load(self, *, data_dir: Path | None = None, limit: int | None = None) -> Loaded:
        """The task's problems."""
        if self.task is None:
            raise UsageError(f"benchmark: {self.name} needs a task; write {self.name}:TASK")
        try:
            reply = self.task.ask("load", LOAD_LIMIT_S)
        except NoReplyError:
            raise UsageError(
                f"benchmark: {self.name}: no problems within {LOAD_LIMIT_S:.0f} s and the memory allowed; "
                "ask for a smaller size or easier settings"
            ) from None
        problems = tuple(
            Problem(Question(f"{self.task.name}/{i}", row["question"], subject=self.task.name), row["answer"])
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
