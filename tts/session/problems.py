"""Taking up problems: loaded once, rendered once, and from then on read from the journal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tts.benchmarks import Benchmark, Loaded, PromptConfig, build_messages, get_benchmark, plain_text
from tts.core import POLICY, Engine, KnowsAnswers, Message, Prompt, Question, UsageError, canonical_json
from tts.store import BenchmarkInfo, Journal, RunDir
from tts.sweep.cells import HeldProblem
from tts.sweep.config import BenchmarkEntry, SweepConfig
from tts.sweep.merge import with_limits

_COLUMNS = "benchmark, problem, question, answer, subject, level, messages, prompt, prompt_ids"


def render(question: Question, benchmark: Benchmark, config: PromptConfig, engine: Engine) -> Prompt:
    """The prompt for one question. Raises UsageError where a chat is asked of a model without a template."""
    return render_chat(build_messages(question, benchmark, config), config, engine)


def render_chat(messages: list[Message], config: PromptConfig, engine: Engine) -> Prompt:
    """The prompt for a chat. Raises UsageError where a chat is asked of a model without a template."""
    if config.chat and not engine.chats:
        raise UsageError("prompt.chat: the model's tokenizer has no chat template; leave chat out, or set it to false")
    if engine.chats and config.chat is not False:
        return engine.render(messages, config.chat_template_kwargs)
    return engine.encode(plain_text(messages))


@dataclass(frozen=True)
class New:
    """A benchmark's problems, rendered and not yet in the journal."""

    entry: BenchmarkEntry
    loaded: Loaded
    chats: tuple[list[Message], ...]
    """One a problem, and so"""
    prompts: tuple[Prompt, ...]


def load_new(config: SweepConfig, rundir: RunDir, engine: Engine, data_dir: Path | None) -> list[New]:
    """The benchmarks that the run has not taken up yet, or not as far. Raises UsageError (name, data, prompt).

    A replay finds nothing new, and so needs neither the data nor a tokenizer.
    """
    new = []
    for i, entry in enumerate(with_limits(config)):
        before = rundir.benchmarks.get(entry.name)
        if before is not None and before.limit == entry.limit:
            continue
        benchmark = get_benchmark(entry.name, f"benchmarks[{i}].name")
        loaded = benchmark.load(data_dir=data_dir, limit=entry.limit)
        chats = tuple(build_messages(p.question, benchmark, config.prompt) for p in loaded.problems)
        prompts = tuple(render_chat(chat, config.prompt, engine) for chat in chats)
        new.append(New(entry, loaded, chats, prompts))
    return new


def take_up(new: Sequence[New], rundir: RunDir, journal: Journal, engines: Mapping[str, Engine]) -> list[HeldProblem]:
    """Store what is new, and return all problems of the run. Raises UsageError where the data has changed."""
    for benchmark in new:
        _store(journal, benchmark)
        rundir.benchmarks[benchmark.entry.name] = BenchmarkInfo(
            source=benchmark.loaded.source,
            revision=benchmark.loaded.revision,
            limit=benchmark.entry.limit,
            problems=len(benchmark.loaded.problems),
        )
    problems = held_problems(journal)
    for role, engine in engines.items():
        if isinstance(engine, KnowsAnswers):
            truth = {p.name: engine.learn(p.benchmark, p.question.id, p.prompt, p.answer) for p in problems}
            name = "truth.json" if role == POLICY else f"truth.{role}.json"
            rundir.write(name, json.dumps(truth, indent=1) + "\n")
    return problems


def _store(journal: Journal, new: New) -> None:
    """Insert the problems that the journal lacks; those it has must be the same."""
    name = new.entry.name
    rows = journal.db.execute("SELECT problem, question, answer FROM problems WHERE benchmark = ?", (name,))
    held = {problem: (question, answer) for problem, question, answer in rows}
    fresh = []
    for p, chat, prompt in zip(new.loaded.problems, new.chats, new.prompts, strict=True):
        q = p.question
        if p.id not in held:
            ids = np.asarray(prompt.token_ids, "<u4").tobytes()
            fresh.append((name, p.id, q.text, p.answer, q.subject, q.level, canonical_json(chat), prompt.text, ids))
        elif held[p.id] != (q.text, p.answer):
            raise UsageError(
                f"benchmark {name}: problem {p.id!r} is not the one that the run was made with; "
                "use the data as it was, or name another directory with --out"
            )
    journal.db.execute("BEGIN IMMEDIATE")
    journal.db.executemany(f"INSERT INTO problems ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", fresh)
    journal.db.execute("COMMIT")


def held_problems(journal: Journal) -> list[HeldProblem]:
    """The journal's problems, in the order in which they were taken up."""
    return [
        HeldProblem(
            row=row,
            benchmark=benchmark,
            question=Question(problem, text, subject, level),
            answer=answer,
            messages=tuple(json.loads(messages)),
            prompt=Prompt(prompt, tuple(np.frombuffer(ids, "<u4").tolist())),
        )
        for row, benchmark, problem, text, answer, subject, level, messages, prompt, ids in journal.db.execute(
            f"SELECT id, {_COLUMNS} FROM problems ORDER BY id"
        )
    ]
