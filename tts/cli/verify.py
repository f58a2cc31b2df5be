"""``tts verify-steps``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tts.analysis.studies import FirstError
    from tts.core import Verifier
    from tts.stats import Interval


@click.command("verify-steps", short_help="Measure how well a verifier finds the first wrong step.")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Rows with problem, steps, label.")
@click.option("--verifier", "name", required=True, metavar="NAME", help="See `tts list verifiers`.")
@click.option("--threshold", type=float, help="A step with a lower score counts as wrong. [default: 0.5]")
@click.option(
    "--tune",
    metavar="FILE|halves",
    help="Choose the threshold with the best F1: on another such FILE, or each half of the data for the other.",
)
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="An option of the verifier; repeatable.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first solutions.")
@click.option("--out", type=click.Path(path_type=Path), help="Write each solution's scores here, as JSONL.")
def verify_steps(
    data: Path,
    name: str,
    threshold: float | None,
    tune: str | None,
    sets: tuple[str, ...],
    limit: int | None,
    out: Path | None,
) -> None:
    """Measure how well a verifier finds the first wrong step of labelled solutions (ProcessBench's format).

    A line of the file has `problem`, `steps` and `label`, the index of the first wrong step or -1. The verifier
    predicts the first step with a score below the threshold, or -1. The result is the accuracy on erroneous solutions,
    where the very step must be named, that on correct ones, and F1, their harmonic mean.

    \b
    tts verify-steps --data processbench_gsm8k.jsonl --verifier symbolic --threshold 1
    tts verify-steps --data math.jsonl --verifier prm/Qwen/Qwen2.5-Math-PRM-7B --tune gsm8k.jsonl
    """
    from tts.analysis.studies import best_threshold, cross_fitted, first_below, first_error
    from tts.core import UsageError
    from tts.importing import read_solutions, score_solutions

    if threshold is not None and tune is not None:
        raise UsageError("--threshold: tells what --tune would choose; give one of them")
    solutions = read_solutions(data, limit)
    labels = [s.label for s in solutions]
    other = read_solutions(Path(tune), limit) if tune not in (None, "halves") else []
    if tune is not None and tune != "halves" and Path(tune).resolve() == data.resolve():
        raise UsageError("--tune: names the data itself; name another file, or 'halves'")
    verifier, delimiter = _verifier(name, sets)
    scored = score_solutions(verifier, [*solutions, *other], delimiter)
    scores = scored.scores[: len(solutions)]
    try:
        if tune == "halves":
            predictions, chosen = cross_fitted(labels, scores)
            how = " and ".join(f"{t:.6g}" for t in chosen) + ", each chosen on the other half"
        else:
            if other:
                threshold = best_threshold([s.label for s in other], scored.scores[len(solutions) :])
            threshold = 0.5 if threshold is None else threshold
            predictions = first_below(scores, threshold)
            how = f"{threshold:.6g}" + (f", chosen on {tune}" if other else "")
        result = first_error(labels, predictions)
    except ValueError as error:
        raise UsageError(f"--data: {error}") from None
    if out is not None:
        rows = zip(solutions, predictions, scores, scored.too_long[: len(solutions)], strict=True)
        _write(out, [
            {"id": s.question.id, "label": s.label, "prediction": int(p), "scores": list(values), "too_long": too_long}
            for s, p, values, too_long in rows
        ])  # fmt: skip
    if unread := sum(scored.too_long):
        verb = "is" if unread == 1 else "are"
        click.echo(
            f"{unread} of {len(scored.scores)} solutions {verb} longer than the verifier's context, and each of their "
            "steps gets the least score; a larger one: --set engine={max_model_len: ...}"
        )
    _show(result, sum(label >= 0 for label in labels), len(labels), how, scored.tokens)


def _verifier(name: str, sets: Sequence[str]) -> tuple[Verifier, str]:
    """The verifier, and the delimiter that its steps are joined with."""
    import yaml

    from tts.core import UsageError
    from tts.engines import ModelPool
    from tts.verifiers import make_verifier

    options: dict[str, Any] = {}
    for assignment in sets:
        key, equals, text = assignment.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set: found {assignment!r}, expected KEY=VALUE, as in neutral=0.5")
        try:
            options[key.strip()] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise UsageError(f"--set {key}: found {text!r}, expected a value in YAML") from None
    engine = options.pop("engine", {})
    if not isinstance(engine, dict):
        raise UsageError(f"--set engine: found {engine!r}, expected a mapping, as in engine={{max_model_len: 4096}}")
    delimiter = options.get("delimiter", "\n\n")
    return make_verifier(name, options, ModelPool(engine), "--verifier"), str(delimiter) or "\n\n"


def _show(result: FirstError, erroneous: int, total: int, how: str, tokens: int) -> None:
    click.echo(f"erroneous {_percent(result.erroneous)} of {erroneous}")
    click.echo(f"correct   {_percent(result.correct)} of {total - erroneous}")
    click.echo(f"F1        {100 * result.f1:5.1f}% [{100 * result.f1_low:.1f}, {100 * result.f1_high:.1f}]")
    click.echo(f"threshold {how}; {tokens} verifier tokens; intervals 95%, solutions resampled")


def _percent(interval: Interval) -> str:
    return f"{100 * interval.mean:5.1f}% [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _write(out: Path, rows: Sequence[Mapping[str, object]]) -> None:
    from tts.core import UsageError

    try:
        out.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out: {out} cannot be written ({error.strerror}); name a file in a folder") from None
