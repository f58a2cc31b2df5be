"""``tts report``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Draw the curves of a run.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--parameters", multiple=True, metavar="NAME=COUNT", help="Parameters of a model without a config; repeatable."
)
def report(run: Path, parameters: tuple[str, ...]) -> None:
    """Draw the curves of a run directory: RUN/report/report.html, its picture and its tables.

    Only reads the run, so it can be called while the run is going on; the figures are then those of the problems
    that are complete.
    """
    from tts.cli.parameters import read_parameters
    from tts.report import write_report

    paths = write_report(run, read_parameters(parameters))
    for path in filter(None, (paths.csv, paths.by_level, paths.failures, paths.png, paths.svg, paths.html)):
        click.echo(path)
