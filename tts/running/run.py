"""One `tts run`: from a sweep's configuration to a run directory with every cell finished and graded."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import tts
from tts.core import Engine, OracleVerifier, TtsError, fingerprint
from tts.running.absent import engine_for
from tts.running.broker import Broker
from tts.running.cells import HeldProblem, Setting, cells_of
from tts.running.changes import Follow
from tts.running.config import SweepConfig, selectors_of, settings_of
from tts.running.journal import Journal
from tts.running.outcomes import Outcomes
from tts.running.panel import Members, Panel, check_guides, check_logprobs, labels_of, members_of
from tts.running.plan import Work, check_problems, keep_plan, left_out, planned_cells, plans_of, work_of
from tts.running.problems import render_chat, take_up, updates_of
from tts.running.progress import Progress, Status
from tts.running.provenance import commit, hardware, versions
from tts.running.rundir import RunDir, refuse_imported
from tts.running.runner import Runner
from tts.running.terminal import output_to


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
    """Cells that this session finished, graded again among them."""
    seconds: float


def run(
    config: SweepConfig | None,
    out: Path,
    data_dir: Path | None = None,
    engine: Engine | None = None,
    stream: TextIO | None = None,
    plan: Path | None = None,
    follow: Follow = "additions",
) -> Summary:
    """Run a sweep in ``out``, or finish the one that it holds (``config`` None), and carry out its plans.

    ``plan``: a further plan, of `tts allocate`, which becomes part of the run. ``engine``: instead of the one that the
    configuration names, for tests; ``stream``: where progress is shown. ``follow``: which changes of the problems' data
    are taken up; under "references" only cells that have an outcome are worked on.
    Raises UsageError for what the user can mend and EngineError when the engine dies; what was journaled stays.
    """
    refuse_imported(out)
    with RunDir(out) as rundir:
        union = rundir.union(config)
        settings = settings_of(union, str(out / "config.yaml"))
        members = members_of(union, str(out / "config.yaml"))
        check_guides(settings, members, str(out / "config.yaml"))
        engine = engine or engine_for(union, rundir)
        check_logprobs(settings, members, engine, str(out / "config.yaml"))
        rundir.check_model(union.model, engine.identity)
        model = fingerprint(engine.identity)
        works = [work_of(p, source, settings, model) for p, source in plans_of(rundir, plan)]
        updates = updates_of(union, rundir, engine, data_dir, follow)
        rundir.save_config(union)
        journal = Journal(rundir.journal)
        try:
            problems = take_up(updates, rundir, journal, engine)
            for work in works:
                check_problems(work, [(p.benchmark, p.question.id) for p in problems], union.seeds)
                keep_plan(rundir, work.plan)
            with output_to(out / "engine.log"):
                stream = stream or sys.stderr
                print(f"run directory: {out}", file=stream, flush=True)  # only now has the run begun
                for line in (
                    *(line for update in updates for line in update.notes),
                    *left_out(works, plan, len(problems) * len(union.seeds)),
                ):
                    print(line, file=stream, flush=True)
                again = follow == "references"
                session = _session(union, settings, works, problems, members, rundir, journal, engine, stream, again)
                return asyncio.run(session)
        except BaseExceptionGroup as group:
            raise _first(group) from None
        finally:
            journal.close()


async def _session(
    config: SweepConfig,
    settings: Sequence[Setting],
    works: Sequence[Work],
    problems: Sequence[HeldProblem],
    members: Members,
    rundir: RunDir,
    journal: Journal,
    engine: Engine,
    stream: TextIO,
    again: bool,
) -> Summary:
    """``again``: only cells that have an outcome are worked on."""
    began = time.monotonic()
    session = _describe(rundir, config, settings, works, members, engine)
    broker = Broker(engine, journal, lambda chat: render_chat(chat, config.prompt, engine))
    with Outcomes(config.grading, labels_of(members), journal) as outcomes:
        panel = Panel(members, journal, outcomes.verdicts)
        cells = list(cells_of(problems, settings, config.seeds))
        for work in works:
            cells += planned_cells(work, problems, len(cells))
        finished, recorded = outcomes.finished(problems), outcomes.recorded() if again else {}
        todo = [c for c in cells if finished.get(c.key, 0) < c.n and (not again or recorded.get(c.key, 0) >= c.n)]
        runner = Runner(broker, journal, outcomes, panel)
        look = partial(_look, len(cells), len(todo), runner, broker, outcomes)
        shown = asyncio.create_task(Progress(look, stream).show())
        try:
            await runner.run(todo)
            journal.writer.flush()
            session["finished"] = _now()
        finally:
            shown.cancel()
            await panel.close()
            await engine.close()
            session |= {"seconds": round(time.monotonic() - began, 3), "engine_seconds": round(broker.seconds, 3)}
            session |= {"samples": broker.drawn, "tokens": broker.tokens}
            rundir.save_info()
    return Summary(
        rundir.path, len(cells), broker.drawn, journal.held, journal.redrawn, runner.finished, session["seconds"]
    )


def _describe(
    rundir: RunDir,
    config: SweepConfig,
    settings: Sequence[Setting],
    works: Sequence[Work],
    members: Members,
    engine: Engine,
) -> dict[str, Any]:
    """Write down what is run and on what; returns the new session's entry."""
    session: dict[str, Any] = {
        "started": _now(),
        "finished": None,
        "seconds": None,
        "engine": engine.version,
        "versions": versions(),
        "hardware": hardware(),
        "git": commit(),
    }
    info = rundir.info
    info["tts"] = tts.__version__
    info["model"] = {
        "name": config.model,
        "fingerprint": fingerprint(engine.identity),
        "identity": dict(engine.identity),
        "architecture": engine.architecture or info.get("model", {}).get("architecture"),
    }
    info["config"] = config.model_dump(mode="json", exclude={"out"})
    info["seeds"] = list(config.seeds)
    info["selectors"] = list(selectors_of(config))
    info["verifiers"] = labels_of(members)
    info["architectures"] = info.get("architectures", {}) | {
        n: m.verifier.architecture for n, m in members.items() if m.verifier.architecture is not None
    }
    info["judges"] = info.get("judges", {}) | {
        n: {"fingerprint": m.verifier.fingerprint, "reads_tokens": m.verifier.reads_tokens} for n, m in members.items()
    }
    info["oracle_verifiers"] = [n for n, m in members.items() if isinstance(m.verifier, OracleVerifier)]
    info["plan"] = [
        {"strategy": s.name, "setting": s.label, "independent": s.strategy.independent, "n": list(s.budgets)}
        for s in settings
    ]
    info["plan"] += [
        {"strategy": w.pilot.name, "setting": w.label, "independent": False, "n": [w.budget], "planned": True}
        for w in works
    ]
    info.setdefault("sessions", []).append(session)
    rundir.save_info()
    return session


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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
