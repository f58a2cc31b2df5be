"""What a reader must know before trusting the curves: everything that went wrong or is missing, in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from tts.analysis import Curves, run_names
from tts.analysis.curves import planned_problems
from tts.core import SELECTORS, SamplingParams
from tts.store import RunData

REDRAWN = 0.01
"""Share of redrawn samples above which the report warns."""
TRUNCATED = 0.01
"""Share of cut answers above which the report warns."""
FEW = 30
"""Problems below which intervals are only rough."""


def notes(runs: Sequence[RunData], found: Sequence[Curves]) -> list[str]:
    """Warnings about runs with the curves of each, one sentence or two each, plain text (not escaped).

    Each begins with the run's name where there are several. Empty where there is nothing to warn of.
    """
    return [
        f"{name}: {text}" if name else text
        for name, run, result in zip(run_names(runs), runs, found, strict=True)
        for text in _notes(run, result)
    ] + list(_models(runs, found))


def _notes(run: RunData, result: Curves) -> list[str]:
    return [
        *_imported(run),
        *left_out(run, result),
        *_sampling(run),
        *_steps(run),
        *_oracles(run),
        *_grading(run),
        *_rows(result),
    ]


def label(strategy: str, setting: str) -> str:
    """A strategy setting for people: ``best_of_n (temperature 0.7)``."""
    options = _options(setting)
    if options is None:
        return f"{strategy} ({setting})"
    shown = ", ".join(f"{k} {v if isinstance(v, str) else json.dumps(v)}" for k, v in options.items())
    return f"{strategy} ({shown})" if shown else strategy


def short_labels(groups: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Labels of some (strategy, setting), without the sweep's own sampling and verifier where these tell none apart."""
    found = {group: _options(group[1]) for group in groups}
    stated: dict[str, set[str]] = {}
    for options in found.values():
        for key in options or {}:
            stated.setdefault(key, set()).add(json.dumps(options[key]))  # type: ignore[index]
    common = {k for k, values in stated.items() if len(values) == 1 and k in {*SamplingParams.model_fields, "verifier"}}
    short = {
        group: label(group[0], json.dumps({k: v for k, v in options.items() if k not in common}))
        for group, options in found.items()
        if options is not None
    }
    return {g: short[g] if g in short and list(short.values()).count(short[g]) == 1 else label(*g) for g in found}


def group_labels(groups: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    """Labels of some (run, strategy, setting), the run first where it has a name."""
    found = list(groups)
    short = short_labels(dict.fromkeys(group[1:] for group in found))
    return {group: f"{group[0]}: {short[group[1:]]}" if group[0] else short[group[1:]] for group in found}


def _options(setting: str) -> dict[str, object] | None:
    try:
        options = json.loads(setting)
    except ValueError:
        return None
    return options if isinstance(options, dict) else None


def variant(selector: str, verifier: str) -> str:
    """A selector for people, with the scores it picks by: ``best (prm/tiny-arith:last)``."""
    return f"{selector} ({verifier})" if verifier else selector


def _models(runs: Sequence[RunData], found: Sequence[Curves]) -> Iterator[str]:
    models = list(dict.fromkeys(run.model for run in runs))
    if len(models) > 1 and any(row.policy_flops is None for result in found for row in result.rows):
        yield (
            f"The runs are of {len(models)} models, {', '.join(models)}, whose tokens are not the same compute, and "
            "FLOPs are not known for every point. Do not read lines of different models against each other."
        )


def _imported(run: RunData) -> Iterator[str]:
    """What is not known of samples that were made elsewhere."""
    imported = run.info.imported
    if not imported:
        return
    yield (
        f"These samples were imported from {', '.join(imported.files)}. Prompts are not counted, and the verdicts "
        f"are {_VERDICTS[imported.labels]}."
    )
    if imported.tokens == "estimated":
        yield "Token counts of the imported samples are estimated, a token for four bytes of text."
    if imported.labels == "both" and run.samples:
        yield (
            f"The file's verdicts and ours differ on {imported.disagreements:,} of {run.samples:,} samples: "
            "disagreements.jsonl lists them."
        )


_VERDICTS = {
    "own": "our grader's",
    "file": "those of the files",
    "both": "our grader's, and those of the files where the setting says so",
}
"""By what ``tts import --labels`` was given."""


def left_out(run: RunData, result: Curves) -> list[str]:
    """What the rows of a run do not cover: problems that are not complete, not planned or not scored."""
    return [*_unfinished(run, result), *_planned(run), *_unscored(run, result)]


def _unfinished(run: RunData, result: Curves) -> Iterator[str]:
    groups: dict[tuple[str, int, int], dict[str, list[str]]] = {}
    for m in result.missing:
        if m.verifier:
            continue
        group = groups.setdefault((m.benchmark, m.complete, m.planned), {})
        group.setdefault(label(m.strategy, m.setting), []).append(str(m.n))
    for (benchmark, complete, planned), settings in groups.items():
        listed = "; ".join(f"{name} at n = {', '.join(ns)}" for name, ns in settings.items())
        yield (
            f"{benchmark}: {complete} of {planned} problems are complete for {listed}. {_others(planned - complete)} "
            "left out. Problems with long answers finish last, so the curves may move."
        )
    sessions = run.info.sessions
    if sessions and not sessions[-1].finished:
        yield "The last session of this run did not finish, or is still at work."


def _planned(run: RunData) -> Iterator[str]:
    """Plans that name some of the problems only: their points are no measure of all."""
    for entry in run.plan:
        for benchmark, every in run.planned.items():
            named = planned_problems(run, entry, benchmark)
            if named < every:
                yield (
                    f"{benchmark}: {label(entry.strategy, entry.setting)} is planned for {named} of the {every} "
                    "problems. Its points are of these alone, and not to be compared with lines of all."
                )


def _unscored(run: RunData, result: Curves) -> Iterator[str]:
    idle = [name for name in run.selectors if SELECTORS[name].needs_scores and not run.verifiers]
    if idle:
        verb = "needs" if len(idle) == 1 else "need"
        yield f"{' and '.join(idle)} {verb} the scores of a verifier, and this run names none: no line is drawn."
    groups: dict[tuple[str, str, int, int], dict[str, list[str]]] = {}
    for m in result.missing:
        if m.verifier:
            group = groups.setdefault((m.benchmark, m.verifier, m.complete, m.planned), {})
            group.setdefault(label(m.strategy, m.setting), []).append(str(m.n))
    for (benchmark, verifier, scored, complete), settings in groups.items():
        listed = "; ".join(f"{name} at n = {', '.join(ns)}" for name, ns in settings.items())
        yield (
            f"{benchmark}: {verifier} has scored {scored} of the {complete} complete problems of {listed}. "
            f"{_others(complete - scored)} left out of its lines, which are not to be compared with the rest yet."
        )
    for refused in result.refused:
        yield f"{variant(refused.selector, refused.verifier)} has no line: {refused.reason}."


def _sampling(run: RunData) -> Iterator[str]:
    if run.redrawn > REDRAWN * max(run.samples, 1):
        yield (
            f"{run.redrawn:,} of {run.samples:,} samples ({run.redrawn / max(run.samples, 1):.1%}) were in flight when "
            "the run was cut off, and were drawn again. Long answers are in flight longest, so this favours short ones."
        )
    if len(run.engines) > 1:
        yield f"Samples of {len(run.engines)} engine versions are mixed: {', '.join(run.engines)}."


def _steps(run: RunData) -> Iterator[str]:
    """How often a search's steps did not end at the delimiter, which then cuts thoughts in the middle."""
    found: dict[str, tuple[int, int]] = {}
    for (_, _, strategy, setting, _, _), cell in run.cells.items():
        steps, cut = found.get(label(strategy, setting), (0, 0))
        found[label(strategy, setting)] = steps + cell.usage.steps, cut + cell.usage.steps_cut
    for name, (steps, cut) in found.items():
        if cut > TRUNCATED * steps:
            yield (
                f"{name}: {cut:,} of {steps:,} steps ({cut / steps:.1%}) were cut by a length limit before the policy "
                "wrote the step delimiter; another delimiter or a larger step_tokens may help."
            )


def _oracles(run: RunData) -> Iterator[str]:
    names = run.info.oracle_verifiers
    if names:
        yield (
            f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} told the reference answer: what is guided or "
            "selected by such scores is a bound or a study of noise, not a method."
        )


def _grading(run: RunData) -> Iterator[str]:
    theirs = run.info.imported.labels if run.info.imported else None
    counts = dict.fromkeys(("timeouts", "mixed", "capped", "split"), 0)
    for (_, _, _, setting, _, _), cell in run.cells.items():
        by_file = theirs == "file" or (theirs == "both" and (_options(setting) or {}).get("labels") == "file")
        for name in ("timeouts", "mixed", "capped"):
            counts["split" if by_file and name == "mixed" else name] += int(cell.grader.get(name, 0))
    cells = f"(of {len(run.cells):,} cells)"
    if counts["timeouts"]:
        yield f"The grader ran out of time on {_count(counts['timeouts'], 'pair')} of answers, which count as unequal."
    if counts["mixed"]:
        yield (
            f"The grader disagreed with itself within {_count(counts['mixed'], 'class', 'classes')} of equal answers "
            f"{cells}; each class counts as its first member."
        )
    if counts["split"]:
        yield (
            f"The file judges members of {_count(counts['split'], 'class', 'classes')} of answers differently that our "
            "grader takes for equal; where the file's verdicts count, they are taken as they are."
        )
    if counts["capped"]:
        yield (
            f"{_count(counts['capped'], 'cell')} {cells} had too many distinct answers to compare all of them; "
            "equal answers may be counted apart there, which weakens majority votes."
        )


def _rows(result: Curves) -> Iterator[str]:
    cut: dict[str, dict[str, float]] = {}
    for r in result.rows:
        if r.truncated_rate >= TRUNCATED:
            name = label(r.strategy, r.setting)
            cut.setdefault(r.benchmark, {})[name] = max(r.truncated_rate, cut.get(r.benchmark, {}).get(name, 0.0))
    for benchmark, rates in cut.items():
        listed = ", ".join(f"{rate:.1%} of {name}" for name, rate in rates.items())
        yield f"{benchmark}: the token limit cut answers short ({listed}); a higher max_tokens may help."
    few = {r.benchmark: r.problems for r in result.rows if r.problems < FEW}
    for benchmark, problems in few.items():
        yield f"{benchmark}: only {_count(problems, 'problem')}; intervals from so few are rough."


def _others(n: int) -> str:
    return "The other is" if n == 1 else f"The other {n:,} are"


def _count(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"
