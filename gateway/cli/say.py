"""How commands speak: one JSON object a line or plain words on stdout, faults on stderr, exit codes by kind of fault."""

import sys
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

import click
import msgspec

from gateway.fault import BadInput, Conflict, Fault, Faults, Finding, Missing, Refused, Unavailable

P = ParamSpec("P")
R = TypeVar("R")


class Exit(IntEnum):
    """What an exit code means; 2 is click's own for wrong usage."""

    OK = 0
    FAILED = 1
    INVALID = 3
    REFUSED = 4
    PARTLY = 5
    UNREACHABLE = 6


CODES: tuple[tuple[type[Fault], Exit], ...] = (
    (BadInput, Exit.INVALID),
    (Refused, Exit.REFUSED),
    (Conflict, Exit.REFUSED),
    (Missing, Exit.FAILED),
    (Unavailable, Exit.UNREACHABLE),
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


def line(value: object) -> None:
    """Print one JSON object on stdout and let it go at once."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def words(text: str) -> None:
    """Print plain words on stdout."""
    click.echo(text)


def progress(text: str) -> None:
    """Tell a person on stderr what is going on."""
    click.echo(text, err=True)


def finding(found: Finding) -> str:
    """Return a finding as one line: place, gravity, rule, message, mend."""
    place = f"{found.file}:{found.line}: " if found.file else ""
    return f"{place}{found.severity}: {found.rule}: {found.message}{_at(found.path)}{_mend(found.hint)}"


def fail(fault: Fault) -> NoReturn:
    """Print what was refused, with place and mend, and leave with the code for its kind."""
    findings = fault.findings if isinstance(fault, Faults) else (_found(fault),)
    for found in findings:
        progress(finding(found))
    sys.exit(next((code for kind, code in CODES if isinstance(fault, kind)), Exit.FAILED))


def faults_told(command: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command so that every Fault ends it with words and a code, never with a trace."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Fault as fault:
            fail(fault)

    return wrapped


def show(value: Mapping[str, object], text: str, *, as_json: bool) -> None:
    """Print the object or the words for it."""
    if as_json:
        line(value)
    else:
        words(text)


def _found(fault: Fault) -> Finding:
    return Finding(rule=fault.code, message=fault.message, path=fault.path, hint=fault.hint)


def _at(path: str) -> str:
    return f" (at {path})" if path else ""


def _mend(hint: str) -> str:
    return f" - {hint}" if hint else ""
