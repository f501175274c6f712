"""The command line: nouns, then verbs; results on stdout, progress and logs on stderr, and exit codes that mean something."""

from importlib import import_module, metadata

import click

COMMANDS = {
    "adapter": "gateway.cli.adapter:adapter",
    "alert": "gateway.cli.alert:alert",
    "audit": "gateway.cli.audit:audit",
    "city": "gateway.cli.city:city",
    "demo": "gateway.cli.demo:demo",
    "doctor": "gateway.cli.doctor:doctor",
    "key": "gateway.cli.people:key",
    "serve": "gateway.cli.serve:serve",
    "translate": "gateway.cli.translate:translate",
    "user": "gateway.cli.people:user",
}


class Lazy(click.Group):
    """A group that imports a command only when it is asked for, so that `bongsu --help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name every command that is built."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(metadata.version("bongsu"), prog_name="bongsu")
def main() -> None:
    """From a city's incidents to its people: CAP 1.2, GTFS-realtime and messages from one approved text."""
