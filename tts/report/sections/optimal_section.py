"""The section on compute-optimal scaling: the best setting by difficulty and budget, beside every single one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tts.analysis import Choice, axis_of, run_names
from tts.analysis.studies import OptimalStudy, name_of, study_optimal
from tts.core import UsageError
from tts.report.notes import group_labels, variant
from tts.report.sections.optimal_charts import Label, optimal_charts
from tts.report.sections.optimal_curves import BinPoint, bin_points
from tts.report.sections.section import Section
from tts.report.tables.optimal import optimal_tables
from tts.report.tables.writing import TextTable
from tts.store import RunData

KEY, HEADING = "optimal", "Compute-optimal by difficulty"
SHARES = ("accuracy", "ci_low", "ci_high")
FEW = 10
"""Problems in a bin below which the section warns."""


@dataclass(frozen=True, slots=True)
class _Study:
    """One benchmark's study."""

    benchmark: str
    runs: Sequence[RunData]
    study: OptimalStudy
    points: Sequence[BinPoint]


def optimal_section(runs: Sequence[RunData]) -> Section | None:
    """Compute-optimal choice on each benchmark by itself; None where no run lets anything be chosen.

    Models differ in what a token takes: where the runs are of several, compute is FLOPs.
    """
    axis = "tokens" if len({run.model for run in runs}) == 1 else "flops"
    found: list[_Study] = []
    reasons: dict[str, list[str]] = {}
    for benchmark in dict.fromkeys(name for run in runs for name in run.problems):
        some = [replace(r, problems={benchmark: r.problems[benchmark]}) for r in runs if r.problems.get(benchmark)]
        if not _to_choose(some):
            continue
        try:
            study = study_optimal(some, axis=axis_of(axis))
        except UsageError as error:
            reasons.setdefault(str(error).removeprefix("RUN: "), []).append(benchmark)
            continue
        if len(study.table.choices) > 1:
            found.append(_Study(benchmark, some, study, list(bin_points(study))))
    notes = [f"{', '.join(names)}: not shown, since {reason}." for reason, names in reasons.items()]
    if not found:
        return Section(KEY, HEADING, (_ABOUT,), notes=tuple(notes)) if notes else None
    label = _labels(runs)
    several = len(found) + len(reasons) > 1
    return Section(
        KEY,
        HEADING,
        tuple(_text(found, runs, axis)),
        charts=tuple(
            chart
            for one in found
            for chart in optimal_charts(
                one.study, one.points, _named(one, label), label, UNITS[axis], one.benchmark if several else ""
            )
        ),
        tables=_tables(found, label, axis),
        notes=(*notes, *(text for one in found for text in _notes(one, several))),
    )


UNITS = {
    "tokens": "tokens a problem (prompt and generated)",
    "flops": "forward FLOPs a problem (policy and verifiers)",
}
_ABOUT = (
    "Which strategy, selector and budget is best depends on how hard a problem is. Compute-optimal scaling (Snell et "
    "al. 2024) puts problems into bins of difficulty and takes the best setting of each bin for every budget."
)


def _to_choose(runs: Sequence[RunData]) -> bool:
    """Whether a reader would expect the section: a few problems, and more than one answer to some of them."""
    planned = max((sum(map(len, run.problems.values())) for run in runs), default=0)
    return planned >= 4 and any(entry.n[-1] > 1 for run in runs for entry in run.plan)


def _labels(runs: Sequence[RunData]) -> Label:
    """The names that the curves have."""
    names = dict(zip((str(run.path) for run in runs), run_names(runs), strict=True))
    plan = {(names[str(run.path)], e.strategy, e.setting): e for run in runs for e in run.plan}
    short = group_labels(plan)

    def label(choice: Choice) -> str:
        group = names[choice.run], choice.strategy, choice.setting
        alone = plan[group].n == (1,)  # one answer: every selector picks it
        return short[group] if alone else f"{short[group]} · {variant(choice.selector, choice.verifier)}"

    return label


def _named(one: _Study, label: Label) -> dict[str, str]:
    """By the study's name of a single setting, that of the curves."""
    return {name_of(series, one.runs): label(series) for series in (c.series for c in one.study.table.choices)}


def _text(found: Sequence[_Study], runs: Sequence[RunData], axis: str) -> list[str]:
    places = dict(zip((run.path for run in runs), run_names(runs), strict=True))
    first = [places[one.runs[0].path] for one in found]
    judges = [f"{one.study.difficulty}{f' in {run}' if run else ''}" for one, run in zip(found, first, strict=True)]
    difficulty = "; ".join(dict.fromkeys(judges))
    cost = (
        "Compute is the policy's tokens, the prompt read once; what verifiers cost is not in it."
        if axis == "tokens"
        else "Compute is the forward FLOPs of policies and verifiers, since tokens of different models differ in cost."
    )
    return [
        f"{_ABOUT} Here difficulty is told by {difficulty}: samples that nothing compared here uses.",
        "The problems are halved within each bin. One half chooses the most accurate setting whose mean compute is "
        "within the budget, the other half is evaluated with it, and both ways, so that no problem has a say in its "
        "own setting. Best single is chosen the same way without bins. Oracle is each problem's own best setting, "
        "chosen on one half of its samples and evaluated on the other: nobody knows it beforehand, so it is a bound "
        "for choosing among the settings that can be halved, not a method. Grey lines are the single settings, each "
        "selector a line; the best of them was not known beforehand either. The panels of the bins draw beside "
        "compute-optimal and best single what was chosen for most budgets, in the looks of the chart of choices, whose "
        "legend is theirs too. Bands are 95% intervals over problems (bootstrap).",
        f"{cost} Curves are drawn at what the mixture of settings really took. Choosing from few problems costs "
        "accuracy, so a compute-optimal curve may lie below a single line.",
        f"The budget ratio is the {axis} that a strategy takes for the accuracy of its best n, over those that "
        "compute-optimal takes for the same accuracy: 2 means that half of them do. Against best single it is read at "
        "every accuracy that more budget brings best single to. A level that a curve does not reach gives a bound (> "
        "or <), nothing is extrapolated, and an end of the interval that nothing bounds is a dash. The interval "
        "resamples problems and repeats choice and evaluation.",
    ]


def _tables(found: Sequence[_Study], label: Label, axis: str) -> dict[str, TextTable]:
    """The tables of ``tts optimal`` with the names of the curves, and every curve by bin; all by benchmark."""
    parts: dict[str, list[tuple[str, TextTable]]] = {}
    for one in found:
        tables = optimal_tables(one.study, one.runs, axis, label)
        tables["optimal_bins"] = _bins(one.points, label, axis)
        for name, table in tables.items():
            parts.setdefault(name, []).append((one.benchmark, table))
    order = ("optimal_ratios", "optimal_choices", "optimal", "optimal_bins")
    return {
        name: replace(
            parts[name][0][1],
            columns=("benchmark", *parts[name][0][1].columns),
            rows=tuple((benchmark, *row) for benchmark, table in parts[name] for row in table.rows),
            shares=SHARES if name in ("optimal", "optimal_bins") else SHARES[:1],
        )
        for name in order
    }


def _bins(points: Sequence[BinPoint], label: Label, axis: str) -> TextTable:
    return TextTable(
        f"Accuracy against {axis} a problem by bin, 1 the easiest",
        ("bin", "problems", "curve", "n", "budget", axis, *SHARES),
        tuple(
            (p.bin, p.problems, p.curve if p.choice is None else label(p.choice), p.choice.n if p.choice else None,
             p.budget, p.compute, p.accuracy.mean, p.accuracy.low, p.accuracy.high)
            for p in points
        ),
    )  # fmt: skip


def _notes(one: _Study, several: bool) -> list[str]:
    study = one.study
    notes = [f"{note[:1].upper()}{note[1:]}." for note in study.notes]
    if study.bins.sizes.min() < FEW:
        notes.append(
            f"Some bins hold as few as {study.bins.sizes.min()} problems, half of which choose: much of what they "
            "choose is chance, and their intervals are rough."
        )
    told = {name for run in one.runs for name in run.info.oracle_verifiers}
    used = sorted({c.verifier.rpartition(":")[0] for c in study.table.choices} & told)
    if used:
        notes.append(f"{', '.join(used)} is told the reference answer: what is chosen with it is a bound.")
    return [f"{one.benchmark}: {note}" if several else note for note in notes]
