"""``tts allocate``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click


@click.command(short_help="Say how many samples each prompt should get.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--budget", type=float, required=True, help="For all prompts of one seed, the pilot's samples included.")
@click.option(
    "--unit",
    type=click.Choice(["samples", "tokens", "flops"]),
    default="tokens",
    help="What the budget counts. [default: tokens]",
)
@click.option("--pilot", type=int, default=4, help="Samples that every prompt gets first. [default: 4]")
@click.option("--selector", metavar="NAME", help="majority, best, weighted or oracle. [default: majority]")
@click.option("--verifier", metavar="NAME:HOW", help="Whose scores best and weighted pick by. [default: the only one]")
@click.option("--fit", type=click.Path(path_type=Path), metavar="RUN", help="Learn values from another run's prompts.")
@click.option("--wrong-costs", "wrong", type=float, default=0.0, help="Cost of a wrong answer; above 0, prompts may be "
              "left unanswered. [default: 0]")  # fmt: skip
@click.option("--samples-only", is_flag=True, help="Do not send prompts to the run's other strategies.")
@click.option(
    "--parameters", multiple=True, metavar="NAME=COUNT", help="Parameters of a model without a config; repeatable."
)
@click.option("--out", type=click.Path(path_type=Path), help="Where the plan goes. [default: RUN/plan.json]")
def allocate(
    run: Path,
    budget: float,
    unit: str,
    pilot: int,
    selector: str | None,
    verifier: str | None,
    fit: Path | None,
    wrong: float,
    samples_only: bool,
    parameters: tuple[str, ...],
    out: Path | None,
) -> None:
    """Say how many samples each prompt of RUN should get, by what its first samples show, and what that gains.

    The gain is measured on prompts that had no part in the plan, against the same number of samples for all at equal
    compute. An oracle, the best numbers in hindsight, stands beside it.

    \b
    tts allocate runs/qwen --budget 2e6 --out plan.json
    tts run --plan plan.json
    """
    from tts.analysis import axis_of, how_to_score
    from tts.analysis.planning import Rules, evaluate_plan, make_plan, plan_json, rehearse_run
    from tts.cli.sweep import read_parameters
    from tts.core import UsageError
    from tts.report.tables.allocation import allocation_notes, allocation_tables, what_next, write_plan
    from tts.report.tables.writing import print_table, write_tables
    from tts.store import read_run

    if not 0 < budget < float("inf"):
        raise UsageError(
            f"--budget: found {budget:g}, expected a finite number above 0: what all prompts of a seed may take"
        )
    if not 0 <= wrong < float("inf"):
        raise UsageError(
            f"--wrong-costs: found {wrong:g}, expected a finite number of at least 0, where a right answer is worth 1"
        )
    data = read_run(run)
    with _blaming("--fit" if fit else "RUN"):
        fitted = read_run(fit) if fit else data
        selector = selector or "majority"
        if selector in ("best", "weighted") and verifier is None:
            if len(fitted.verifiers) != 1:
                found = ", ".join(fitted.verifiers) or f"none; {how_to_score(fitted)}"
                raise UsageError(f"--verifier: {selector} needs one; {fitted.path} has {found}")
            verifier = fitted.verifiers[0]
        rules = Rules(selector, verifier or "", pilot, wrong, not samples_only)
        axis = axis_of(unit, read_parameters(parameters))
        known = rehearse_run(fitted, rules, axis)
    rows = make_plan(data, known, budget, unit, axis, fitted)
    result = evaluate_plan(known, budget * len(known.prompts.problems) / (len(rows) / len(data.seeds)), unit)
    tables = allocation_tables(rows, result, rules, unit)
    for table in tables.values():
        print_table(table)
    for note in allocation_notes(data, fitted, rows, known, budget, unit):
        click.echo(f"Note: {note}.")
    paths = write_tables(run / "report", tables)
    paths.append(write_plan(out or run / "plan.json", plan_json(data, known, rows, budget, unit)))
    for path in paths:
        click.echo(path)
    click.echo(what_next(data, paths[-1], result.gain))


@contextmanager
def _blaming(option: str) -> Iterator[None]:
    """Name ``option`` in errors that name RUN, the argument of most commands."""
    from tts.core import UsageError

    try:
        yield
    except UsageError as error:
        text = str(error)
        raise UsageError(f"{option}:{text[4:]}" if text.startswith("RUN:") else text) from None
