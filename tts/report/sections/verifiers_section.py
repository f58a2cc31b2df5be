"""The section on verifiers: what each selects, states and loses on the same samples, and its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tts.analysis import run_names
from tts.analysis.choices import fixed
from tts.analysis.studies import Comparison, compare_verifiers
from tts.core import SELECTORS, UsageError
from tts.report.notes import group_labels
from tts.report.sections.section import Section
from tts.report.sections.verifiers_charts import Judged, charts, shown_of
from tts.report.tables.compare import compare_tables
from tts.report.tables.writing import TextTable
from tts.stats import Band, FitError, OverOptimisation, best_of_k, distinct_scores, fit_over_optimisation
from tts.store import CellData, RunData

HEADING = "Verifiers on the same samples"
MOST_RUNS = 4
"""Runs with charts; the tables hold all."""
_ORDER = ("discrimination", "calibration", "selection", "differences", "agreement", "reliability")
"""Tables of `compare_tables`, the short ones first."""


def verifiers_section(runs: Sequence[RunData]) -> Section | None:
    """One comparison of verifiers a run; None where no run has a verifier's scores on independent samples."""
    names = run_names(runs)
    labels = group_labels(
        (name, e.strategy, e.setting) for name, run in zip(names, runs, strict=True) for e in run.plan
    )
    judged: list[Judged] = []
    notes: list[tuple[str, str]] = []
    for name, run in zip(names, runs, strict=True):
        if not _scored(run):
            continue
        try:
            found = compare_verifiers(run)
        except UsageError as error:
            notes.append((name, str(error).removeprefix("RUN: ").replace(str(run.path), "RUN")))
            continue
        laws, refused = _laws(run, found)
        one = Judged(name, labels[name, found.entry.strategy, found.entry.setting], found, laws)
        judged.append(one)
        notes += [(name, _sentence(text, run)) for text in (*found.notes, *refused, *_remarks(run, one))]
    if not judged and not notes:
        return None
    most = max(2, 5 - len(judged))
    drawn = [(one, shown_of(one, most)) for one in judged[:MOST_RUNS]]
    notes += [(one.run, text) for one, shown in drawn for text in _left_out(one, shown)]
    notes += [(one.run, "This run is in the tables alone") for one in judged[MOST_RUNS:]]
    return Section(
        "verifiers",
        HEADING,
        tuple(_text(judged)) if judged else (),
        tuple(charts(drawn)),
        _tables(judged, joined=len(runs) > 1),
        tuple(f"{name}: {text}." if name else f"{text}." for name, text in notes),
    )


def _sentence(text: str, run: RunData) -> str:
    """With a capital, unless it begins with the name of a verifier or selector."""
    name = text.partition(" ")[0] in (*run.verifiers, *SELECTORS)
    return text if name else f"{text[:1].upper()}{text[1:]}"


def _scored(run: RunData) -> bool:
    """Whether a verifier of the run has scored some independent samples."""
    settings = {(e.strategy, e.setting) for e in fixed(run) if e.independent and e.n[-1] > 1}
    return any(key[2:4] in settings and not cell.scores.keys().isdisjoint(run.verifiers)
               for key, cell in run.cells.items())  # fmt: skip


def _left_out(one: Judged, shown: Sequence[str]) -> Iterator[str]:
    if left := [row.verifier for row in one.found.discrimination if row.verifier not in shown]:
        yield f"The charts leave out {', '.join(left)}, with a lower best of n; the tables have all"


def _cells(run: RunData, found: Comparison) -> list[list[CellData]]:
    """What was compared: by problem, one cell a seed."""
    entry = found.entry
    return [
        [run.cells[p.benchmark, p.id, entry.strategy, entry.setting, seed, 0] for seed in run.seeds]
        for p in found.problems
    ]


def _laws(run: RunData, found: Comparison) -> tuple[dict[str, OverOptimisation], list[str]]:
    """The law of over-optimisation by verifier, and why there is none."""
    cells = _cells(run, found)
    laws: dict[str, OverOptimisation] = {}
    refused: dict[str, list[str]] = {}
    for label in (row.verifier for row in found.discrimination):
        ns = np.array([s.n for s in found.selected if (s.selector, s.verifier) == ("best", label)], dtype=np.int64)
        if not ns.size:
            continue
        values = [
            np.mean([best_of_k(c.scores[label], c.correct, ns, answered=c.classes >= 0) for c in row], axis=0)
            for row in cells
        ]
        distinct = distinct_scores(c.scores[label] for row in cells for c in row)
        try:
            laws[label] = fit_over_optimisation(ns, values, distinct=distinct)
        except FitError as error:
            refused.setdefault(str(error), []).append(label)
    return laws, [f"No over-optimisation fit for {', '.join(names)}: {why}" for why, names in refused.items()]


def _remarks(run: RunData, one: Judged) -> Iterator[str]:
    """What the charts of a run cannot show."""
    found = one.found
    stated = {row.verifier for row in found.calibrated if row.by == "raw"}
    mapped = {row.verifier for row in found.calibrated} - stated
    if mapped:
        names = ", ".join(label for label in run.verifiers if label in mapped)
        yield f"Not all scores of {names} lie in [0, 1], so as they are they state no probability (no raw markers)"
    if bounds := [label for label, law in one.laws.items() if not law.exact_kl]:
        yield (
            f"Some samples of a problem share their score by {', '.join(bounds)}: "
            "the KL divergence is an upper bound there"
        )
    others = {
        (e.strategy, e.setting)
        for e in fixed(run)
        if e.independent and e.n[-1] > 1 and (e.strategy, e.setting) != (found.entry.strategy, found.entry.setting)
    }
    if others:
        yield f"Of {len(others) + 1} settings of independent samples only the first, {one.setting}, is compared"


def _text(judged: Sequence[Judged]) -> Iterator[str]:
    for one in judged:
        found = one.found
        benchmarks = ", ".join(dict.fromkeys(p.benchmark for p in found.problems))
        problems = f"{len(found.problems):,} problem{'s' if len(found.problems) > 1 else ''}"
        yield f"{one.setting}: all verifiers judge the same samples: {problems} ({benchmarks}), {found.samples:,} each."
    yield (
        "Accuracy at n is the mean over all subsets of n samples (weighted: over random orders). The largest n rests "
        "on few subsets, at all samples held on one a problem. Bands and bars are 95% intervals over problems; those "
        "of the gap are of paired differences, and tell more than the bands of two lines."
    )
    if any(one.found.calibrated for one in judged):
        yield (
            "Reliability: the samples with an answer, in ten bins of stated probability; a larger marker holds more "
            "samples. On the diagonal a score is the probability of being right. Platt and isotonic are fitted on one "
            "half of the problems and shown on the other, both ways."
        )
    if any(one.laws for one in judged):
        yield (
            "Over-optimisation (Gao et al. 2022): accuracy = start + d (alpha - beta d), d the square root of the KL "
            "divergence of best-of-n from the policy, fitted by least squares to the markers, with a 95% band over "
            "problems. It is not drawn beyond the n measured. A verifier counts as over-optimised where the fit falls "
            "at the largest n and the measured accuracy has fallen from the peak, both beyond their intervals. "
            f"Here: {_over_optimised(judged)}."
        )


def _over_optimised(judged: Sequence[Judged]) -> str:
    return "; ".join(
        f"{one.run}: {label}" if one.run else label
        for one in judged
        for label, law in one.laws.items()
        if law.over_optimised()
    ) or "none"  # fmt: skip


def _tables(judged: Sequence[Judged], *, joined: bool) -> dict[str, TextTable]:
    """The tables of all runs, with a column for the run where there are several."""
    each = [(one, _law_table(one.laws, compare_tables(one.found))) for one in judged]
    if not each:
        return {}
    made: dict[str, TextTable] = {}
    for name, like in each[0][1].items():
        lead = ("run",) if joined else ()
        rows = tuple(((one.run, *row) if joined else row) for one, tables in each for row in tables[name].rows)
        made[name] = TextTable(like.title, (*lead, *like.columns), rows, like.shares)
    return made


def _law_table(laws: Mapping[str, OverOptimisation], tables: Mapping[str, TextTable]) -> dict[str, TextTable]:
    """The tables of a comparison in the section's order, and that of the fits."""
    fits = TextTable(
        "Over-optimisation of best-of-n: the fit, the n of its peak, the fall measured from there to the largest n",
        ("verifier", "start", "alpha", "beta", "peak_n", "peak_low", "peak_high", "end_slope", "slope_low",
         "slope_high", "fall", "fall_low", "fall_high", "misfit", "largest_n", "exact_kl", "over_optimised"),
        tuple(
            (
                label, law.start, law.alpha, law.beta, *_one(law.peak()), *_one(law.end_slope()),
                law.fall.mean, law.fall.low, law.fall.high, law.misfit, law.most,
                "yes" if law.exact_kl else "upper bound", "yes" if law.over_optimised() else "no",
            )
            for label, law in laws.items()
        ),
        ("start", "fall", "fall_low", "fall_high", "misfit"),
    )  # fmt: skip
    return {f"compare_{name}": tables[f"compare_{name}"] for name in _ORDER} | {"over_optimisation": fits}


def _one(band: Band) -> tuple[float, float, float]:
    return float(band.value[0]), float(band.low[0]), float(band.high[0])
