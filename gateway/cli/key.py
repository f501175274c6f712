"""`bongsu key`: the bearer keys of people and sources; each is shown once and kept as its hash."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from gateway import access
from gateway.cli import opening
from gateway.cli.opening import Store
from gateway.cli.say import as_json, line, progress, show, words
from gateway.config import Partner, SourceSettings
from gateway.fault import Missing, Refused
from gateway.journal.records import Key

SIGNED = "standard-webhooks"


@click.group()
def key() -> None:
    """Give people and sources their bearer keys, and take them back."""


@key.command()
@click.option("--person", metavar="NAME", help="A personal key, for BONGSU_KEY.")
@click.option("--source", metavar="NAME", help="The key of a source, as city.toml names it.")
@opening.city
@as_json
def add(person: str | None, source: str | None, folder: Path, *, as_json: bool) -> None:
    """Make a key and print it, this once."""
    if (person is None) == (source is None):
        raise click.UsageError("Whose key? Give either --person or --source.")
    secret = access.new_key()
    with opening.opened(folder, create=source is not None) as record:
        note = _of_person(record, person) if person is not None else _of_source(record, source or "")
        made = Key(id=secrets.token_hex(6), hash=access.key_hash(secret), person=person, source=source)
        made = msgspec.structs.replace(made, created_at=datetime.now(UTC))
        _save(record, made)
    if as_json:
        line(_told(made) | {"key": secret, "note": note})
    else:
        words(secret)
        progress(f"key {made.id} of {person or source}, shown only now. {note}")


@key.command(name="list")
@opening.city
@as_json
def list_(folder: Path, *, as_json: bool) -> None:
    """List every key by its id, oldest first; never the keys themselves."""
    with opening.opened(folder) as record:
        keys = record.run(record.journal.keys())
    for one in keys:
        _show(one, as_json=as_json)


@key.command()
@click.argument("id")
@opening.city
@as_json
def revoke(id: str, folder: Path, *, as_json: bool) -> None:
    """Take a key back; a running gateway notices at once."""
    with opening.opened(folder) as record:
        known = {one.id: one for one in record.run(record.journal.keys())}
        if id not in known:
            raise Missing("key-unknown", f"no key has the id {id}", hint="see `bongsu key list`")
        revoked = msgspec.structs.replace(known[id], revoked=True)
        _save(record, revoked)
    _show(revoked, as_json=as_json)


def _of_person(record: Store, name: str) -> str:
    known = {person.name: person for person in record.run(record.journal.people())}
    if name not in known:
        raise Missing("person-unknown", f"nobody is called {name}", hint="`bongsu user add` first")
    if known[name].disabled:
        raise Refused("person-disabled", f"{name} is shut out", hint="`bongsu user add --replace` lets them in again")
    return "Put it into BONGSU_KEY."


def _of_source(record: Store, name: str) -> str:
    settings = record.settings
    if name not in settings.ways_in:
        known = ", ".join(sorted(settings.ways_in)) or "none"
        raise Missing("source-unknown", f"city.toml names no source {name}", hint=f"its sources are: {known}")
    return note(name, settings.ways_in[name])


def note(name: str, source: SourceSettings | Partner) -> str:
    """Return what a source does with its key: it shows it, or it signs with a secret that lives elsewhere."""
    if source.auth != SIGNED:
        return f"{name} sends it as Authorization: Bearer."
    where = "nowhere yet: name it with secret_file in city.toml"
    if source.secret and source.secret.file:
        where = f"in {source.secret.file}, readable by its owner alone (0600)"
    elif source.secret and source.secret.env:
        where = f"in the environment variable {source.secret.env}"
    return f"{name} signs what it sends ({SIGNED}); its HMAC secret stands {where}. This key only reads its receipts."


def _save(record: Store, one: Key) -> None:
    record.run(record.journal.save_key(one, opening.operator(), datetime.now(UTC)))


def _told(one: Key) -> dict[str, object]:
    whose = {"person": one.person} if one.person else {"source": one.source}
    return {"id": one.id, **whose, "created_at": one.created_at, "revoked": one.revoked}


def _show(one: Key, *, as_json: bool) -> None:
    at = f"{one.created_at:%Y-%m-%d}" if one.created_at else ""
    words = f"{one.id}  {one.person or one.source}  {at}{'  revoked' if one.revoked else ''}"
    show(_told(one), words, as_json=as_json)
