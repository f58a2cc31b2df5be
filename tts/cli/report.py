"""``tts report``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Draw the curves of runs.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where it is written. [default: RUN/report; RUN/report/joined of the first of several]",
)
@click.option(
    "--parameters", multiple=True, metavar="NAME=COUNT", help="Parameters of a model without a config; repeatable."
)
def report(runs: tuple[Path, ...], out: Path | None, parameters: tuple[str, ...]) -> None:
    """Draw the curves of a run directory, or of several in one: report.html, its pictures and its tables.

    Only reads the runs, so it can be called while one is going on; the figures are then those of the problems that are
    complete. Runs that are joined must have taken up the same problems of a benchmark.

    \b
    tts report runs/qwen
    tts report runs/qwen-1.5b runs/qwen-7b --out comparison
    """
    from tts.cli.sweep import read_parameters
    from tts.report import write_report

    paths = write_report(runs, read_parameters(parameters), out)
    for path in (paths.csv, paths.by_level, paths.failures, *paths.sections, paths.png, paths.svg, paths.html):
        if path:
            click.echo(path)
