"""Taking up problems: loaded once, rendered once, and from then on read from the journal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tts.benchmarks import NEXT_QUESTION, Benchmark, Loaded, PromptConfig, build_messages, get_benchmark, plain_text
from tts.core import POLICY, Engine, KnowsAnswers, Message, Problem, Prompt, Question, UsageError
from tts.store import BenchmarkInfo, NewProblem, Recorder, RunDir, StoredProblem, stored_problems
from tts.sweep.changes import Changes, Follow, compare, notes, refusal
from tts.sweep.config import BenchmarkEntry, SweepConfig
from tts.sweep.merge import with_limits


def render(question: Question, benchmark: Benchmark, config: PromptConfig, engine: Engine) -> Prompt:
    """The prompt for one question. Raises UsageError where a chat is asked of a model without a template."""
    return render_chat(build_messages(question, benchmark, config), config, engine)


def render_chat(messages: list[Message], config: PromptConfig, engine: Engine) -> Prompt:
    """The prompt for a chat. Raises UsageError where a chat is asked of a model without a template."""
    if config.chat and not engine.chats:
        raise UsageError("prompt.chat: the model's tokenizer has no chat template; leave chat out, or set it to false")
    if _chats(config, engine):
        return engine.render(messages, config.chat_template_kwargs)
    return engine.encode(plain_text(messages))


def _chats(config: PromptConfig, engine: Engine) -> bool:
    return engine.chats and config.chat is not False


def with_stop(config: SweepConfig, engine: Engine) -> SweepConfig:
    """The sweep with the stop string of plain-text prompts, where it names none and the policy's are such."""
    if "stop" in config.sampling.model_fields_set or _chats(config.prompt, engine):
        return config
    return config.model_copy(update={"sampling": config.sampling.model_copy(update={"stop": (NEXT_QUESTION,)})})


@dataclass(frozen=True)
class Update:
    """What the run is to take up of a benchmark's data, rendered and not yet in the journal."""

    entry: BenchmarkEntry
    loaded: Loaded
    changes: Changes
    """Those that are followed."""
    whole: bool
    """Whether nothing of the data is left aside."""
    fresh: tuple[Problem, ...]
    """To be drawn for: those added, and those whose question changed."""
    chats: tuple[list[Message], ...]
    """One a fresh problem, and so"""
    prompts: tuple[Prompt, ...]
    notes: tuple[str, ...]
    """What to tell of it."""


def updates_of(
    config: SweepConfig, rundir: RunDir, engine: Engine, data_dir: Path | None, follow: Follow = "additions"
) -> list[Update]:
    """What is new in the run's benchmarks, or has changed since it took them up.

    A replay of what the data have not moved away from needs neither them nor a tokenizer. Raises UsageError (name,
    data, prompt), and where the data have changed so that they are another run's.
    """
    updates = []
    for i, entry in enumerate(with_limits(config)):
        before = rundir.benchmarks.get(entry.name)
        benchmark = get_benchmark(entry.name, f"benchmarks[{i}].name")
        folder = _folder(benchmark, before, data_dir)
        if before is not None and before.limit == entry.limit and not _moved(benchmark, before, folder):
            continue
        loaded = benchmark.load(data_dir=folder)
        held, retired = stored_problems(rundir.journal, entry.name)
        try:
            changes = compare(held, retired, loaded.problems, entry.limit)
        except UsageError as error:
            raise UsageError(f"{rundir.path}: {loaded.source}: {error}") from None
        followed = changes.followed(follow)
        if follow in ("additions", "nothing") and changes.differs:
            raise UsageError(refusal(str(rundir.path), loaded.source, changes))
        fresh = (*followed.added, *(p for _, p in followed.questions))
        chats = tuple(build_messages(p.question, benchmark, config.prompt) for p in fresh)
        prompts = tuple(render_chat(chat, config.prompt, engine) for chat in chats)
        said = notes(loaded.source, changes, follow) if before and before.revision != loaded.revision else []
        updates.append(Update(entry, loaded, followed, followed == changes, fresh, chats, prompts, tuple(said)))
    return updates


def _folder(benchmark: Benchmark, before: BenchmarkInfo | None, data_dir: Path | None) -> Path | None:
    """Where the local data are: as said now, else as said when the run took them up, if they are still there."""
    if data_dir is not None or before is None or not (before.revision or "").startswith("sha256:"):
        return data_dir
    folder = Path(before.source or "").parent
    file = benchmark.local_file(folder)
    return folder if file is not None and file.expanduser().is_file() else None


def _moved(benchmark: Benchmark, before: BenchmarkInfo, folder: Path | None) -> bool:
    """Whether a local file is not the one that the run took up."""
    file = benchmark.local_file(folder)
    if file is None or not file.expanduser().is_file():
        return False
    return before.revision != f"sha256:{hashlib.sha256(file.expanduser().read_bytes()).hexdigest()}"


def take_up(
    updates: Sequence[Update], rundir: RunDir, recorder: Recorder, engines: Mapping[str, Engine]
) -> list[StoredProblem]:
    """Store what is new, and return all problems of the run."""
    for update in updates:
        _store(recorder, update)
        name = update.entry.name
        rundir.benchmarks[name] = BenchmarkInfo(
            source=update.loaded.source,
            revision=update.loaded.revision if update.whole else rundir.benchmarks[name].revision,
            limit=update.entry.limit,
            problems=len(stored_problems(rundir.journal, name)[0]),
        )
    problems = recorder.problems()
    for role, engine in engines.items():
        if isinstance(engine, KnowsAnswers):
            truth = {p.name: engine.learn(p.benchmark, p.question.id, p.prompt, p.answer) for p in problems}
            name = "truth.json" if role == POLICY else f"truth.{role}.json"
            rundir.write(name, json.dumps(truth, indent=1) + "\n")
    return problems


def _store(recorder: Recorder, update: Update) -> None:
    """Bring the run's problems up to date. What leaves the run keeps its samples, and loses its outcomes."""
    changes = update.changes
    prompts = zip(update.fresh, update.chats, update.prompts, strict=True)
    recorder.update_problems(
        [NewProblem(update.entry.name, problem, chat, prompt) for problem, chat, prompt in prompts],
        retired=[h.row for h in (*changes.gone, *(h for h, _ in changes.questions))],
        known=[(h.row, p) for h, p in (*changes.references, *changes.labels, *changes.back)],
    )
