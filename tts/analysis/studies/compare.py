"""``tts compare``: verifiers judged on identical samples, by what they select, tell apart, state and cost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from tts.analysis import how_to_score
from tts.analysis.choices import complete_problems, fixed, hold, left_out
from tts.analysis.selection import expected_accuracy, how_to_sample
from tts.analysis.studies.comparison import (
    Agreement,
    Calibrated,
    Comparison,
    Difference,
    Discrimination,
    Pooled,
    Selected,
)
from tts.analysis.studies.optimal import folds
from tts.analysis.verdicts import verdict_notes
from tts.core import SELECTORS, UsageError, stream
from tts.stats.calibration import (
    brier_scores,
    expected_calibration_error,
    fit_isotonic,
    fit_platt,
    log_odds,
    reliability,
)
from tts.stats.discrimination import Ranked, rank_correlation
from tts.stats.intervals import Interval, mean_interval
from tts.stats.overoptimisation import best_of_n_kl
from tts.stats.paired import difference_interval
from tts.store import CellData, Entry, ProblemInfo, RunData

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RESAMPLES = 500
_BASELINES = ("first", "majority", "oracle")


def compare_verifiers(run: RunData, ks: Sequence[int] | None = None) -> Comparison:
    """Compare the run's verifiers on its first setting of independent samples.

    ``ks``: budgets; default: powers of two up to what is held, and the planned ones. A verifier that has not scored
    every sample is left out, and a note says so. Raises UsageError where there are no independent samples or no
    verifier to compare, or a budget exceeds the samples held.
    """
    entry = next((e for e in fixed(run) if e.independent and e.n[-1] > 1), None)
    if entry is None:
        raise UsageError(f"RUN: {run.path} has no independent samples to compare verifiers on; {how_to_sample(run)}")
    problems = complete_problems([run])
    held = hold(run, entry, problems, run.seeds)
    cells = [list(held.cells[(p.benchmark, p.id), 0]) for p in problems]
    every = [c for row in cells for c in row]
    labels = [v for v in run.verifiers if all(v in c.scores and np.isfinite(c.scores[v]).all() for c in every)]
    left = [v for v in run.verifiers if v not in labels]
    notes = [*verdict_notes([run], "tts compare"), *left_out(run, problems)]
    notes += [f"{v} has not scored every sample with a finite number, and is left out" for v in left]
    if not labels:
        raise UsageError(f"RUN: {run.path} has no verifier that scored every sample; {how_to_score(run)}")
    budgets = _budgets(ks, entry, min(len(c) for c in every))
    accuracy, refused = _accuracies(cells, entry, problems, labels, budgets)
    notes += refused
    return Comparison(
        entry=entry,
        problems=problems,
        samples=sum(len(c) for c in cells[0]),
        selected=tuple(_selected(accuracy, budgets)),
        differences=tuple(_differences(accuracy, labels, budgets)),
        discrimination=tuple(_discrimination(cells, label) for label in labels),
        calibrated=tuple(row for label in labels for row in _calibrated(cells, label)),
        agreement=tuple(_agreement(cells, a, b) for a, b in combinations(labels, 2)),
        notes=tuple(notes),
    )


def _budgets(ks: Sequence[int] | None, entry: Entry, held: int) -> Ints:
    if ks is None:
        powers = [2**i for i in range(held.bit_length())]
        return np.array(sorted({*powers, *(n for n in entry.n if n <= held)}), dtype=np.int64)
    if not ks or min(ks) < 1 or max(ks) > held:
        raise UsageError(
            f"--n: found {', '.join(map(str, ks))}; expected 1..{held}: there are {held} samples a problem"
        )
    return np.array(sorted(set(ks)), dtype=np.int64)


def _accuracies(
    cells: Sequence[Sequence[CellData]], entry: Entry, problems: Sequence[ProblemInfo], labels: Sequence[str], ks: Ints
) -> tuple[dict[tuple[str, str], Floats], list[str]]:
    """Expected accuracy, (problems, K), by selector and verifier (empty for baselines), and what was refused."""
    found: dict[tuple[str, str], Floats] = {}
    refused = []
    for selector, label in [*((s, "") for s in _BASELINES), *((s, v) for v in labels for s in ("best", "weighted"))]:
        rows = []
        try:
            for problem, row in zip(problems, cells, strict=True):
                each = []
                for seed, cell in enumerate(row):
                    place = (problem.benchmark, problem.id, entry.strategy, entry.setting, str(seed))
                    each.append(expected_accuracy(cell, SELECTORS[selector], label or None, ks, place)[0])
                rows.append(np.mean(each, axis=0))
        except ValueError as error:
            refused.append(f"{selector} cannot use {label}: {error}")
            continue
        found[selector, label] = np.array(rows)
    return found, refused


def _selected(accuracy: dict[tuple[str, str], Floats], ks: Ints) -> Iterator[Selected]:
    for (selector, label), values in accuracy.items():
        for i, n in enumerate(ks.tolist()):
            if selector == "first" and n > 1:
                continue  # the same at any n
            yield Selected(
                selector,
                label,
                n,
                math.sqrt(best_of_n_kl(n)),
                mean_interval(values[:, i]),
                difference_interval(accuracy["oracle", ""][:, i], values[:, i])
                if n > 1 and selector != "oracle"
                else None,
                difference_interval(values[:, i], accuracy["majority", ""][:, i])
                if n > 1 and selector not in ("majority", "oracle")
                else None,
            )


def _differences(accuracy: dict[tuple[str, str], Floats], labels: Sequence[str], ks: Ints) -> Iterator[Difference]:
    for a, b in combinations(labels, 2):
        for selector in ("best", "weighted"):
            if (selector, a) in accuracy and (selector, b) in accuracy:
                for i, n in ((i, n) for i, n in enumerate(ks.tolist()) if n > 1):  # one sample: the same choice
                    gap = difference_interval(accuracy[selector, a][:, i], accuracy[selector, b][:, i])
                    yield Difference(selector, a, b, n, gap)


def _answered(cells: Sequence[Sequence[CellData]], label: str) -> tuple[Floats, npt.NDArray[np.bool_], Ints]:
    """Scores, correctness and problem index of all samples with an answer."""
    rows = [(i, c, c.classes >= 0) for i, row in enumerate(cells) for c in row]
    return (
        np.concatenate([c.scores[label][at] for _, c, at in rows]),
        np.concatenate([c.correct[at] for _, c, at in rows]),
        np.concatenate([np.full(int(at.sum()), i) for i, _, at in rows]),
    )


def _discrimination(cells: Sequence[Sequence[CellData]], label: str) -> Discrimination:
    scores, correct, problem = _answered(cells, label)
    ends = np.searchsorted(problem, np.arange(1, len(cells)))
    parts = zip(np.split(scores, ends), np.split(correct, ends), strict=True)
    within = [Ranked(x, right).measure() for x, right in parts if 0 < right.sum() < len(right)]
    name = label.rpartition(":")[0]
    passes = [c.usage.selection_tokens.get(name) for row in cells for c in row]
    counted = [t for tokens in passes if tokens is not None for t in tokens]
    return Discrimination(
        label,
        mean_interval([a for a, _ in within]) if within else None,
        mean_interval([p for _, p in within]) if within else None,
        len(within),
        *_across(scores, correct, problem, len(cells)),
        float(correct.mean()) if len(correct) else 0.0,
        float(np.mean(counted)) if counted and all(t is not None for t in passes) else None,
    )


def _across(scores: Floats, correct: npt.NDArray[np.bool_], problem: Ints, count: int) -> tuple[Pooled, Pooled]:
    """AUROC and average precision of the pooled samples, with 95% percentile bootstrap intervals over problems."""
    if not len(correct) or correct.all() or not correct.any():
        return None, None
    ranked, rng, found = Ranked(scores, correct, problem), stream("across", count), []
    counted = problem.max() + 1  # beyond the last problem with an answer there is nothing to weigh
    right, wrong = (np.bincount(problem[mine], minlength=counted) for mine in (correct, ~correct))
    for _ in range(RESAMPLES):
        weights = np.bincount(rng.integers(0, count, count), minlength=count)[:counted]
        if weights @ right and weights @ wrong:
            found.append(ranked.measure(weights))
    ends = np.quantile(found, [0.025, 0.975], axis=0) if found else np.array([[0.0, 0.0], [1.0, 1.0]])
    own = ranked.measure()
    auc, precision = ((x, min(float(lo), x), max(float(hi), x)) for x, lo, hi in zip(own, *ends, strict=True))
    return auc, precision


def _calibrated(cells: Sequence[Sequence[CellData]], label: str) -> Iterator[Calibrated]:
    scores, correct, problem = _answered(cells, label)
    if not len(scores):
        return
    stated = scores.min() >= 0 and scores.max() <= 1
    if stated:
        yield _measured(label, "raw", scores, correct, problem)
    if len(np.unique(problem)) < 2:
        return
    _, index = np.unique(problem, return_inverse=True)
    fold = folds(np.zeros(index.max() + 1))[index]
    for name, fit, x in (
        ("platt", fit_platt, log_odds(scores) if stated else scores),
        ("isotonic", fit_isotonic, scores),
    ):
        mapped = np.zeros(len(x))
        for f in (0, 1):
            mapped[fold == f] = fit(x[fold != f], correct[fold != f])(x[fold == f])
        yield _measured(label, name, mapped, correct, problem)


def _measured(label: str, by: str, p: Floats, correct: npt.NDArray[np.bool_], problem: Ints) -> Calibrated:
    each = brier_scores(p, correct, problem)
    return Calibrated(label, by, expected_calibration_error(p, correct), mean_interval(each), reliability(p, correct))


def _agreement(cells: Sequence[Sequence[CellData]], a: str, b: str) -> Agreement:
    alike: list[float] = []
    same: list[float] = []
    for row in cells:
        ranks = [rank_correlation(*(c.scores[v][c.classes >= 0] for v in (a, b))) for c in row]
        if found := [r for r in ranks if r is not None]:
            alike.append(float(np.mean(found)))
        same.append(float(np.mean([_best_answer(c, a) == _best_answer(c, b) for c in row])))
    mapped = mean_interval([(r + 1) / 2 for r in alike]) if alike else None
    correlation = mapped and Interval(2 * mapped.mean - 1, 2 * mapped.stderr, 2 * mapped.low - 1, 2 * mapped.high - 1)
    return Agreement(a, b, correlation, mean_interval(same))


def _best_answer(cell: CellData, label: str) -> int:
    """The class of the best-scored answered sample, the first of several; -1 where there is none."""
    voters = np.flatnonzero(cell.classes >= 0)
    return int(cell.classes[voters[np.argmax(cell.scores[label][voters])]]) if len(voters) else -1
