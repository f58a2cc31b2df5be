"""What there is to look at before a run: ``tts list`` and ``tts show-prompt``."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import click

from tts.cli.run import sweep_options

KINDS = ("strategies", "selectors", "verifiers", "benchmarks", "engines")


@click.command("list", short_help="List what a sweep can name.")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name", required=False)
def listing(kind: str, name: str | None) -> None:
    """List what a sweep can name; with NAME, a strategy's options."""
    from rich.console import Console

    rows = _rows(kind)
    if name is not None:
        _options(kind, name)
        return
    if not rows:
        click.echo(f"no {kind} are installed")
    width = max((len(n) for n, _ in rows), default=0)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for row, text in rows:
        console.print(f"{row.ljust(width)}  {text}".rstrip())


def _rows(kind: str) -> list[tuple[str, str]]:
    if kind == "selectors":
        from tts.core import SELECTORS

        return [(s.name, _summary(type(s)) + (" (oracle)" if s.oracle else "")) for s in SELECTORS.values()]
    if kind == "engines":
        from tts.engines import ENGINES

        return [
            ("vllm", "vLLM in this process: vllm/ORG/NAME from the hub, or vllm/PATH; options under `engine:`"),
            ("simulated", "a statistical policy without a model: simulated or simulated:KEY=VALUE,..."),
            *((n, "") for n in ENGINES.names() if n not in ("vllm", "simulated")),
        ]
    if kind == "benchmarks":
        from tts.benchmarks import BENCHMARKS

        return [
            (b.name + (f":{b.argument}" if b.argument else ""), b.description)
            for b in (BENCHMARKS.load(n, "benchmark") for n in BENCHMARKS.names())
        ]
    from tts.strategies import STRATEGIES
    from tts.verifiers import VERIFIERS

    registry = STRATEGIES if kind == "strategies" else VERIFIERS
    return [(n, _summary(registry.load(n, kind))) for n in registry.names()]


def _options(kind: str, name: str) -> None:
    """The options of one strategy."""
    from tts.core import UsageError
    from tts.sweep import load_strategy

    if kind != "strategies":
        raise UsageError(f"list {kind}: takes no name; only strategies have options to show")
    strategy = load_strategy(name, "list strategies")
    click.echo(f"{name}: {inspect.getdoc(strategy)}")
    for field, info in strategy.model_fields.items():
        click.echo(f"  {field} (default {info.default!r}): {info.description}")
    if not strategy.model_fields:
        click.echo("  no options beside n and the sampling overrides")


def _summary(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


@click.command("show-prompt", short_help="Show the prompt that a sweep sends.")
@sweep_options
@click.option("--problem", metavar="ID", help="The problem to show. [default: the first]")
def show_prompt(file: Path | None, data_dir: Path | None, problem: str | None, **flags: Any) -> None:
    """Show the prompt that a sweep sends, exactly as the model gets it; loads the tokenizer only."""
    from tts.benchmarks import get_benchmark
    from tts.cli.sweep import read_sweep
    from tts.core import UsageError, did_you_mean
    from tts.engines import make_engine
    from tts.session import render, with_stop

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
        stop = with_stop(config, engine).sampling.stop
        ends = f"; an answer ends at {', '.join(map(repr, stop))}" if stop else ""
        click.echo(f"# {entry.name}/{chosen[0].id}: {len(prompt.token_ids)} tokens{ends}", err=True)
        click.echo(prompt.text)
