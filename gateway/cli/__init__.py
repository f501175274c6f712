"""The command line: nouns, then verbs; results on stdout, progress and logs on stderr, and exit codes that mean something."""

import os
import sys
from importlib import import_module, metadata

import click

from gateway.cli.say import fail
from gateway.fault import Fault

INTERRUPTED = 130
COMMANDS = {
    "adapter": "List vendors' adapters and try their promises.",
    "alert": "Draft, submit, approve, update, end and cancel alerts.",
    "audit": "Look for tampering with the record.",
    "city": "Check a city's folder.",
    "demo": "A whole city on this machine, as an exercise.",
    "doctor": "Check this installation, and a city's with it.",
    "key": "Give people and sources their bearer keys, and take them back.",
    "public": "Write the public's pages and feeds as plain files.",
    "serve": "Run the gateway of a city.",
    "store": "Move the record: into a database, into a backup, and back.",
    "translate": "Say one incident in one standard.",
    "user": "Say who may use the gateway.",
    "words": "Check, count and review the phrases of every language.",
}


class Lazy(click.Group):
    """The program; each command lives in the module of its name and is imported only when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name every command that is built."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Tell of every command without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run a command: a Fault ends it with words and the code of its kind; whoever interrupts it or stops reading, quietly."""
        try:
            answer: object = super().invoke(ctx)
            sys.stdout.flush()
        except Fault as fault:
            ctx.exit(fail(fault))
        except (BrokenPipeError, KeyboardInterrupt, click.Abort) as end:
            _quiet(end)
            ctx.exit(INTERRUPTED)
        return answer


def _quiet(end: BaseException) -> None:
    """Let nobody flush into a pipe that nobody reads."""
    if isinstance(end, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    if not wanted:
        return
    try:
        click.echo(f"bongsu {metadata.version('bongsu')}")
    except metadata.PackageNotFoundError:
        click.echo("bongsu, run from a folder where it is not installed")
    ctx.exit()


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit.")
def main() -> None:
    """From a city's incidents to its people: CAP 1.2, GTFS-realtime and messages from one approved text."""
