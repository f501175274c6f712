"""`bongsu user`: the people who may use a city's gateway."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from gateway import access
from gateway.access import Role
from gateway.cli import opening
from gateway.cli.opening import Store
from gateway.cli.say import as_json, line, progress, show, words
from gateway.doors import text
from gateway.fault import BadInput, Conflict, Missing, Refused
from gateway.journal.records import Person
from gateway.web.sessions import Sessions

NAME = re.compile(r"[^\W_][\w.@-]{0,63}")
OURS = frozenset({"gateway", "unknown"})


@click.group()
def user() -> None:
    """Say who may use the gateway."""


@user.command()
@click.argument("name")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="What they may do; repeatable.",
)
@click.option("--password-stdin", "piped", is_flag=True, help="Read the password from the first line of standard input.")
@click.option("--replace", is_flag=True, help="Give somebody known new roles and a new password, and let them in again.")
@opening.city
@as_json
def add(  # noqa: PLR0913 - one for each option
    name: str, roles: tuple[str, ...], folder: Path, *, piped: bool, replace: bool, as_json: bool
) -> None:
    """Let somebody use the gateway."""
    name = _named(name)
    with opening.opened(folder, create=True) as record:
        known = {person.name for person in record.run(record.journal.people())}
        if name in known and not replace:
            raise Conflict("person-exists", f"{name} is known already", hint="use --replace for new roles and a new password")
        person = Person(name=name, roles=frozenset(roles), password=access.hash_password(_password(piped=piped)))
        record.run(record.journal.save_person(person, opening.operator(), datetime.now(UTC)))
    _told(person, as_json=as_json)


@user.command(name="list")
@opening.city
@as_json
def list_(folder: Path, *, as_json: bool) -> None:
    """List everybody, by name."""
    with opening.opened(folder) as record:
        people = record.run(record.journal.people())
    for person in people:
        _told(person, as_json=as_json)


@user.command()
@click.argument("name")
@opening.city
@as_json
def disable(name: str, folder: Path, *, as_json: bool) -> None:
    """Shut somebody out; a running gateway notices at once."""
    with opening.opened(folder) as record:
        try:
            person = msgspec.structs.replace(record.run(record.journal.person(name)), disabled=True)
        except Missing:
            raise Missing("person-unknown", f"nobody is called {name}", hint="see `bongsu user list`") from None
        record.run(record.journal.save_person(person, opening.operator(), datetime.now(UTC)))
    _told(person, as_json=as_json)


@user.command()
@click.argument("name")
@opening.city
@as_json
def link(name: str, folder: Path, *, as_json: bool) -> None:
    """Print a link that signs somebody in at the console, once, within the hour."""
    with opening.opened(folder) as record:
        made = record.run(_link(record, name))
    if as_json:
        line({"name": name, "link": made})
    else:
        words(made)
        progress(f"this link signs {name} in once, within the hour; give it to nobody else")


async def _link(record: Store, name: str) -> str:
    try:
        person = await record.journal.person(name)
    except Missing:
        raise Missing("person-unknown", f"nobody is called {name}", hint="see `bongsu user list`") from None
    if person.disabled:
        raise Refused("person-disabled", f"{name} is shut out", hint="`bongsu user add --replace` lets them in again")
    base = record.settings.base_url.rstrip("/")
    sessions = Sessions(record.journal, secure=base.startswith("https://"))
    return f"{base}/console/enter/{await sessions.link(name, by=opening.operator())}"


def _named(given: str) -> str:
    """Return a name that no program's own can be mistaken for: those say playbook:... or local:... in the record."""
    name = text.one_line(given, path="NAME")
    if not NAME.fullmatch(name) or name in OURS:
        hint = "letters, digits and . _ @ - only, at most 64; not the gateway's own"
        raise BadInput("person-name", f"{name!r} is no name for a person", hint=hint)
    return name


def _password(*, piped: bool) -> str:
    if piped:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask at: pipe the password in, with --password-stdin.")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return answer


def _told(person: Person, *, as_json: bool) -> None:
    roles = sorted(person.roles)
    told = {"name": person.name, "roles": roles, "disabled": person.disabled}
    show(told, f"{person.name}  {', '.join(roles)}{'  disabled' if person.disabled else ''}", as_json=as_json)
