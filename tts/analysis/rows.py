"""What the curves of a run are made of: the rows, and what they leave out."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveRow:
    """One point of a curve, and one line of ``curves.csv``: the fields are its columns, in order."""

    benchmark: str
    model: str
    run: str = ""
    """What tells the run from others that are joined with it; empty where there is one."""
    strategy: str
    setting: str
    """Canonical JSON of the parameters that are not the package's defaults, without n."""
    selector: str
    verifier: str
    """``name:aggregation`` of the scores used, else empty."""
    n: int
    """The budget."""
    problems: int
    """Problems whose samples are complete, and scored where scores are used: the row is built on these."""
    seeds: int
    samples: int
    """Candidates that the row is built on."""
    accuracy: float
    """Mean over problems, seeds averaged within a problem first."""
    stderr: float
    ci_low: float
    """Lower end of the 95% interval over problems."""
    ci_high: float
    output_tokens: float
    """Generated tokens, mean per problem at this n."""
    total_tokens: float
    """Generated tokens and the prompt once, mean per problem at this n."""
    truncated_rate: float
    """Share of candidates that a length limit cut."""
    no_answer_rate: float
    """Share of candidates from which no answer could be extracted."""
    policy_flops: float | None
    """Forward FLOPs of the policy, generation and prefill under a perfect prefix cache. This and all below are means
    per problem at this n, and None where not known."""
    verifier_flops: float | None
    """Forward FLOPs of the verifiers: those that guide the strategy, and the one that the selector picks by."""
    verifier_tokens: float | None
    """Tokens that these processed."""
    prompt_tokens_ideal: float | None
    """Prefill with a perfect prefix cache."""
    prompt_tokens_none: float | None
    """Prefill without any cache."""
    discarded_tokens: float | None
    """Generated tokens that are on no candidate's path."""
    sequential_tokens: float | None
    """Generated tokens that had to come one after the other (the critical path): latency, where total tokens are
    throughput. For independent samples the longest of n, in expectation."""

    def cells(self) -> tuple[str | int | float | None, ...]:
        """The values, in the order of the columns."""
        return tuple(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRow(CurveRow):
    """A point built on the problems of some difficulty alone, and one line of ``by_level.csv``."""

    level: str
    """A level as the benchmark states it, or the first and the last of several, as ``3-4``; empty: none is stated."""


COLUMNS = tuple(f.name for f in fields(CurveRow))
LEVEL_COLUMNS = tuple(f.name for f in fields(LevelRow))


@dataclass(frozen=True, slots=True)
class Missing:
    """How far one strategy setting has come on one benchmark."""

    benchmark: str
    strategy: str
    setting: str
    n: int
    """The budget; the largest one for an independent strategy."""
    planned: int
    """Problems of the run; for a verifier, those of them whose samples are complete."""
    complete: int
    """Problems for which every seed holds that budget; for a verifier, holds it with all its scores."""
    verifier: str = ""
    """Whose scores are missing; empty where samples are."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A selector that cannot use a verifier's scores: it has no row."""

    selector: str
    verifier: str
    reason: str
    """What is wrong, starting with the verifier's name."""


@dataclass(frozen=True, slots=True)
class Curves:
    """The rows of a run, and what they leave out."""

    rows: tuple[CurveRow, ...]
    missing: tuple[Missing, ...]
    """Only settings with problems missing."""
    by_level: tuple[LevelRow, ...] = ()
    """The rows by difficulty, for benchmarks that state more than one level; easier levels first."""
    refused: tuple[Refused, ...] = ()
    monte_carlo_error: float = 0.0
    """Largest standard error that random subsets add to the accuracy of one of ``rows``; 0 where all are exact."""
