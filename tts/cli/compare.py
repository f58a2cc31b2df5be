"""``tts compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from tts.cli.optimal import LABELS


@click.command(short_help="Compare a run's verifiers on identical samples.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--n", "ns", metavar="N,N,...", help="Budgets. [default: powers of two, and the run's]")
@click.option("--labels", type=click.Choice(["own", "file"]), help=LABELS)
def compare(run: Path, ns: str | None, labels: Literal["own", "file"] | None) -> None:
    """Compare the verifiers of RUN on its independent samples: selection, discrimination, calibration, agreement, cost.

    Writes RUN/report/compare_*.csv; the reliability data are there alone.

    \b
    tts score runs/qwen --verifier prm/Qwen/Qwen2.5-Math-PRM-7B
    tts compare runs/qwen --n 1,4,16,64
    """
    from tts.analysis import judged_by
    from tts.analysis.studies import compare_verifiers
    from tts.core import UsageError
    from tts.report.tables.compare import compare_tables
    from tts.report.tables.writing import print_table, write_tables
    from tts.store import read_run

    try:
        ks = None if ns is None else [int(n) for n in ns.split(",")]
    except ValueError:
        raise UsageError(f"--n: found {ns!r}, expected whole numbers, for instance 1,4,16") from None
    data = read_run(run)
    found = compare_verifiers(judged_by(data, labels) if labels else data, ks)
    setting = "" if found.entry.setting == "{}" else f" {found.entry.setting}"
    click.echo(f"{len(found.problems)} problems, {found.samples} samples each of {found.entry.strategy}{setting}\n")
    tables = compare_tables(found)
    for name, table in tables.items():
        if name != "compare_reliability":
            print_table(table)
    for note in found.notes:
        click.echo(f"Note: {note}.")
    for path in write_tables(run / "report", tables):
        click.echo(path)
