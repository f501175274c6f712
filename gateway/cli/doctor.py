"""`bongsu doctor`: is everything here that a gateway needs, and does it work?"""

from pathlib import Path

import click

from gateway.cli import checks
from gateway.cli.checks import Check, State
from gateway.cli.opening import FOLDER
from gateway.cli.say import Exit, as_json, line, tint, words

MARKS = {State.OK: ("ok", "green"), State.WARNING: ("look", "yellow"), State.FAILED: ("FAILED", "red")}


@click.command()
@click.option("--city", "folder", type=FOLDER, metavar="DIR", help="Check this city too.")
@as_json
@click.pass_context
def doctor(ctx: click.Context, folder: Path | None, *, as_json: bool) -> None:
    """Check this installation, and a city's with it; ends with 1 when something is red."""
    failed = False
    for check in (*checks.installation(), *(checks.city(folder) if folder else ())):
        failed = failed or check.state is State.FAILED
        if as_json:
            line(check)
        else:
            _say(check)
    ctx.exit(Exit.FAILED if failed else Exit.OK)


def _say(check: Check) -> None:
    mark, colour = MARKS[check.state]
    hint = f" - {check.hint}" if check.hint else ""
    words(f"{tint(f'{mark:<6}', colour)}  {check.check:<12}  {check.found}{hint}")
