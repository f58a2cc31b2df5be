"""``tts score``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Score a finished run with another verifier.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--verifier", "verifiers", multiple=True, required=True, metavar="NAME", help="prm/NAME; repeatable.")
@click.option("--aggregation", metavar="NAME,...", help="last, min, prod, mean, max, sum_log. [default: its own]")
@click.option("--trust", is_flag=True, help="Let code run that the run directory names and this command does not.")
def score(run: Path, verifiers: tuple[str, ...], aggregation: str | None, trust: bool) -> None:
    """Score a finished run's candidates with another verifier, without sampling.

    The verifier becomes part of the run: `tts report` then shows what it selects beside the others. Scores are kept
    like samples, so nothing is scored twice, and an interrupted scoring goes on.

    \b
    tts score runs/qwen --verifier prm/Qwen/Qwen2.5-Math-PRM-7B --aggregation min,last
    """
    from tts.session import score_run

    entries = [{"name": name, "aggregation": aggregation} for name in verifiers]
    summary = score_run(run, entries, trust=trust)
    click.echo(f"{summary.cells} cells scored; {summary.seconds:.1f} s")
    click.echo(f"next: tts report {run}")
