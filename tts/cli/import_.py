"""``tts import``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tts.importing import Imported

_SHOWN = "answers that our grader and the file judge differently"
_FEW = 3
"""Samples without a score that are named."""


@click.command("import", short_help="Make a run from samples made elsewhere.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Run directory to make.")
@click.option("--format", "kind", type=click.Choice(["jsonl", "csv", "parquet", "lm-eval", "inspect"]),
              help="[default: by the file]")  # fmt: skip
@click.option("--id", "id_", metavar="COLUMN", help="Problem id; A,B joins two columns. [default: id]")
@click.option("--gold", metavar="COLUMN", help="Reference answer; any of a list is right. [default: gold]")
@click.option("--text", metavar="COLUMN", help="The answer's text; samples.text. [default: text]")
@click.option("--question", metavar="COLUMN", help="The problem's text. [default: question, problem, prompt or query]")
@click.option("--level", metavar="COLUMN", help="Difficulty. [default: level, where it is there]")
@click.option("--tokens", metavar="COLUMN", help="Generated tokens. [default: estimated from the text's length]")
@click.option("--correct", metavar="COLUMN", help="The file's own verdict: true or false, 1 or 0.")
@click.option("--finish", metavar="COLUMN", help="Finish reason; 'length' or 'max_tokens': the answer was cut.")
@click.option("--score", "scores", multiple=True, metavar="NAME=COLUMN", help="A verifier's score; repeatable.")
@click.option("--labels", type=click.Choice(["own", "file", "both"]), default="own", show_default=True,
              help="Whose verdicts count: our grader's, the file's, or both beside each other.")  # fmt: skip
@click.option("--benchmark", metavar="NAME", help="Whose rules of grading hold. [default: mathematical equivalence]")
@click.option("--answer-forms", metavar="NAME,...", help="In which forms to look for answers: box, line, statement, "
              "quantity, letter. [default: as the prompts ask]")  # fmt: skip
@click.option("--think-tags", multiple=True, metavar="START,END", help="Tags around thinking, or none; repeatable. "
              "[default: all that are known]")  # fmt: skip
@click.option("--opens", metavar="TAG", help="The start tag that the prompts ended in, as <think>, or none. "
              "[default: told by the texts]")  # fmt: skip
@click.option("--n", metavar="N,N,...", help="Budgets of the curves. [default: powers of two]")
@click.option(
    "--metric", metavar="NAME", help="Logs: which metric is the label. [default: the first right-or-wrong one]"
)
@click.option("--filter", "metric_filter", metavar="NAME", help="lm-eval: whose metric is the label. [default: first]")
def import_(
    files: tuple[Path, ...],
    out: Path,
    id_: str | None,
    scores: tuple[str, ...],
    n: str | None,
    answer_forms: str | None,
    think_tags: tuple[str, ...],
    opens: str | None,
    **flags: Any,
) -> None:
    """Make a run from samples made elsewhere, so that `tts report` and all analyses work on them.

    FILE is JSON lines, a JSON array, CSV or Parquet with one sample a row, or one problem a row with lists of samples;
    lm-eval's samples_*.jsonl; or a log of inspect, .eval or .json. Each may be compressed. A column is a name or a
    dotted path, and a list on the way is one value a sample. In logs the defaults are what the log has.

    \b
    tts import mine.jsonl --text response --gold answer --out runs/mine
    tts import scored.jsonl --text samples.text --tokens samples.output_tokens \\
               --correct samples.correct --score prm=samples.prm_score --labels both --out runs/scored
    tts import samples_gsm8k_2025-01-01.jsonl --labels both --out runs/gsm8k
    """
    from tts.core import UsageError
    from tts.importing import Columns, import_samples, parse_reading

    names = ("gold", "text", "question", "level", "tokens", "correct", "finish")
    pairs = [part.partition("=") for part in scores]
    if wrong := [part for part, (name, _, column) in zip(scores, pairs, strict=True) if not (name and column)]:
        raise UsageError(f"--score: found {wrong[0]!r}, expected NAME=COLUMN")
    by_name = {name: column for name, _, column in pairs}
    if len({name.removesuffix(":score") for name in by_name}) < len(pairs):
        raise UsageError("--score: two columns have one name; give each its own NAME=COLUMN")
    columns = Columns(id=id_, scores=by_name, **{name: flags.pop(name) for name in names})
    try:
        budgets = [] if n is None else [int(part) for part in n.split(",")]
    except ValueError:
        budgets = [0]
    if any(k < 1 for k in budgets):
        raise UsageError(f"--n: found {n!r}, expected budgets of at least 1, for instance 1,4,16")
    try:
        reading = parse_reading(answer_forms, think_tags, opens)
        done = import_samples(files, out, columns, budgets=budgets, reading=reading, **flags)
    except KeyboardInterrupt:
        raise click.Abort("stopped; nothing was imported, the same command begins anew") from None
    _say(done, flags["labels"], out)


def _say(done: Imported, labels: str, out: Path) -> None:
    counts = f"{done.problems} problems, {done.samples} samples; n = {', '.join(map(str, done.budgets))}"
    click.echo(f"{counts}; token counts are estimated" if done.estimated else counts)
    if done.renamed:
        click.echo("ids begin anew in some files: problems are named by file or task, as NAME/ID")
    if done.repeated:
        click.echo(f"{done.repeated} samples are in the log of a retry too, and count once")
    if done.fewest[1] < done.most:
        few = f"{done.fewest[1]} ({done.fewest[0]})"
        click.echo(f"problems have {few} to {done.most} samples; curves end at the fewest")
    if done.silent:
        verb = "has" if done.silent == 1 else "have"
        click.echo(f"{done.silent} of {done.samples} samples {verb} no text: silent answers")
    if done.opened:
        start, end = done.opened.start, done.opened.end
        told = f" (some texts have {end}, none has {start})" if done.opened.inferred else ""
        cut = f"{done.opened.cut} of {done.samples} texts were cut in it"
        click.echo(f"the prompts opened the thinking with {start}{told}: {cut}")
    for score, lacking in done.unscored.items():
        some = ", ".join(f"{problem} sample {i}" for problem, i in lacking[:_FEW])
        more = f" and {len(lacking) - _FEW} more" if len(lacking) > _FEW else ""
        verb = "has" if len(lacking) == 1 else "have"
        click.echo(f"{score}: {len(lacking)} of {done.samples} samples {verb} no score ({some}{more})")
        problems = len({problem for problem, _ in lacking})
        click.echo(f"  best and weighted leave out their {problems} of {done.problems} problems")
    if labels == "both":
        click.echo(f"{len(done.disagreements)} of {done.samples} {_SHOWN}: {out / 'disagreements.jsonl'}")
        for d in done.disagreements:
            ours, theirs = ("correct" if right else "wrong" for right in (d.ours, d.file))
            click.echo(f"  {d.problem} sample {d.sample}: ours {ours}, file {theirs}; {d.answer!r} for {d.gold!r}")
    click.echo(f"next: tts report {out}")
