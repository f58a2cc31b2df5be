"""What was run, for the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from tts.analysis import RunData


def run_html(name: str, run: RunData) -> str:
    """What was run."""
    settings = escape(json.dumps(run.info.get("config", {}), indent=2, ensure_ascii=False))
    return (
        (f"<h3>{escape(name)}</h3>" if name else "")
        + f"<dl>{_facts(run)}</dl><details><summary>Resolved configuration</summary>"
        + f'<pre tabindex="0">{settings}</pre></details>'
    )


def _facts(run: RunData) -> str:
    """What was run, as a description list; sessions last."""
    model = run.info["model"]
    pairs = [
        ("Model", run.model),
        ("Fingerprint", model.get("fingerprint", "")),
        ("Seeds", ", ".join(map(str, run.seeds))),
        ("Samples held", f"{run.samples:,}; {run.redrawn:,} drawn again after an interruption"),
        ("Engines", ", ".join(run.engines)),
        ("Made with", f"tts-scaling {run.info.get('tts', '')}"),
    ]
    for name, source in run.info["benchmarks"].items():
        where = " @ ".join(str(source[k]) for k in ("source", "revision") if source.get(k))
        pairs.append((f"Benchmark {name}", f"{run.planned[name]:,} problems from {where or 'an unnamed source'}"))
    for i, session in enumerate(run.info.get("sessions") or [], 1):
        pairs.append((f"Session {i}", _session(session)))
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(text))}</dd>" for name, text in pairs)


def _session(session: Mapping[str, Any]) -> str:
    hardware, versions = session.get("hardware") or {}, session.get("versions") or {}
    seconds = session.get("seconds")
    parts = [
        f"{session.get('started', '?')} to {session.get('finished') or 'unfinished'}",
        f"{seconds:,.1f} s" if isinstance(seconds, int | float) else "",
        ", ".join(f"{k} {v}" for k, v in versions.items()),
        ", ".join(f"{k} {json.dumps(v) if isinstance(v, list) else v}" for k, v in hardware.items()),
        f"git {session['git']}" if session.get("git") else "",
    ]
    return "; ".join(part for part in parts if part)
