"""Reward models on identical samples, for docs/results.md: what they select, tell apart and state, where they fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lab.card import table
from lab.strategies import percent
from tts.analysis.choices import fixed
from tts.analysis.studies import compare_verifiers
from tts.stats import Interval, best_of_k, distinct_scores, fit_over_optimisation
from tts.store import RunData

SHOWN = (4, 16, 64)
"""Numbers of samples at which they are compared."""


def points(interval: Interval) -> str:
    """``+4.2 (1.0 to 7.5)``: a difference, in points."""
    return f"{100 * interval.mean:+.1f} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def reward_models(run: RunData) -> Iterator[str]:
    """The reward models on identical samples."""
    found = compare_verifiers(run, SHOWN)
    names = [d.verifier for d in found.discrimination]
    kinds = [(s, v) for s in ("best", "weighted") for v in names]
    at = {(s.selector, s.verifier, s.n): s for s in found.selected}
    lines = [(*kind, *(percent(at[*kind, n].accuracy) for n in SHOWN),
              *(points(gap) if (gap := at[*kind, n].to_oracle) else "-" for n in SHOWN)) for kind in kinds]  # fmt: skip
    head = ("selector", "verifier", *(f"n = {n}" for n in SHOWN), *(f"gap to the oracle, {n}" for n in SHOWN))
    yield "Selection:\n\n" + table(head, lines)
    pairs = dict.fromkeys((d.selector, d.first, d.second) for d in found.differences)
    gaps = {(d.selector, d.first, d.second, d.n): points(d.difference) for d in found.differences}
    head = ("selector", "first", "second", *(f"first minus second, {n}" for n in SHOWN))
    yield "Paired:\n\n" + table(head, [(*pair, *(gaps[*pair, n] for n in SHOWN)) for pair in pairs])
    told = [
        (d.verifier, decimal(d.auroc_within), decimal(d.precision_within), three(d.auroc_across),
         three(d.precision_across), f"{d.base_rate:.3f}")
        for d in found.discrimination
    ]  # fmt: skip
    head = ("verifier", "AUROC within", "AP within", "AUROC pooled", "AP pooled", "share right")
    yield "Telling right from wrong, within problems and over all samples pooled:\n\n" + table(head, told)
    stated = [(c.verifier, c.by, f"{c.ece:.3f}", decimal(c.brier)) for c in found.calibrated]
    yield "Calibration:\n\n" + table(("verifier", "map", "ECE", "Brier"), stated)
    yield "Over-optimisation of best-of-n:\n\n" + over_optimised(run, names)


def decimal(interval: Interval | None) -> str:
    """``0.912 (0.890 to 0.931)``."""
    return "-" if interval is None else three((interval.mean, interval.low, interval.high))


def three(value: Sequence[float] | None) -> str:
    """A figure and its interval."""
    return "-" if value is None else "{:.3f} ({:.3f} to {:.3f})".format(*value)


def over_optimised(run: RunData, names: Sequence[str]) -> str:
    """The law of Gao et al. for each verifier."""
    cells = [c for e in fixed(run) if e.strategy == "best_of_n" for k, c in run.cells.items() if k[2] == e.strategy]
    ns = 2 ** np.arange(min(len(c) for c in cells).bit_length())
    lines = []
    for name in names:
        values = [best_of_k(c.scores[name], c.correct, ns, answered=c.classes >= 0) for c in cells]
        distinct = distinct_scores(c.scores[name] for c in cells)
        law = fit_over_optimisation(ns, values, distinct=distinct)
        peak = law.peak()
        lines.append(
            (name, f"{law.alpha:.2f}", f"{law.beta:.2f}",
             f"{peak.value[0]:.0f} ({peak.low[0]:.0f} to {peak.high[0]:.0f})", points(law.fall),
             "yes" if law.over_optimised() else "no", f"{100 * law.misfit:.1f}")
        )  # fmt: skip
    return table(("verifier", "alpha", "beta", "n at the peak", "fall from there", "over-optimised", "misfit"), lines)
