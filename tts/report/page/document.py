"""The page: one HTML file that needs nothing else, works offline, and treats every text of a run as untrusted.

Texts reach the page escaped, data inside a JSON element whose ``<`` are escaped; a content security policy lets the
page load nothing and run only its own three scripts, by hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import vl_convert

from tts.analysis import Curves, run_names
from tts.analysis.compute import NOT_COUNTED
from tts.report.charts.figure import X_AXES, X_SHORT, spec
from tts.report.charts.legend import legend
from tts.report.charts.look import PALETTES, config
from tts.report.content import Panel, level_panels, panels, shown_first
from tts.report.explorer.data import explorer
from tts.report.facts import run_html
from tts.report.failures import failure_table
from tts.report.page.html_sections import contents, sections_html
from tts.report.page.html_tables import curves_table, plain_table
from tts.report.sections.section import Section
from tts.store import RunData


@dataclass(frozen=True, slots=True)
class Report:
    """What a report is of."""

    runs: Sequence[RunData]
    curves: Curves
    """Of all runs."""
    warnings: Sequence[str]
    """Plain sentences, shown first."""
    sections: Sequence[Section]

    @property
    def told(self) -> tuple[str, ...]:
        """Verifiers that know the reference answer."""
        return tuple(dict.fromkeys(name for run in self.runs for name in run.info.oracle_verifiers))


def page(report: Report) -> str:
    """The report as one HTML document."""
    runs, result = report.runs, report.curves
    content = panels(result.rows, result.by_level, report.told)
    shown = shown_first(content)
    levels = level_panels(result.rows, result.by_level)
    axes = [field for field in content[0].x if all(field in panel.x for panel in [*content, *levels])]
    library, script, exploring = _library(), _asset("page.js"), _asset("explorer.js")
    problems = explorer(runs)
    charts = [chart for section in report.sections for chart in section.charts]
    return Template(_asset("page.html")).substitute(
        policy=_policy(library, script, exploring),
        css=_asset("page.css") + _asset("explorer.css") + _palette_css(),
        title=escape(", ".join(dict.fromkeys(run.model for run in runs))),
        benchmarks=escape(", ".join(p.benchmark for p in content)),
        warnings=_warnings(report.warnings),
        legend=legend(content[0].series, shown),
        contents=contents(report.sections, bool(problems["problems"])),
        axes="".join(f'<option value="{escape(k)}">{escape(X_AXES[k])}</option>' for k in axes),
        flops=_flops(result, "flops" in axes, any(run.info.imported for run in runs)),
        failures=plain_table(failure_table(runs)),
        figures="".join(_figure(i, panel) for i, panel in enumerate(content)),
        levels=_levels(levels, len(content)),
        sampled=_sampled(result),
        sections=sections_html(report.sections),
        table=curves_table(result.rows),
        explorer=_EXPLORER if problems["problems"] else "",
        problems=_json(problems),
        facts="".join(run_html(name, run) for name, run in zip(run_names(runs), runs, strict=True)),
        data=_json(
            {
                "panels": [_panel(p) for p in [*content, *levels]],
                "charts": [
                    {"spec": {theme: chart.spec(theme) for theme in PALETTES}, "height": 220 if chart.small else 320}
                    for chart in charts
                ],
                "config": _themes(config),
            }
        ),
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
        "byModel": panel.by_model,
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
    return (
        files("tts.report")
        .joinpath("explorer" if name.startswith("explorer") else "page", name)
        .read_text(encoding="utf-8")
    )


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


def _flops(result: Curves, offered: bool, imported: bool) -> str:
    """What to say of FLOPs where they are not offered as an axis."""
    if offered:
        return ""
    lacking = sum(row.policy_flops is None or row.verifier_flops is None for row in result.rows)
    reason = (
        f"{NOT_COUNTED}."
        if imported
        else "the run does not hold the sizes of all its models (<code>--parameters</code> gives them)."
    )
    return f" FLOPs are not among them, since {lacking:,} of {len(result.rows):,} points lack them: {reason}"
