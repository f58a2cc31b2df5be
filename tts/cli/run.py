"""``tts run``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


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
def run(file: Path | None, out: Path | None, data_dir: Path | None, **flags: Any) -> None:
    """Sample, grade and journal a sweep, from FILE (YAML), from flags, or both.

    An existing directory is taken up where it stopped: nothing is sampled twice, and asking for more n, problems,
    strategies or seeds draws only the difference.

    \b
    tts run examples/simulated.yaml
    tts run --model vllm/Qwen/Qwen2.5-Math-1.5B-Instruct --benchmark math500 \\
            --strategy best_of_n --n 1,4,16,64 --out runs/qwen
    tts run --out runs/qwen                   finish what was interrupted
    tts run --out runs/qwen --n 256           and draw more of the same
    """
    from tts.cli.sweep import read_sweep
    from tts.core import UsageError
    from tts.running import new_run_path
    from tts.running import run as run_sweep

    config = read_sweep(file, held=out, **flags)
    if config is None and out is None:
        raise UsageError(
            "nothing to run: give a sweep file, or --model, --benchmark and --strategy, or --out of a run to take up"
        )
    if config is not None:
        out = out or (Path(config.out) if config.out else new_run_path(config))
    assert out is not None
    summary = run_sweep(config, out, data_dir)
    held = f", {summary.held} held before" if summary.held else ""
    redrawn = f", {summary.redrawn} of them lost in flight earlier" if summary.redrawn else ""
    click.echo(f"{summary.cells} cells done; {summary.drawn} samples drawn{redrawn}{held}; {summary.seconds:.1f} s")
    click.echo(f"next: tts report {out}")
