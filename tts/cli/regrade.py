"""``tts regrade``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Grade a run's samples again, without sampling.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--timeout-s", type=float, help="Seconds for one comparison. [default: as the run was graded]")
@click.option("--workers", type=int, help="Worker processes. [default: as the run was graded]")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    envvar="TTS_DATA_DIR",
    help="Folder of local JSONL files. [default: where the run took them up; env: TTS_DATA_DIR]",
)
@click.option("--trust", is_flag=True, help="Let code run that the run directory names and this command does not.")
def regrade(run: Path, timeout_s: float | None, workers: int | None, data_dir: Path | None, trust: bool) -> None:
    """Grade again what a run holds, by references that were corrected in its data, another limit or a newer grader.

    Nothing is sampled, and no model is needed. Verdicts that still hold are kept. A question that changed is another
    problem: `tts run --follow-data` takes it up.

    \b
    tts regrade runs/mine
    tts regrade runs/mine --timeout-s 60
    """
    from tts.session import regrade_run

    grading = {name: value for name, value in (("timeout_s", timeout_s), ("workers", workers)) if value is not None}
    summary = regrade_run(run, grading, data_dir, trust=trust)
    click.echo(f"{summary.done} of {summary.cells} cells graded again; {summary.seconds:.1f} s")
    click.echo(f"next: tts report {run}")
