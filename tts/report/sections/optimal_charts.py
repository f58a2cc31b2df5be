"""The charts of compute-optimal scaling on one benchmark: all problems, what was chosen, and each bin."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tts.analysis import Choice
from tts.analysis.studies import OptimalStudy
from tts.report.charts.chart import Axis, Lines, line_chart
from tts.report.charts.look import INK, PALETTES, SHAPES, Spec
from tts.report.sections.optimal_curves import OPTIMAL, ORACLE, SINGLE, BinPoint, most_chosen
from tts.report.sections.section import Chart
from tts.stats import Interval

Label = Callable[[Choice], str]
Record = dict[str, Any]

OTHER = "another setting"
BUDGET = ".3s"
WIDE = 34
"""Letters of a name above which two do not stand side by side."""
CURVES = (OPTIMAL, SINGLE, ORACLE)


def optimal_charts(
    study: OptimalStudy, points: Sequence[BinPoint], named: Mapping[str, str], label: Label, axis: str, benchmark: str
) -> list[Chart]:
    """The charts of one benchmark, which has a name where there are several; ``points``: of `bin_points`.

    ``named``: by the study's name of a curve, that for people. A curve has the same look in all of them.
    """
    before = f"{benchmark}: " if benchmark else ""
    most = most_chosen(study)
    series = (*CURVES, *map(label, most))
    return [
        _whole(study, named, axis, before),
        _map(study, label, series, axis, before),
        *_bins(study, points, [label(choice) for choice in most], label, series, axis, before),
    ]


def _whole(study: OptimalStudy, named: Mapping[str, str], axis: str, before: str) -> Chart:
    rows: list[Record] = []
    for p in study.points:
        curve = p.curve if p.curve in CURVES else named[p.curve]
        rows.append({"series": curve, "budget": p.budget, **_point(p.compute, p.accuracy)})
    faint = frozenset(named.values())
    lines = Lines(
        x=_log_axis(f"{axis}, log scale", (p.compute for p in study.points)),
        y=Axis("accuracy", format=".0%"),
        rows=_distinct(rows),
        series=(*CURVES, *sorted(faint)),
        faint=faint,
    )
    return line_chart(
        f"{before}all {len(study.problems)} problems",
        lines,
        f"{before}accuracy against compute of the compute-optimal choice, the best single setting, the oracle choice "
        "and every single setting; optimal.csv holds every point.",
    )


def _bins(
    study: OptimalStudy,
    points: Sequence[BinPoint],
    most: Sequence[str],
    label: Label,
    series: Sequence[str],
    axis: str,
    before: str,
) -> list[Chart]:
    """A small panel a bin, on shared axes."""
    curves = [p.curve if p.choice is None else label(p.choice) for p in points]
    drawn = [(p, curve) for p, curve in zip(points, curves, strict=True) if curve in CURVES or curve in most]
    x = _log_axis(axis.split(" a problem")[0], (p.compute for p, _ in drawn))
    y = Axis("", format=".0%", domain=(0, 1.04), values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    charts = []
    for name, size in zip(study.bins.names, study.bins.sizes, strict=True):
        rows = [
            {"series": curve, "n": p.choice.n if p.choice else None, **_point(p.compute, p.accuracy)}
            for p, curve in drawn
            if p.bin == name
        ]
        lines = Lines(x=x, y=y, rows=_distinct(rows), series=series, legend=False, tooltip=(("n", "n", ",d"),))
        charts.append(
            line_chart(
                f"{before}{_bin(name, study)} · {size} problem{'' if size == 1 else 's'}",
                lines,
                f"{before}accuracy against compute on the problems of {_bin(name, study)}; optimal_bins.csv holds "
                "every point.",
                small=True,
            )
        )
    return charts


def _bin(name: str, study: OptimalStudy) -> str:
    ends = {study.bins.names[-1]: " (hardest)", study.bins.names[0]: " (easiest)"} if len(study.bins.names) > 1 else {}
    return f"bin {name}{ends.get(name, '')}"


def _point(compute: float, accuracy: Interval) -> Record:
    """On a log axis, which has no place for 0."""
    return {"x": max(compute, 1.0), "y": accuracy.mean, "low": accuracy.low, "high": accuracy.high, "mark": True}


def _distinct(rows: Iterable[Record]) -> list[Record]:
    """Without points that repeat: more budget often changes no choice."""
    return list({(row["series"], row["x"], row["y"]): row for row in rows}.values())


def _log_axis(title: str, values: Iterable[float]) -> Axis:
    found = [max(value, 1.0) for value in values]
    low, high = min(found) / 1.15, max(found) * 1.15
    steps = (1, 2, 5) if high / low < 3e3 else (1,)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    return Axis(title, log=True, domain=(low, high), values=[tick for tick in ticks if low <= tick <= high])


def _map(study: OptimalStudy, label: Label, series: Sequence[str], axis: str, before: str) -> Chart:
    """What each half of each bin chose for every budget at which a choice changed."""
    values = _choices(study, label, series[len(CURVES) :])
    found = {row["look"] for row in values}
    looks = [name for name in (*series, OTHER) if name in found]

    def spec(theme: str) -> Spec:
        legend: Spec = {"title": None, "orient": "bottom", "symbolOpacity": 1, "columnPadding": 24}
        legend["columns"] = 1 if max(map(len, looks)) > WIDE else 2

        def look(pool: Sequence[str], other: str) -> Spec:
            own = [other if name == OTHER else pool[series.index(name) % len(pool)] for name in looks]
            return {"field": "look", "type": "nominal", "scale": {"domain": looks, "range": own}, "legend": legend}

        color = look(PALETTES[theme], INK[theme]["soft"])
        labels = {"labelAngle": -40, "labelOverlap": True, "format": BUDGET, "formatType": "number"}
        bins = {"sort": list(study.bins.names), "title": f"bin ({study.bins.names[0]} the easiest), each half of it"}
        return {
            "data": {"values": values},
            "encoding": {
                "x": {"field": "budget", "type": "ordinal", "title": f"budget: {axis}", "axis": labels},
                "y": {"field": "bin", "type": "ordinal", "scale": {"paddingInner": 0.12}, **bins},
                "yOffset": {"field": "half", "type": "ordinal", "scale": {"paddingInner": 0.06}},
                "tooltip": [
                    *({"field": name, "type": "nominal"} for name in ("bin", "half", "setting")),
                    {"field": "n", "type": "quantitative", "format": ",d"},
                    {"field": "budget", "type": "quantitative", "format": BUDGET},
                ],
            },
            "layer": [
                {"mark": {"type": "rect", "opacity": 0.28}, "encoding": {"color": color}},
                {
                    "mark": {"type": "point", "filled": True, "size": 34, "opacity": 1},
                    "encoding": {"color": color, "shape": look(SHAPES, "circle")},
                },
            ],
        }

    return Chart(
        f"{before}what each half of each bin chose",
        spec,
        f"{before}the setting that each half of each bin chose for every budget; optimal_choices.csv holds them with "
        "their n.",
    )


def _choices(study: OptimalStudy, label: Label, own: Sequence[str]) -> list[Record]:
    """One record a budget, bin and half; without budgets that change nothing."""
    budgets: dict[float, list[Record]] = {}
    for pick in study.picks:
        setting = label(pick.choice)
        budgets.setdefault(pick.budget, []).append(
            {
                "bin": pick.bin,
                "half": pick.fold + 1,
                "look": setting if setting in own else OTHER,
                "setting": setting,
                "n": pick.choice.n,
            }
        )
    kept: list[Record] = []
    before: list[Record] = []
    for budget, rows in budgets.items():
        if rows != before:
            kept += [{"budget": budget, **row} for row in rows]
        before = rows
    return kept
