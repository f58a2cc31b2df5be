"""The door: the command ``tts``. It parses, calls and prints; nothing is decided here.

Every command imports what it needs when it runs, so that ``tts --help`` loads click and nothing else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

import tts
from tts.cli.allocate import allocate
from tts.cli.compare import compare
from tts.cli.cost import cost
from tts.cli.export import export
from tts.cli.import_ import import_
from tts.cli.listing import listing, show_prompt
from tts.cli.optimal import optimal
from tts.cli.regrade import regrade
from tts.cli.report import report
from tts.cli.run import run
from tts.cli.score import score
from tts.cli.verify import verify_steps


class _Commands(click.Group):
    """A group that suggests the nearest command for a mistyped one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in self.commands:
            from tts.core import did_you_mean

            ctx.fail(f"unknown command {name!r}{did_you_mean(name, self.commands)}; `tts --help` shows them")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(tts.__version__, prog_name="tts")
def cli() -> None:
    """Measure what test-time compute buys, and spend it well.

    \b
    tts run examples/simulated.yaml      sample, grade and journal a sweep
    tts report runs/NAME                 curves of accuracy against compute
    """


for _command in (
    *(run, report, optimal, allocate, compare, cost),
    *(score, regrade, verify_steps, import_, listing, show_prompt, export),
):
    cli.add_command(_command)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line. Exit codes: 0 done, 1 the engine failed, 2 the user's mistake, 130 Ctrl-C."""
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # its retries are not for the user, who gets one line
    try:
        cli.main(args=None if argv is None else list(argv), prog_name="tts", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else cli.help)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "tts"
        message = error.format_message().rstrip(".")
        _end(message if message.endswith(("?", "shows them")) else f"{message}; see `{command} --help`", 2)
    except click.ClickException as error:
        _end(error.format_message(), 2)
    except (KeyboardInterrupt, click.Abort) as stop:
        _end(str(stop) or "stopped; what was sampled is kept, run the same directory again to go on", 130)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  # the reader left, as in `tts list ... | head`
        sys.exit(0)
    except Exception as error:
        from tts.core import TtsError

        if not isinstance(error, TtsError):
            raise
        _end(str(error), error.exit_code)


def _end(message: str, code: int) -> None:
    line = " ".join(message.split())
    print(f"tts: {line}", file=sys.stderr, flush=True)  # noqa: T201
    sys.exit(code)
