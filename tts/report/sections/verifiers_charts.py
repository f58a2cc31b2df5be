"""The charts of the section on verifiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tts.analysis.studies import Comparison
from tts.report.charts.chart import SHARE, Axis, Lines, Record, line_chart
from tts.report.content import share_axis
from tts.report.notes import variant
from tts.report.sections.section import Chart
from tts.stats import Interval, OverOptimisation, best_of_n_kl

_BASELINES = {"majority": "majority vote", "oracle": "oracle (coverage)", "first": "one sample"}
_MAPS = ("raw", "platt", "isotonic")
_GRID = 60
"""Points of a fitted line."""
_UNIT = Axis("probability stated", format=".0%", domain=(-0.04, 1.04), values=(0, 0.2, 0.4, 0.6, 0.8, 1))
"""With room for markers at its ends."""
_Names = dict[tuple[str, str], str]
"""The series of (selector, verifier)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A run whose verifiers were compared."""

    run: str
    """Its name, empty where it is alone."""
    setting: str
    """The samples compared, for people; begins with the run's name."""
    found: Comparison
    laws: Mapping[str, OverOptimisation]
    """By verifier, where a fit is possible."""


def shown_of(one: Judged, most: int) -> list[str]:
    """The verifiers to draw, ``most`` at most: those with the highest best-of-n at the largest n."""
    best = {s.verifier: s.accuracy.mean for s in one.found.selected if s.selector == "best"}  # the largest n is last
    every = [row.verifier for row in one.found.discrimination]
    chosen = set(sorted(every, key=lambda label: -best.get(label, 0.0))[:most])
    return [label for label in every if label in chosen]


def charts(drawn: Sequence[tuple[Judged, Sequence[str]]]) -> list[Chart]:
    """The charts of runs, each with the verifiers to draw; a series looks the same in all charts of lines."""
    verifiers = dict.fromkeys(name for _, shown in drawn for name in _names(shown, ("best", "weighted")).values())
    series = [*verifiers, *_BASELINES.values()]
    return [
        chart
        for one, shown in drawn
        for kind in (_selection, _gap, _over_optimisation, _reliability)
        for chart in kind(one, shown, series)
    ]


def _selection(one: Judged, shown: Sequence[str], series: Sequence[str]) -> Iterator[Chart]:
    """Accuracy over n: best and weighted in a chart each, in one where a verifier is alone."""
    baselines: _Names = {(selector, ""): name for selector, name in _BASELINES.items()}
    y = _shares([s.accuracy for s in one.found.selected if s.verifier in {"", *shown}])
    apart, both = {"Best of n": ("best",), "Weighted vote": ("weighted",)}, {"Selection by score": ("best", "weighted")}
    for title, selectors in (apart if len(shown) > 1 else both).items():
        names = _names(shown, selectors)
        if any((s.selector, s.verifier) in names for s in one.found.selected):
            yield line_chart(
                _title(one, title),
                Lines(_n_axis(one.found), y, _over_n(one.found, names | baselines), series),
                f"Accuracy over n: {', '.join(names.values())}, majority vote, coverage and one sample.",
            )


def _gap(one: Judged, shown: Sequence[str], series: Sequence[str]) -> Iterator[Chart]:
    """What is lost against the oracle."""
    names = _names(shown, ("best",)) if len(shown) > 1 else _names(shown, ("best", "weighted"))
    names |= {("majority", ""): _BASELINES["majority"]}
    gaps = [(s, s.to_oracle) for s in one.found.selected if (s.selector, s.verifier) in names and s.to_oracle]
    if gaps:
        rows = [_point(names[s.selector, s.verifier], s.n, gap) for s, gap in gaps]
        y = _shares([Interval(0.0, 0.0, 0.0, 0.0), *(gap for _, gap in gaps)], "coverage minus accuracy")
        yield line_chart(
            _title(one, f"Gap to the oracle{', best of n' if len(shown) > 1 else ''}"),
            Lines(_n_axis(one.found), y, rows, series),
            f"Coverage minus accuracy over n: {', '.join(names.values())}.",
        )


def _over_optimisation(one: Judged, shown: Sequence[str], series: Sequence[str]) -> Iterator[Chart]:
    """Best-of-n as it moves away from the policy: measured, and the fit."""
    names = {label: name for (_, label), name in _names(shown, ("best",)).items() if label in one.laws}
    rows: list[Record] = []
    for label, name in names.items():
        law = one.laws[label]
        for s in one.found.selected:
            if (s.selector, s.verifier) == ("best", label):
                rows.append({**_point(name, s.sqrt_kl, s.accuracy), "line": False, "n": s.n})
        grid = np.geomspace(law.least, law.most, _GRID)
        fit = law.at(np.clip(grid, law.least, law.most))
        lines = zip(np.sqrt(best_of_n_kl(grid)), fit.value, fit.low, fit.high, strict=True)
        rows += [_point(name, float(x), Interval(float(y), 0.0, float(low), float(high))) | {"mark": False}
                 for x, y, low, high in lines]  # fmt: skip
    if rows:
        most = max(float(row["x"]) for row in rows)
        domain = (-0.03 * most, 1.03 * most)
        x = Axis("square root of the KL divergence from the policy (nats)", format=".1f", domain=domain)
        y = _shares([s.accuracy for s in one.found.selected if s.selector == "best" and s.verifier in names])
        yield line_chart(
            _title(one, "Best of n away from the policy, with the fit"),
            Lines(x, y, rows, series, tooltip=[("n", "n", ",d")]),
            f"Accuracy of best of n against the square root of the KL divergence, with a fit: {', '.join(names)}.",
        )


def _reliability(one: Judged, shown: Sequence[str], _series: Sequence[str]) -> Iterator[Chart]:
    """Stated probability against share right, a chart a verifier."""
    bins = [b.samples for c in one.found.calibrated if c.verifier in shown for b in c.bins]
    for label in shown:
        rows = [
            {"series": c.by, "x": b.confidence, "y": b.accuracy, "mark": True, "line": False} | {"samples": b.samples}
            for c in one.found.calibrated
            if c.verifier == label
            for b in c.bins
        ]
        if rows:
            lines = Lines(
                _UNIT,
                replace(_UNIT, title="share right"),
                rows,
                _MAPS,
                tooltip=[("samples", "samples", ",d")],
                diagonal=True,
                area=("samples", max(bins)),
            )
            title = _title(one, f"Reliability of {label}")
            yield line_chart(
                title, lines, f"Share right against the probability that {label} states, by map.", small=True
            )


def _title(one: Judged, text: str) -> str:
    return f"{one.run}: {text}" if one.run else text


def _names(shown: Sequence[str], selectors: Sequence[str]) -> _Names:
    """The series of verifiers' lines: the verifier where there are several, with the selector where one is alone."""
    return {(s, label): label if len(shown) > 1 else variant(s, label) for s in selectors for label in shown}


def _over_n(found: Comparison, names: _Names) -> Sequence[Record]:
    """Accuracy at each n; one sample, the same at any n, as a level line without markers."""
    rows = [
        _point(names[s.selector, s.verifier], s.n, s.accuracy)
        for s in found.selected
        if (s.selector, s.verifier) in names and s.selector != "first"
    ]
    ends = {min(s.n for s in found.selected), max(s.n for s in found.selected)}
    level = [s.accuracy for s in found.selected if s.selector == "first"]
    return rows + [_point(_BASELINES["first"], n, accuracy) | {"mark": False} for accuracy in level for n in ends]


def _point(series: str, x: float, value: Interval) -> dict[str, Any]:
    return {"series": series, "x": x, "y": value.mean, "low": value.low, "high": value.high, "mark": True}


def _n_axis(found: Comparison) -> Axis:
    ns = sorted({s.n for s in found.selected})
    return Axis("n (log scale)", log=True, format=",d", domain=(ns[0] / 1.2, ns[-1] * 1.2), values=ns)


def _shares(intervals: Sequence[Interval], title: str = SHARE.title) -> Axis:
    """An axis that shows every interval."""
    axis = share_axis([i.low for i in intervals], [i.high for i in intervals])
    low, high = axis["domain"]
    return Axis(title, format=axis["format"], domain=(low, high), values=axis["values"])
