"""One `tts run`: from a sweep's configuration to a run directory with every cell finished and graded."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TextIO

import tts
from tts.core import POLICY, Engine, OracleVerifier, TtsError, fingerprint
from tts.running.absent import engines_for, model_info
from tts.running.broker import Broker
from tts.running.cells import HeldProblem, Setting, cells_of
from tts.running.changes import Follow
from tts.running.config import SweepConfig, selectors_of, settings_of, unused_roles
from tts.running.journal import Journal
from tts.running.outcomes import Outcomes
from tts.running.panel import Members, Panel, check_guides, check_logprobs, labels_of, members_of
from tts.running.plan import Work, check_problems, keep_plan, left_out, planned_cells, plans_of, work_of
from tts.running.problems import render_chat, take_up, updates_of
from tts.running.progress import Progress, Status
from tts.running.provenance import commit, hardware, versions
from tts.running.rundir import RunDir, refuse_imported
from tts.running.runner import Runner
from tts.running.served import Recovery
from tts.running.terminal import output_to
from tts.running.trust import check_trust


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
    (under "references", only cells that have an outcome are worked on).
    Raises UsageError for what the user can mend and EngineError when the engine dies; what was journaled stays.
    """
    refuse_imported(out)
    with RunDir(out) as rundir:
        check_trust(out, None if config is None else config.model_dump(), trust)
        union = rundir.union(config)
        settings = settings_of(union, str(out / "config.yaml"))
        members = members_of(union, str(out / "config.yaml"))
        check_guides(settings, members, str(out / "config.yaml"))
        engines = engines_for(union, rundir, {} if engine is None else {POLICY: engine})
        engine = engines[POLICY]
        check_logprobs(settings, members, engine, str(out / "config.yaml"))
        for role, served in engines.items():
            rundir.check_model(role, union.roles[role].name, served.identity)
        model = fingerprint(engine.identity)
        works = [work_of(p, source, settings, model) for p, source in plans_of(rundir, plan)]
        updates = updates_of(union, rundir, engine, data_dir, follow)
        rundir.save_config(union)
        journal = Journal(rundir.journal)
        try:
            problems = take_up(updates, rundir, journal, engines)
            for work in works:
                check_problems(work, [(p.benchmark, p.question.id) for p in problems], union.seeds)
                keep_plan(rundir, work.plan)
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
                    _session(union, settings, works, problems, members, rundir, journal, engines, stream, again)
                )
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
    engines: Mapping[str, Engine],
    stream: TextIO,
    again: bool,
) -> Summary:
    """``again``: only cells that have an outcome are worked on."""
    began = time.monotonic()
    stale = _stale(rundir.info, settings)
    session = _describe(rundir, config, settings, works, members, engines)
    recovery = Recovery(**config.recovery.model_dump())
    broker = Broker(engines, journal, lambda chat, model: render_chat(chat, config.prompt, model), recovery)
    with Outcomes(config.grading, labels_of(members), journal) as outcomes:
        panel = Panel(members, journal, outcomes.verdicts)
        cells = list(cells_of(problems, settings, config.seeds))
        for work in works:
            cells += planned_cells(work, problems, len(cells))
        finished = outcomes.finished(problems, {m.fingerprint: m.engine.context for m in broker.models.values()})
        todo = [c for c in cells if finished.get(c.key, 0) < c.n or (c.setting.name, c.setting.label) in stale]
        if again:
            recorded = outcomes.recorded()
            todo = [c for c in todo if recorded.get(c.key, 0) >= c.n]
        runner = Runner(broker, journal, outcomes, panel)
        look = partial(_look, len(cells), len(todo), runner, broker, outcomes)
        shown = asyncio.create_task(Progress(look, stream).show())
        try:
            await runner.run(todo)
            journal.writer.flush()
            session["finished"] = _now()
        finally:
            shown.cancel()
            failures = await closed(panel, *broker.engines)
            session |= {"seconds": round(time.monotonic() - began, 3), "engine_seconds": round(broker.seconds, 3)}
            session |= {"samples": broker.drawn, "tokens": broker.tokens, "restarts": broker.restarts}
            _keep_contexts(rundir.info, engines)
            rundir.save_info()
            if failures and sys.exception() is None:
                raise failures[0]
    held, redrawn = journal.held, journal.redrawn
    return Summary(rundir.path, len(cells), broker.drawn, held, redrawn, runner.finished, session["seconds"])


def _describe(
    rundir: RunDir,
    config: SweepConfig,
    settings: Sequence[Setting],
    works: Sequence[Work],
    members: Members,
    engines: Mapping[str, Engine],
) -> dict[str, Any]:
    """Write down what is run and on what; returns the new session's entry."""
    session: dict[str, Any] = {
        "started": _now(),
        "finished": None,
        "seconds": None,
        "engine": engines[POLICY].version,
        "versions": versions(),
        "hardware": hardware(),
        "git": commit(),
    }
    info = rundir.info
    info["tts"] = tts.__version__
    described = {role: _model(role, config, info, engine) for role, engine in engines.items()}
    info["model"] = described.pop(POLICY)
    info["models"] = described
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
        | {"oracle": s.strategy.oracle, "options": _options(s)}
        for s in settings
    ]
    info["plan"] += [
        {"strategy": w.pilot.name, "setting": w.label, "independent": False, "n": [w.budget], "planned": True}
        for w in works
    ]
    info.setdefault("sessions", []).append(session)
    rundir.save_info()
    return session


def _model(role: str, config: SweepConfig, info: Mapping[str, Any], engine: Engine) -> dict[str, Any]:
    """What run.json says of a model."""
    before = model_info(info, role) or {}
    return {
        "name": config.roles[role].name,
        "fingerprint": fingerprint(engine.identity),
        "identity": dict(engine.identity),
        "architecture": engine.architecture or before.get("architecture"),
        "context": engine.context or before.get("context", 0),
    }


def _keep_contexts(info: Mapping[str, Any], engines: Mapping[str, Engine]) -> None:
    """Write down the contexts of engines that tell them once they are started."""
    for role, engine in engines.items():
        described = model_info(info, role)
        if described is not None and engine.context:
            described["context"] = engine.context


def _options(setting: Setting) -> dict[str, Any]:
    """All parameters of a setting, resolved."""
    return {**setting.sampling.model_dump(mode="json"), **setting.strategy.model_dump(mode="json")}


def _stale(info: Mapping[str, Any], settings: Sequence[Setting]) -> set[tuple[str, str]]:
    """Settings whose outcomes were made under another default of a parameter that both versions know."""
    before = {(e["strategy"], e["setting"]): e.get("options", {}) for e in info.get("plan", ())}
    return {
        (s.name, s.label)
        for s in settings
        for held in [before.get((s.name, s.label), {})]
        if any(held[k] != v for k, v in _options(s).items() if k in held)
    }


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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
