"""``tts show-prompt``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tts.cli.run import sweep_options


@click.command("show-prompt", short_help="Show the prompt that a sweep sends.")
@sweep_options
@click.option("--problem", metavar="ID", help="The problem to show. [default: the first]")
def show_prompt(file: Path | None, data_dir: Path | None, problem: str | None, **flags: Any) -> None:
    """Show the prompt that a sweep sends, exactly as the model gets it; loads the tokenizer only."""
    from tts.benchmarks import get_benchmark
    from tts.cli.sweep import read_sweep
    from tts.core import UsageError, did_you_mean
    from tts.engines import make_engine
    from tts.running import render

    flags["strategies"] = flags["strategies"] or (() if file else ("greedy",))
    config = read_sweep(file, **flags)
    assert config is not None
    engine = make_engine(config.model, config.engine)
    for entry in config.benchmarks:
        benchmark = get_benchmark(entry.name, "benchmark")
        problems = benchmark.load(data_dir=data_dir, limit=1 if problem is None else None).problems
        chosen = [p for p in problems if problem in (None, p.id)]
        if not chosen:
            ids = [p.id for p in problems]
            raise UsageError(
                f"--problem: {entry.name} has no problem {problem!r}{did_you_mean(str(problem), ids)}; "
                f"its ids are like {ids[0]!r}"
            )
        prompt = render(chosen[0].question, benchmark, config.prompt, engine)
        click.echo(f"# {entry.name}/{chosen[0].id}: {len(prompt.token_ids)} tokens", err=True)
        click.echo(prompt.text)
