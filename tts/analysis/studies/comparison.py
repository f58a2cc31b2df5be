"""What a comparison of verifiers is made of."""

from __future__ import annotations

from dataclasses import dataclass

from tts.stats.calibration import ReliabilityBin
from tts.stats.intervals import Interval
from tts.store import Entry, ProblemInfo

Pooled = tuple[float, float, float] | None
"""A figure of all samples pooled, and its interval."""


@dataclass(frozen=True, slots=True)
class Selected:
    """What a selector gives at one n."""

    selector: str
    verifier: str
    n: int
    sqrt_kl: float
    """Square root of ln n - (n-1)/n: how far best-of-n moves from the policy (Gao et al. 2022); an upper bound where
    outputs or scores repeat."""
    accuracy: Interval
    to_oracle: Interval | None
    """Coverage minus accuracy: what a better choice could still gain. None where they are the same by definition."""
    over_majority: Interval | None
    """Accuracy minus that of the majority vote; None likewise."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One verifier's selection minus another's on the same samples."""

    selector: str
    first: str
    second: str
    n: int
    difference: Interval


@dataclass(frozen=True, slots=True)
class Discrimination:
    """How scores tell right samples from wrong ones; samples without an answer are left out."""

    verifier: str
    auroc_within: Interval | None
    """Mean over problems with right and wrong samples: what best-of-n needs. None where there is no such problem."""
    precision_within: Interval | None
    mixed: int
    """Problems with both."""
    auroc_across: Pooled
    """Over all samples pooled, with its bootstrap interval over problems; None where all are right, or all wrong."""
    precision_across: Pooled
    base_rate: float
    """Share of right samples: average precision of a blind verifier."""
    tokens: float | None
    """Verifier tokens a candidate; None where the run did not count them."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Whether scores, as they are or mapped, are probabilities of being right."""

    verifier: str
    by: str
    """``raw``; ``platt`` or ``isotonic``, fitted on one half of the problems and read on the other, both ways."""
    ece: float
    brier: Interval
    """Mean over problems."""
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike two verifiers are."""

    first: str
    second: str
    rank_correlation: Interval | None
    """Spearman's, mean over the problems where both tell samples apart."""
    same_answer: Interval
    """Share of problems in which the best of all samples has the same answer by both."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of ``tts compare``."""

    entry: Entry
    problems: tuple[ProblemInfo, ...]
    samples: int
    """A problem, seeds together."""
    selected: tuple[Selected, ...]
    differences: tuple[Difference, ...]
    discrimination: tuple[Discrimination, ...]
    calibrated: tuple[Calibrated, ...]
    agreement: tuple[Agreement, ...]
    notes: tuple[str, ...]
