"""``tts export``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Write every graded candidate of a run as one row of a file.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--to", "kind", type=click.Choice(["jsonl", "parquet"]), default="jsonl", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="File to write. [default: RUN/candidates.jsonl|parquet]")
def export(run: Path, kind: str, out: Path | None) -> None:
    """Write every graded candidate of a run as one row: problem, strategy, text, answer, verdict, tokens."""
    from tts.report.tables.export import export_candidates

    out = out or run / f"candidates.{kind}"
    rows = export_candidates(run, out, kind)
    click.echo(f"{rows} candidates: {out}")
