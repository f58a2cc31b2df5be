"""``tts cost``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Tokens, FLOPs and money of a run.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--prices", type=click.Path(path_type=Path), metavar="FILE", help="Price table in YAML.")
@click.option(
    "--parameters", multiple=True, metavar="NAME=COUNT", help="Parameters of a model without a config; repeatable."
)
def cost(run: Path, prices: Path | None, parameters: tuple[str, ...]) -> None:
    """What every point of a run's curves costs: means per problem of tokens, FLOPs and money.

    FILE prices a million tokens of the policy (input, cached_input, output) and of verifiers, or a gpu_hour, or both.

    \b
    tts cost runs/qwen --prices prices.yaml
    """
    from rich.console import Console
    from rich.table import Table

    from tts.analysis import curves, engine_seconds, gpu_cost, models_of, read_prices, token_cost
    from tts.analysis.compute import NOT_COUNTED
    from tts.cli.sweep import read_parameters
    from tts.report.notes import label, left_out, variant
    from tts.store import read_run

    data, counts = read_run(run), read_parameters(parameters)
    table_of_prices = None if prices is None else read_prices(prices, data)
    models, drawn = models_of(data, counts), curves(data, counts)
    table = Table(box=None, pad_edge=False)
    for name in ("benchmark", "strategy", "selector"):
        table.add_column(name)
    for name in ("n", "accuracy", "output tokens", "policy FLOPs", "verifier FLOPs", "price"):
        table.add_column(name, justify="right")
    for r in drawn.rows:
        money = None if table_of_prices is None else token_cost(r, table_of_prices)
        figures = (r.output_tokens, r.policy_flops, r.verifier_flops, money)
        shown = ("-" if x is None else f"{x:.4g}" for x in figures)
        accuracy = f"{round(100 * r.accuracy, 2) / 100:.4f}"  # rounded as the page's percent
        name = label(r.strategy, r.setting)
        table.add_row(r.benchmark, name, variant(r.selector, r.verifier), f"{r.n}", accuracy, *shown)
    Console(width=400, highlight=False).print(table)  # the terminal wraps it, not rich: it would cut numbers
    for note in left_out(data, drawn):
        click.echo(note)
    if models.imported:
        click.echo(f"FLOPs are not counted: {NOT_COUNTED}")
    for name, reason in () if models.imported else models.unknown.items():
        click.echo(f"{name}: FLOPs are not counted: {reason}; --parameters {name}=1.5e9 counts them by that number")
    click.echo(f"engine: {engine_seconds(data):.1f} s in all sessions")
    if table_of_prices is not None and (spent := gpu_cost(data, table_of_prices)) is not None:
        click.echo(f"price of the GPU hours of all sessions: {spent:.4g}")
