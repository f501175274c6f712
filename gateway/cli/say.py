"""How commands speak: one JSON object a line or plain words on stdout, progress and faults on stderr, codes by kind of fault."""

import os
from collections.abc import Iterable, Mapping
from enum import IntEnum

import click
import msgspec

from gateway.fault import BadInput, Conflict, Fault, Faults, Finding, Gravity, Refused, Unreachable


class Exit(IntEnum):
    """What an exit code means; 2 is click's own for wrong usage."""

    OK = 0
    FAILED = 1
    INVALID = 3
    REFUSED = 4
    PARTLY = 5
    UNREACHABLE = 6


CODES: Mapping[type[Fault], Exit] = {
    BadInput: Exit.INVALID,
    Refused: Exit.REFUSED,
    Conflict: Exit.REFUSED,
    Unreachable: Exit.UNREACHABLE,
}

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


def line(value: object) -> None:
    """Print one JSON object on stdout and let it go at once."""
    click.echo(msgspec.json.encode(value))


def words(text: str) -> None:
    """Print plain words on stdout."""
    click.echo(text)


def progress(text: str) -> None:
    """Tell a person on stderr what is going on."""
    click.echo(text, err=True)


def show(value: Mapping[str, object], text: str, *, as_json: bool) -> None:
    """Print the object or the words for it."""
    if as_json:
        line(value)
    else:
        words(text)


def tint(text: str, colour: str) -> str:
    """Return the text in a colour, which only a terminal shows, and none that asks for NO_COLOR."""
    return text if os.environ.get("NO_COLOR") else click.style(text, fg=colour, bold=True)


# What is wrong


def findings(fault: Fault, *, file: str = "") -> tuple[Finding, ...]:
    """Return everything a fault found wrong; `file` is the place of what does not name its own."""
    found = fault.findings if isinstance(fault, Faults) else (_finding(fault),)
    return tuple(msgspec.structs.replace(one, file=one.file or file) for one in found)


def grave(found: Iterable[Finding]) -> bool:
    """Tell whether there is an error among findings."""
    return any(one.severity is Gravity.ERROR for one in found)


def spoken(found: Finding) -> str:
    """Return a finding as one line: place, gravity, rule, message, mend."""
    line = f":{found.line}" if found.line else ""
    place = f"{found.file}{line}: " if found.file else ""
    gravity = tint(found.severity, "red" if found.severity is Gravity.ERROR else "yellow")
    return f"{place}{gravity}: {found.rule}: {found.message}{_at(found.path)}{_mend(found.hint)}"


def fail(fault: Fault) -> Exit:
    """Tell on stderr what was refused, with place and mend, and return the code to leave with."""
    for found in findings(fault):
        progress(spoken(found))
    return next((code for kind, code in CODES.items() if isinstance(fault, kind)), Exit.FAILED)


def _finding(fault: Fault) -> Finding:
    return Finding(rule=fault.code, message=fault.message, path=fault.path, hint=fault.hint)


def _at(path: str) -> str:
    return f" (at {path})" if path else ""


def _mend(hint: str) -> str:
    return f" - {hint}" if hint else ""
