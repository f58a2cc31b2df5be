"""``tts run``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tts.sweep import Follow, SweepConfig


def sweep_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The flags that describe a sweep; each overrides what FILE says."""
    options = [
        click.argument("file", required=False, type=click.Path(path_type=Path)),
        click.option("--model", metavar="ENGINE/MODEL", help="vllm/ORG/NAME, vllm/PATH or simulated[:KEY=VALUE,...]."),
        click.option(
            "--benchmark", "benchmarks", multiple=True, metavar="NAME", help="See `tts list benchmarks`; repeatable."
        ),
        click.option(
            "--strategy", "strategies", multiple=True, metavar="NAME", help="See `tts list strategies`; repeatable."
        ),
        click.option("--n", metavar="N,N,...", help="Budgets of the strategies, for instance 1,4,16,64."),
        click.option("--limit", type=click.IntRange(min=1), help="Only the first problems of each benchmark."),
        click.option("--seed", "seeds", type=int, multiple=True, help="Run seed; repeatable. [default: 0]"),
        click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Any field: --set sampling.top_p=0.9"),
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path),
            envvar="TTS_DATA_DIR",
            help="Folder of local JSONL files to use instead of the hub. [env: TTS_DATA_DIR]",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command(short_help="Sample, grade and journal a sweep, or take one up again.")
@sweep_options
@click.option("--out", type=click.Path(path_type=Path), help="Run directory. [default: a new one under runs/]")
@click.option(
    "--plan", type=click.Path(path_type=Path), metavar="FILE", help="Carry out a plan of `tts allocate`, in its run."
)
@click.option(
    "--follow-data",
    is_flag=True,
    help="Where the problems' data changed, go on with them as they are now: see docs/benchmarks.md.",
)
@click.option("--trust", is_flag=True, help="Let code run that the run directory names and this command does not.")
@click.option("--dry-run", is_flag=True, help="Check the sweep and say what it asks for at most; needs no GPU.")
def run(
    file: Path | None,
    out: Path | None,
    data_dir: Path | None,
    plan: Path | None,
    follow_data: bool,
    trust: bool,
    dry_run: bool,
    **flags: Any,
) -> None:
    """Sample, grade and journal a sweep, from FILE (YAML), from flags, or both.

    An existing directory is taken up where it stopped: nothing is sampled twice, and asking for more n, problems,
    strategies or seeds draws only the difference.

    \b
    tts run examples/simulated.yaml
    tts run --model vllm/Qwen/Qwen2.5-Math-1.5B-Instruct --benchmark math500 \\
            --strategy best_of_n --n 1,4,16,64 --out runs/qwen
    tts run --out runs/qwen                   finish what was interrupted
    tts run --out runs/qwen --n 256           and draw more of the same
    tts run --plan plan.json                  give each prompt what a plan says
    """
    from tts.cli.sweep import read_sweep
    from tts.core import UsageError
    from tts.session import run as run_sweep
    from tts.store import read_plan
    from tts.sweep import new_run_path
    from tts.sweep.directory import refuse_imported

    if out is not None:
        refuse_imported(out)
    if dry_run and file is None and out is not None and (out / "config.yaml").is_file():
        file = out / "config.yaml"
    if plan is not None and dry_run:
        raise UsageError("--plan: a plan names its samples already; leave out --dry-run")
    if plan is not None and file is None and out is None and not flags["model"]:
        given = [
            p.opts[0] for p in click.get_current_context().command.params if flags.get(str(p.name)) not in (None, ())
        ]
        if given:
            raise UsageError(
                f"--plan: takes no {', '.join(given)}: a plan names its problems and samples; leave it out"
            )
    asked = trust or out is not None  # read_sweep looks at what that directory names
    config = read_sweep(file, held=out, trust=trust, **flags)
    if config is None and out is None and plan is not None:
        out = Path(read_plan(plan).run)
    if config is None and out is None:
        raise UsageError(
            "nothing to run: give a sweep file, or --model, --benchmark and --strategy, or --out of a run to take up"
        )
    if dry_run and config is not None:
        _say_estimate(config, str(file or "command line"), data_dir)
        return
    if config is not None:
        out = out or (Path(config.out) if config.out else new_run_path(config))
    assert out is not None
    follow: Follow = "all" if follow_data else "additions"
    summary = run_sweep(config, out, data_dir, plan=plan, trust=asked, follow=follow)
    held = f", {summary.held} held before" if summary.held else ""
    redrawn = f", {summary.redrawn} of them lost in flight earlier" if summary.redrawn else ""
    click.echo(f"{summary.cells} cells done; {summary.drawn} samples drawn{redrawn}{held}; {summary.seconds:.1f} s")
    click.echo(f"next: tts report {out}")


def _say_estimate(config: SweepConfig, source: str, data_dir: Path | None) -> None:
    """The table of ``--dry-run``."""
    from rich.console import Console
    from rich.table import Table

    from tts.report.notes import label
    from tts.sweep import estimate

    rows = estimate(config, source, data_dir)
    table = Table(box=None, pad_edge=False)
    for name in ("benchmark", "strategy"):
        table.add_column(name)
    for name in ("n", "cells", "completions up to", "tokens up to"):
        table.add_column(name, justify="right")
    for r in rows:
        table.add_row(
            r.benchmark, label(r.strategy, r.setting), f"{r.n}", f"{r.cells:,}", f"{r.samples:,}", f"{r.tokens:,}"
        )
    total = [sum(getattr(r, field) for r in rows) for field in ("cells", "samples", "tokens")]
    table.add_row("total", "", "", *(f"{x:,}" for x in total), style="bold")
    Console(width=1_000, highlight=False).print(table)  # a long line is better than a broken cell
    click.echo(
        "The sweep is valid; nothing was sampled. Tokens are generated ones, bounded by the token limits: most answers "
        "are far shorter. Whether the models exist and fit is checked when the run starts."
    )
