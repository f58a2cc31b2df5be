"""The page: one HTML file that needs nothing else, works offline, and treats every text of a run as untrusted.

Texts reach the page escaped, data inside a JSON element whose ``<`` are escaped; a content security policy lets the
page load nothing and run only its own three scripts, by hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import vl_convert

from tts.analysis import Curves, RunData
from tts.report.content import Panel, Series, level_panels, panels
from tts.report.explorer import explorer
from tts.report.failures import failure_table
from tts.report.figure import DASHES, PALETTES, SHAPES, STAR, X_AXES, X_SHORT, config, spec
from tts.report.html_tables import curves_table, plain_table

_MARKERS = {
    "circle": '<circle cx="17" cy="7" r="4.2"/>',
    "square": '<rect x="13.2" y="3.2" width="7.6" height="7.6"/>',
    "triangle-up": '<path d="M17 2l5 9h-10z"/>',
    "diamond": '<path d="M17 1.4l5 5.6-5 5.6-5-5.6z"/>',
    "cross": '<path d="M15.4 2.4h3.2v3h3v3.2h-3v3h-3.2v-3h-3V5.4h3z"/>',
    "triangle-down": '<path d="M17 12l5-9h-10z"/>',
    "triangle-right": '<path d="M22 7l-9 5v-10z"/>',
    "triangle-left": '<path d="M12 7l9 5v-10z"/>',
    STAR: f'<path transform="translate(17 7.3) scale(5.6)" stroke="none" d="{STAR}"/>',
}


def page(run: RunData, result: Curves, warnings: Sequence[str]) -> str:
    """The report as one HTML document. ``warnings``: plain sentences, shown first."""
    content = panels(result.rows, result.by_level, run.info.get("oracle_verifiers") or ())
    levels = level_panels(result.rows, result.by_level)
    axes = [field for field in X_AXES if all(field in panel.x for panel in [*content, *levels])]
    library, script, exploring = _library(), _asset("page.js"), _asset("explorer.js")
    problems = explorer([run])
    return Template(_asset("page.html")).substitute(
        policy=_policy(library, script, exploring),
        css=_asset("page.css") + _palette_css(),
        title=escape(run.model),
        benchmarks=escape(", ".join(p.benchmark for p in content)),
        warnings=_warnings(warnings),
        legend=_legend(content[0].series),
        axes="".join(f'<option value="{escape(k)}">{escape(v)}</option>' for k, v in X_AXES.items() if k in axes),
        flops=_flops(result, "flops" in axes),
        failures=plain_table(failure_table([run])),
        figures="".join(_figure(i, panel) for i, panel in enumerate(content)),
        levels=_levels(levels, len(content)),
        sampled=_sampled(result),
        table=curves_table(result.rows),
        explorer=_EXPLORER if problems["problems"] else "",
        problems=_json(problems),
        facts=_facts(run),
        config=escape(json.dumps(run.info.get("config", {}), indent=2, ensure_ascii=False)),
        data=_json({"panels": [_panel(p) for p in [*content, *levels]], "config": _themes(config)}),
        library=library,
        script=script,
        exploring=exploring,
    )


_EXPLORER = """<section aria-labelledby="problems">
<h2 id="problems">Problems</h2>
<p class="hint">Pick a problem to read its candidates, with the score that each step got and what the search did.</p>
<noscript><p class="hint">This needs JavaScript; <code>tts export</code> writes all candidates to a file.</p></noscript>
<div class="explorer" id="explorer">
<div class="picker">
<label>Find <input type="search" id="find" placeholder="id, level or words of the question"></label>
<label>Show <select id="which"></select></label>
<label>Problem <select id="pick" size="16"></select></label>
<p class="hint" id="counted" role="status"></p>
</div>
<div id="problem"></div>
</div>
</section>"""


def _panel(panel: Panel) -> dict[str, Any]:
    small = panel.level is not None
    return {
        "spec": {theme: _bare(spec(panel, theme)) for theme in PALETTES},
        "x": panel.x,
        "axes": X_SHORT if small else X_AXES,
        "height": 200 if small else 360,
        "small": small,
    }


def _bare(value: Any) -> Any:
    """The spec without legends: the page has its own, which the keyboard reaches."""
    if isinstance(value, dict):
        return {k: None if k == "legend" else _bare(v) for k, v in value.items()}
    return [_bare(v) for v in value] if isinstance(value, list) else value


def _themes(make: Any) -> dict[str, Any]:
    return {theme: {**make(theme), "background": "transparent"} for theme in PALETTES}


def _json(value: object) -> str:
    """JSON that cannot end the element it stands in, whatever the data hold."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    return files("tts.report").joinpath(name).read_text(encoding="utf-8")


@cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script."""
    return (
        str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
        .replace("</script", "<\\/script")
        .replace("<!--", "<\\!--")
    )


def _policy(*scripts: str) -> str:
    """Nothing is loaded; only these scripts run. Vega compiles its expressions, hence ``unsafe-eval``."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return (
        f"default-src 'none'; script-src {hashes} 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _palette_css() -> str:
    light, dark = (
        "".join(f"svg.s{i}{{fill:{color};stroke:{color}}}" for i, color in enumerate(PALETTES[theme]))
        for theme in ("light", "dark")
    )
    return f"{light}\n@media (prefers-color-scheme:dark){{{dark}}}\n"


def _warnings(warnings: Sequence[str]) -> str:
    if not warnings:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for text in warnings)
    return f'<section class="warnings" aria-labelledby="w"><h2 id="w">Before you read on</h2><ul>{items}</ul></section>'


def _legend(series: Sequence[Series]) -> str:
    """One box a strategy setting; in it a checkbox a selector and verifier, with the look of its line."""
    boxes = []
    for group in dict.fromkeys(one.group for one in series):
        entries = "".join(
            f'<label data-series="{escape(one.name)}"><input type="checkbox" checked>{_swatch(one)}'
            f"<span>{escape(one.variant)}</span></label>"
            for one in series
            if one.group == group
        )
        boxes.append(f"<fieldset><legend>{escape(group)}</legend>{entries}</fieldset>")
    return "".join(boxes)


def _swatch(one: Series) -> str:
    color = one.color % len(PALETTES["light"])
    dash = " ".join(map(str, DASHES[one.form % len(DASHES)]))
    marker = _MARKERS[SHAPES[one.form % len(SHAPES)]]
    line = "" if one.name == one.group else f'<path d="M0 7h34" stroke-dasharray="{dash}" stroke-width="2"/>'
    return f'<svg class="s{color}" width="34" height="14" aria-hidden="true">{line}{marker}</svg>'


def _figure(i: int, panel: Panel) -> str:
    name = escape(panel.benchmark if panel.level is None else panel.level)
    where, table = escape(panel.benchmark), "the table below"
    if panel.level is not None:
        where, table = f"{where}, {name}", "by_level.csv"
    return (
        f'<figure><figcaption id="f{i}">{name}</figcaption><div class="chart" id="chart-{i}" role="img" '
        f'aria-label="Accuracy against compute on {where}; {table} holds every point."></div></figure>'
    )


def _levels(levels: Sequence[Panel], start: int) -> str:
    """The small panels, a heading and a grid a benchmark; ``start``: number of the first one's chart."""
    parts = []
    for benchmark in dict.fromkeys(panel.benchmark for panel in levels):
        figures = "".join(_figure(start + i, p) for i, p in enumerate(levels) if p.benchmark == benchmark)
        parts.append(f'<h3>{escape(benchmark)} by difficulty</h3><div class="figures small">{figures}</div>')
    hint = (
        '<p class="hint">The same lines on the problems of each level: accuracy upwards from 0 to 100%, on axes shared '
        "by the panels of a benchmark. A level has few problems, so its intervals are wide: point at a marker. The "
        "figures are in <code>by_level.csv</code>.</p>"
    )
    return "".join([*parts, hint]) if parts else ""


def _sampled(result: Curves) -> str:
    """What to say of estimates that are not exact."""
    error = result.monte_carlo_error
    if not error:
        return ""
    return (
        " Where no exact average is known (<i>weighted</i>), it is one over random orders of the samples, which adds a "
        f"standard error of at most {error:.2%} to a point."
    )


def _flops(result: Curves, offered: bool) -> str:
    """What to say of FLOPs where they are not offered as an axis."""
    if offered:
        return ""
    lacking = sum(row.policy_flops is None or row.verifier_flops is None for row in result.rows)
    return (
        f" FLOPs are not among them, since {lacking:,} of {len(result.rows):,} points lack them: the run does not hold "
        "the sizes of all its models (<code>--parameters</code> gives them)."
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
