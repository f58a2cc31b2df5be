"""What a session writes into ``run.json``: what is run, and on what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import tts
from tts.core import POLICY, Engine, OracleVerifier, fingerprint
from tts.session.panel import Members, labels_of
from tts.store import Entry, JudgeInfo, ModelInfo, RunDir, RunInfo, SessionInfo
from tts.store.provenance import commit, hardware, versions
from tts.sweep.cells import Setting
from tts.sweep.config import SweepConfig, selectors_of
from tts.sweep.plan import Work


def describe(
    rundir: RunDir,
    config: SweepConfig,
    settings: Sequence[Setting],
    works: Sequence[Work],
    members: Members,
    engines: Mapping[str, Engine],
) -> SessionInfo:
    """Write down what is run and on what; returns the new session's entry, the last of ``rundir.info.sessions``."""
    session = SessionInfo(
        started=now(), engine=engines[POLICY].version, versions=versions(), hardware=hardware(), git=commit()
    )
    before = rundir.info
    models = {role: _model(role, config, before, engine) for role, engine in engines.items()}
    verifiers = {name: member.verifier for name, member in members.items()}
    architectures = {n: dict(v.architecture) for n, v in verifiers.items() if v.architecture is not None}
    judges = {n: JudgeInfo(fingerprint=v.fingerprint, reads_tokens=v.reads_tokens) for n, v in verifiers.items()}
    info = RunInfo(
        tts=tts.__version__,
        model=models.pop(POLICY),
        models=models,
        config=config.model_dump(mode="json", exclude={"out"}),
        seeds=config.seeds,
        selectors=selectors_of(config),
        verifiers=tuple(labels_of(members)),
        oracle_verifiers=tuple(n for n, v in verifiers.items() if isinstance(v, OracleVerifier)),
        architectures=(before.architectures if before else {}) | architectures,
        judges=(before.judges if before else {}) | judges,
        plan=(*map(_entry, settings), *map(_planned, works)),
        benchmarks=rundir.benchmarks,
        sessions=before.sessions if before else [],
    )
    info.sessions.append(session)
    rundir.save_info(info)
    return session


def _model(role: str, config: SweepConfig, info: RunInfo | None, engine: Engine) -> ModelInfo:
    before = info.model_of(role) if info else None
    architecture = engine.architecture or (before.architecture if before else None)
    return ModelInfo(
        name=config.roles[role].name,
        fingerprint=fingerprint(engine.identity),
        identity=dict(engine.identity),
        architecture=None if architecture is None else dict(architecture),
        context=engine.context or (before.context if before else 0),
    )


def _entry(setting: Setting) -> Entry:
    strategy = setting.strategy
    return Entry(
        strategy=setting.name,
        setting=setting.label,
        independent=strategy.independent,
        n=setting.budgets,
        oracle=strategy.oracle,
        options=_options(setting),
    )


def _planned(work: Work) -> Entry:
    return Entry(strategy=work.pilot.name, setting=work.label, independent=False, n=(work.budget,), planned=True)


def _options(setting: Setting) -> dict[str, Any]:
    """All parameters of a setting, resolved."""
    return {**setting.sampling.model_dump(mode="json"), **setting.strategy.model_dump(mode="json")}


def keep_contexts(info: RunInfo, engines: Mapping[str, Engine]) -> None:
    """Write down the contexts of engines that tell them once they are started."""
    for role, engine in engines.items():
        described = info.model_of(role)
        if described is not None and engine.context:
            described.context = engine.context


def stale_settings(info: RunInfo | None, settings: Sequence[Setting]) -> set[tuple[str, str]]:
    """Settings whose outcomes were made under another default of a parameter that both versions know."""
    before = {(e.strategy, e.setting): e.options for e in info.plan} if info else {}
    return {
        (s.name, s.label)
        for s in settings
        for kept in [before.get((s.name, s.label), {})]
        if any(kept[k] != v for k, v in _options(s).items() if k in kept)
    }


def now() -> str:
    """The present, as sessions write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
