"""The tables of ``tts compare``."""

from __future__ import annotations

from tts.analysis.studies import Comparison
from tts.report.tables.writing import TextTable, Value
from tts.stats import Interval


def compare_tables(found: Comparison) -> dict[str, TextTable]:
    """By the name of the CSV file."""
    return {
        "compare_selection": TextTable(
            "What each verifier selects (gap: coverage minus accuracy; gain: over majority; both paired)",
            ("selector", "verifier", "n", "sqrt_kl", "accuracy", "ci_low", "ci_high", "gap", "gap_low", "gap_high",
             "gain", "gain_low", "gain_high"),
            tuple(
                (s.selector, s.verifier, s.n, s.sqrt_kl, *_three(s.accuracy), *_three(s.to_oracle),
                 *_three(s.over_majority))
                for s in found.selected
            ),
            ("accuracy", "ci_low", "ci_high", "gap", "gap_low", "gap_high", "gain", "gain_low", "gain_high"),
        ),
        "compare_differences": TextTable(
            "Verifier against verifier: accuracy of the first minus the second, problems paired",
            ("selector", "first", "second", "n", "difference", "ci_low", "ci_high"),
            tuple((d.selector, d.first, d.second, d.n, *_three(d.difference)) for d in found.differences),
            ("difference", "ci_low", "ci_high"),
        ),
        "compare_discrimination": TextTable(
            "Telling right from wrong, within problems and over all samples, and tokens a candidate",
            ("verifier", "auroc_within", "ci_low", "ci_high", "ap_within", "mixed_problems", "auroc_across",
             "across_low", "across_high", "ap_across", "base_rate", "tokens"),
            tuple(
                (d.verifier, *_three(d.auroc_within), d.precision_within.mean if d.precision_within else None, d.mixed,
                 *(d.auroc_across or (None, None, None)), d.precision_across[0] if d.precision_across else None,
                 d.base_rate, d.tokens)
                for d in found.discrimination
            ),
            ("base_rate",),
        ),
        "compare_calibration": TextTable(
            "Calibration (platt and isotonic: fitted on one half of the problems, read on the other, both ways)",
            ("verifier", "map", "ece", "brier", "ci_low", "ci_high"),
            tuple((c.verifier, c.by, c.ece, *_three(c.brier)) for c in found.calibrated),
        ),
        "compare_reliability": TextTable(
            "Reliability: probability stated against share right",
            ("verifier", "map", "from", "to", "samples", "confidence", "accuracy"),
            tuple(
                (c.verifier, c.by, b.low, b.high, b.samples, b.confidence, b.accuracy)
                for c in found.calibrated
                for b in c.bins
            ),
            ("from", "to", "confidence", "accuracy"),
        ),
        "compare_agreement": TextTable(
            "Agreement: rank correlation of scores within problems, and how often both pick the same answer of all",
            ("first", "second", "spearman", "ci_low", "ci_high", "same_answer", "same_low", "same_high"),
            tuple(
                (a.first, a.second, *_three(a.rank_correlation), *_three(a.same_answer)) for a in found.agreement
            ),
            ("same_answer", "same_low", "same_high"),
        ),
    }  # fmt: skip


def _three(interval: Interval | None) -> tuple[Value, Value, Value]:
    return (None, None, None) if interval is None else (interval.mean, interval.low, interval.high)
