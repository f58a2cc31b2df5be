"""Several runs as one: their curves side by side, on the same problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, combinations

from tts.analysis.choices import same_problems
from tts.analysis.compute import POLICY, models_of
from tts.analysis.curves import curves
from tts.analysis.rows import Curves
from tts.core import UsageError
from tts.store import RunData


def run_names(runs: Sequence[RunData]) -> tuple[str, ...]:
    """What tells runs apart for people: the model, the directory where models are the same, both where neither does.

    An empty name where there is one run. Raises UsageError where a run is named twice.
    """
    if len(runs) == 1:
        return ("",)
    places = [run.path.resolve() for run in runs]
    if twice := [str(place) for place in dict.fromkeys(places) if places.count(place) > 1]:
        raise UsageError(f"RUN: {', '.join(twice)} is named twice; name each run once")
    for names in ([r.model for r in runs], [p.name for p in places], [f"{r.model} ({r.path})" for r in runs]):
        if len(set(names)) == len(runs):
            return tuple(names)
    return tuple(map(str, places))


def joined_curves(runs: Sequence[RunData], parameters: Mapping[str, float] | None = None) -> list[Curves]:
    """The curves of each run, whose rows say which (`run_names`).

    ``parameters``: as for `curves`; each goes to the runs that have a model of that name. Raises UsageError where two
    runs took up different problems of one benchmark, or one parameter count would go to different models.
    """
    names = run_names(runs)
    for first, second in combinations(runs, 2):
        same_problems(first, second, set(first.problems) & set(second.problems))
    given = dict(parameters or {})
    if POLICY in given and len({run.model for run in runs}) > 1:
        raise UsageError(
            f"--parameters: {POLICY} would give one size to {len({run.model for run in runs})} models; "
            "expected runs of one model; report the others without it"
        )
    known = [_models(run) for run in runs]
    if len(runs) > 1 and (lost := [name for name in given if not any(name in mine for mine in known)]):
        models_of(runs[0], {lost[0]: given[lost[0]]})  # raises, with what was meant
    found = []
    for run, name, mine in zip(runs, names, known, strict=True):
        own = {k: v for k, v in given.items() if len(runs) == 1 or k in mine}
        result = curves(run, own)
        found.append(
            replace(
                result,
                rows=tuple(replace(row, run=name) for row in result.rows),
                by_level=tuple(replace(row, run=name) for row in result.by_level),
            )
        )
    return found


def merged(found: Sequence[Curves]) -> Curves:
    """The rows of several runs in one, benchmark by benchmark."""
    if len(found) == 1:
        return found[0]
    rows = list(chain.from_iterable(c.rows for c in found))
    levels = list(chain.from_iterable(c.by_level for c in found))
    rank = {name: i for i, name in enumerate(dict.fromkeys(row.benchmark for row in rows))}
    return Curves(
        rows=tuple(sorted(rows, key=lambda row: rank[row.benchmark])),
        missing=tuple(chain.from_iterable(c.missing for c in found)),
        by_level=tuple(sorted(levels, key=lambda row: rank[row.benchmark])),
        refused=tuple(chain.from_iterable(c.refused for c in found)),
        monte_carlo_error=max(c.monte_carlo_error for c in found),
    )


def _models(run: RunData) -> set[str]:
    models = models_of(run)
    return {POLICY, *models.verifiers, *models.unknown}
