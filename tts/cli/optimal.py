"""``tts optimal``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from tts.analysis.studies import OptimalStudy
    from tts.report.tables.writing import TextTable
    from tts.store import RunData

LABELS = "Whose verdicts count, of a run imported with --labels both. [default: own]"


@click.command(short_help="Best strategy by difficulty and budget.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option(
    "--bins",
    "kind",
    type=click.Choice(["oracle", "predicted", "thresholds"]),
    default="oracle",
    help="Quantiles of pass@1, quantiles of a verifier's mean score, or pass@1 of 50% and 10%. [default: oracle]",
)
@click.option("--verifier", metavar="NAME:HOW", help="Whose scores tell difficulty, for --bins predicted.")
@click.option(
    "--axis",
    type=click.Choice(["tokens", "samples", "flops"]),
    default="tokens",
    help="The policy's tokens, completions, or FLOPs of policy and verifiers. [default: tokens]",
)
@click.option(
    "--parameters", multiple=True, metavar="NAME=COUNT", help="Parameters of a model without a config; repeatable."
)
@click.option(
    "--larger", type=click.Path(path_type=Path), metavar="RUN", help="A larger model's run, to match FLOPs with."
)
@click.option("--times", type=float, metavar="M", help="Parameters of the larger model over the small one's.")
@click.option(
    "--ratio",
    "ratios",
    type=float,
    multiple=True,
    help="Inference over pretraining tokens; repeatable; inf: pretraining is free. [default: 0.16, 0.79, 22]",
)
@click.option("--labels", type=click.Choice(["own", "file"]), help=LABELS)
def optimal(
    runs: tuple[Path, ...],
    kind: Literal["oracle", "predicted", "thresholds"],
    axis: str,
    parameters: tuple[str, ...],
    larger: Path | None,
    times: float | None,
    ratios: tuple[float, ...],
    labels: Literal["own", "file"] | None,
    **options: Any,
) -> None:
    """The best strategy for each difficulty and budget, from RUNs on the same problems.

    Difficulty is told from samples that nothing compared uses; the best setting is chosen on one half of the problems
    and evaluated on the other, both ways. Writes RUN/report/optimal*.csv of the first run.

    \b
    tts optimal runs/qwen
    tts optimal runs/qwen-1.5b --larger runs/qwen-7b --times 4.9
    """
    from tts.analysis import axis_of, judged_by
    from tts.analysis.studies import RATIOS, study_matched, study_optimal
    from tts.cli.sweep import read_parameters
    from tts.core import UsageError
    from tts.report.tables.optimal import matched_table, optimal_tables
    from tts.report.tables.writing import print_table, write_tables
    from tts.store import read_run

    if (larger is None) != (times is None):
        raise UsageError("--larger and --times go together: a run, and how many times the parameters its model has")
    if ratios and larger is None:
        raise UsageError("--ratio needs --larger RUN and --times M: it is what a larger model is matched at")
    if options["verifier"] is not None and kind != "predicted":
        raise UsageError(f"--verifier: found with --bins {kind}, expected --bins predicted, which alone reads scores")

    def read(run: Path) -> RunData:
        return judged_by(read_run(run), labels) if labels else read_run(run)

    data = [read(run) for run in runs]
    study = study_optimal(data, kind=kind, axis=axis_of(axis, read_parameters(parameters)), **options)
    tables: dict[str, TextTable] = optimal_tables(study, data, axis)
    if larger is not None and times is not None:
        rows = study_matched(study, data, read(larger), times=times, ratios=ratios or RATIOS)
        tables["optimal_matched"] = matched_table(rows, axis, times)
    _say(study)
    for table in tables.values():
        print_table(table)
    for note in (*_models(data, axis), *study.notes):
        click.echo(f"Note: {note}.")
    for path in write_tables(runs[0] / "report", tables):
        click.echo(path)


def _say(study: OptimalStudy) -> None:
    sizes = ", ".join(f"{n} {s}" for n, s in zip(study.bins.names, study.bins.sizes, strict=True))
    click.echo(f"{len(study.problems)} problems; bins by {study.difficulty}, easiest first (problems): {sizes}\n")


def _models(runs: Sequence[RunData], axis: str) -> list[str]:
    """A warning where budgets of several models are taken for the same compute."""
    models = list(dict.fromkeys(run.model for run in runs))
    if len(models) == 1 or axis == "flops":
        return []
    return [
        f"the runs are of {len(models)} models ({', '.join(models)}), whose {axis} are not the same compute; "
        "--axis flops counts what each takes"
    ]
