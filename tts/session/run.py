"""One `tts run`: from a sweep's configuration to a run directory with every cell finished and graded."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TextIO

from tts.core import POLICY, Engine, TtsError, fingerprint
from tts.engines import ModelPool
from tts.session.absent import engines_for
from tts.session.broker import Broker
from tts.session.describe import describe, keep_contexts, now, stale_settings
from tts.session.outcomes import Outcomes
from tts.session.panel import Members, Panel, check_guides, check_logprobs, labels_of, members_of
from tts.session.problems import render_chat, take_up, updates_of, with_stop
from tts.session.progress import Progress, Status, output_to
from tts.session.runner import Runner
from tts.session.served import Recovery
from tts.store import Journal, Recorder, RunDir, StoredProblem
from tts.sweep.cells import Setting, cells_of
from tts.sweep.changes import Follow
from tts.sweep.config import SweepConfig, forms_of, settings_of, unused_roles
from tts.sweep.directory import refuse_imported, union_of
from tts.sweep.plan import Work, check_problems, left_out, planned_cells, plans_of, work_of
from tts.sweep.trust import check_trust


@dataclass(frozen=True)
class Summary:
    """What one session did."""

    path: Path
    cells: int
    drawn: int
    """Samples drawn from the engine."""
    held: int
    """Samples that the journal held at the start."""
    redrawn: int
    """Samples that were in flight when an earlier session died."""
    done: int
    """Cells that this session finished, those graded again among them."""
    seconds: float


def run(
    config: SweepConfig | None,
    out: Path,
    data_dir: Path | None = None,
    engine: Engine | None = None,
    stream: TextIO | None = None,
    plan: Path | None = None,
    trust: bool = False,
    follow: Follow = "additions",
) -> Summary:
    """Run a sweep in ``out``, or finish the one that it holds (``config`` None), and carry out its plans.

    ``plan``: a further plan, of `tts allocate`, which becomes part of the run. ``engine``: instead of the one that the
    configuration names for the policy, for tests; ``stream``: where progress is shown; ``trust``: whether code that the
    directory names, and ``config`` does not, may run; ``follow``: which changes of the problems' data are taken up
    (under "references", only cells that have an outcome are worked on, and those with verdicts that were not settled).
    Raises UsageError for what the user can mend and EngineError when the engine dies; what was journaled stays.
    """
    refuse_imported(out)
    with RunDir(out) as rundir:
        check_trust(out, None if config is None else config.model_dump(), trust)
        union = union_of(rundir, config)
        settings = settings_of(union, str(out / "config.yaml"))
        pool = ModelPool()
        engines = engines_for(union, rundir, pool, {} if engine is None else {POLICY: engine})
        engine = engines[POLICY]
        union = with_stop(union, engine)
        settings = settings_of(union, str(out / "config.yaml"))
        members = members_of(union, str(out / "config.yaml"), pool)
        check_guides(settings, members, str(out / "config.yaml"))
        check_logprobs(settings, members, engine, str(out / "config.yaml"))
        for role, served in engines.items():
            rundir.check_model(role, union.roles[role].name, served.identity)
        model = fingerprint(engine.identity)
        works = [work_of(p, source, settings, model) for p, source in plans_of(rundir, plan)]
        updates = updates_of(union, rundir, engine, data_dir, follow)
        rundir.save_config(union.model_dump(mode="json", exclude={"out"}))
        journal = Journal(rundir.journal)
        try:
            problems = take_up(updates, rundir, Recorder(journal), engines)
            for work in works:
                check_problems(work, [(p.benchmark, p.question.id) for p in problems], union.seeds)
                rundir.keep_plan(work.plan)
            with output_to(out / "engine.log"):
                stream = stream or sys.stderr
                print(f"run directory: {out}", file=stream, flush=True)  # only now has the run begun
                said = [line for update in updates for line in update.notes]
                for line in (*said, *left_out(works, plan, len(problems) * len(union.seeds))):
                    print(line, file=stream, flush=True)
                for role in unused_roles(union):
                    print(f"note: models.{role}: no strategy of this sweep asks it", file=stream, flush=True)
                again = follow == "references"
                return asyncio.run(
                    _session(union, settings, works, problems, members, rundir, journal, pool, engines, stream, again)
                )
        except BaseExceptionGroup as group:
            raise _first(group) from None
        finally:
            journal.close()


async def _session(
    config: SweepConfig,
    settings: Sequence[Setting],
    works: Sequence[Work],
    problems: Sequence[StoredProblem],
    members: Members,
    rundir: RunDir,
    journal: Journal,
    pool: ModelPool,
    engines: Mapping[str, Engine],
    stream: TextIO,
    again: bool,
) -> Summary:
    """``again``: only cells that have an outcome are worked on."""
    began = time.monotonic()
    stale = stale_settings(rundir.info, settings)
    session = describe(rundir, config, settings, works, members, engines)
    recovery = Recovery(**config.recovery.model_dump())
    broker = Broker(engines, journal, lambda chat, model: render_chat(chat, config.prompt, model), recovery)
    with Outcomes(config.grading, labels_of(members), Recorder(journal), forms_of(config)) as outcomes:
        panel = Panel(members, journal, outcomes.verdicts)
        cells = list(cells_of(problems, settings, config.seeds))
        for work in works:
            cells += planned_cells(work, problems, len(cells))
        finished = outcomes.finished(problems, {m.fingerprint: m.engine.context for m in broker.models.values()})
        todo = [c for c in cells if finished.get(c.key, 0) < c.n or (c.setting.name, c.setting.label) in stale]
        if again:
            recorded = outcomes.recorded()
            due = {c.key for c in todo} | {key for key, (_, settled) in recorded.items() if not settled}
            todo = [c for c in cells if c.key in due and recorded.get(c.key, (0, True))[0] >= c.n]
        runner = Runner(broker, journal, outcomes, panel)
        look = partial(_look, len(cells), len(todo), runner, broker, outcomes)
        shown = asyncio.create_task(Progress(look, stream).show())
        try:
            await runner.run(todo)
            journal.writer.flush()
            session.finished = now()
        finally:
            shown.cancel()
            failures = await closed(panel, pool, *broker.engines)
            session.seconds, session.engine_seconds = round(time.monotonic() - began, 3), round(broker.seconds, 3)
            session.samples, session.tokens, session.restarts = broker.drawn, broker.tokens, broker.restarts
            assert rundir.info is not None
            keep_contexts(rundir.info, engines)
            rundir.save_info(rundir.info)
            if failures and sys.exception() is None:
                raise failures[0]
    held, redrawn = journal.held, journal.redrawn
    return Summary(rundir.path, len(cells), broker.drawn, held, redrawn, runner.finished, session.seconds)


async def closed(*parts: Closes) -> list[Exception]:
    """Close every part, also where another cannot be; returns what went wrong."""
    failures = []
    for part in parts:
        try:
            await part.close()
        except Exception as error:  # whatever the one raises, the next one is to be closed
            failures.append(error)
    return failures


class Closes(Protocol):
    """What a session has to end."""

    async def close(self) -> None:
        """End it."""
        ...


def _look(cells: int, todo: int, runner: Runner, broker: Broker, outcomes: Outcomes) -> Status:
    return Status(
        cells=cells,
        done=cells - todo + runner.finished,
        session_done=runner.finished,
        samples=broker.drawn,
        in_flight=broker.in_flight,
        tokens=broker.tokens,
        accuracy=outcomes.correct / outcomes.graded if outcomes.graded else None,
        starting=broker.starting,
    )


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The exception that a group of concurrent failures is about."""
    leaves: list[BaseException] = []
    stack: list[BaseException] = [group]
    while stack:
        error = stack.pop()
        if isinstance(error, BaseExceptionGroup):
            stack.extend(reversed(error.exceptions))
        else:
            leaves.append(error)
    return next((e for e in leaves if isinstance(e, TtsError)), leaves[0])
