"""What was run, for the page."""

from __future__ import annotations

import json
from html import escape

from tts.store import RunData, SessionInfo


def run_html(name: str, run: RunData) -> str:
    """What was run."""
    settings = escape(json.dumps(run.info.config, indent=2, ensure_ascii=False))
    return (
        (f"<h3>{escape(name)}</h3>" if name else "")
        + f"<dl>{_facts(run)}</dl><details><summary>Resolved configuration</summary>"
        + f'<pre tabindex="0">{settings}</pre></details>'
    )


def _facts(run: RunData) -> str:
    """What was run, as a description list; sessions last."""
    pairs = [
        ("Model", run.model),
        ("Fingerprint", run.info.model.fingerprint),
        ("Seeds", ", ".join(map(str, run.seeds))),
        ("Samples held", f"{run.samples:,}; {run.redrawn:,} drawn again after an interruption"),
        ("Engines", ", ".join(run.engines)),
        ("Made with", f"tts-scaling {run.info.tts}"),
    ]
    for name, source in run.info.benchmarks.items():
        where = " @ ".join(part for part in (source.source, source.revision) if part)
        pairs.append((f"Benchmark {name}", f"{run.planned[name]:,} problems from {where or 'an unnamed source'}"))
    for i, session in enumerate(run.info.sessions, 1):
        pairs.append((f"Session {i}", _session(session)))
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(text))}</dd>" for name, text in pairs)


def _session(session: SessionInfo) -> str:
    parts = [
        f"{session.started or '?'} to {session.finished or 'unfinished'}",
        "" if session.seconds is None else f"{session.seconds:,.1f} s",
        ", ".join(f"{k} {v}" for k, v in session.versions.items()),
        ", ".join(f"{k} {json.dumps(v) if isinstance(v, list) else v}" for k, v in session.hardware.items()),
        f"git {session.git}" if session.git else "",
    ]
    return "; ".join(part for part in parts if part)
