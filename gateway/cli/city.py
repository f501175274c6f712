"""`bongsu city`: whether a city's folder says what it means."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from gateway import config, vendors
from gateway.city import City
from gateway.cli.opening import FOLDER
from gateway.cli.say import Exit, as_json, findings, grave, line, spoken, words
from gateway.fault import BadInput, Finding
from gateway.service import plan_of
from gateway.service.planning import ADAPTERS


@click.group()
def city() -> None:
    """Check a city's folder."""


@city.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@as_json
@click.pass_context
def check(ctx: click.Context, folder: Path, *, as_json: bool) -> None:
    """Find everything that is wrong in a city's folder, each with its file and line."""
    found = faults(folder)
    valid = not grave(found)
    if as_json:
        line({"city": str(folder), "valid": valid, "findings": found})
    else:
        words("\n".join(map(spoken, found)) or f"{folder}: sound")
    ctx.exit(Exit.OK if valid else Exit.INVALID)


def faults(folder: Path) -> tuple[Finding, ...]:
    """Return what is wrong: in the form of every file first, and where all are sound, in the names they take from each other."""
    files: tuple[Callable[[], object], ...] = (
        partial(config.read, folder),
        partial(config.read_playbooks, folder),
        partial(City.load, folder),
        partial(vendors.find, [folder / ADAPTERS]),
    )
    return tuple(_wrong(folder, *files)) or tuple(_wrong(folder, partial(plan_of, folder)))


def _wrong(folder: Path, *reads: Callable[[], object]) -> Iterator[Finding]:
    for read in reads:
        try:
            read()
        except BadInput as fault:
            yield from findings(fault, file=str(folder))
