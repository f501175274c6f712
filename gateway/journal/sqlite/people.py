"""People, keys and singletons' leases."""

from collections.abc import Sequence
from datetime import datetime

import apsw

from gateway.journal.records import Key, Person
from gateway.journal.sql import entries
from gateway.journal.sql.codec import canonical, moment, read, when
from gateway.journal.sqlite import audit
from gateway.journal.sqlite.sql import Row, every, find, only


def save_person(cx: apsw.Connection, person: Person, actor: str, at: datetime) -> None:
    """Add or change a person; the audit chain learns everything but the password."""
    cx.execute(
        "INSERT INTO person (name, roles, password, disabled) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET roles = excluded.roles, password = excluded.password, disabled = excluded.disabled",
        (person.name, canonical(sorted(person.roles)), person.password, person.disabled),
    )
    audit.append(cx, entries.person_saved(person, actor, at))


def person(cx: apsw.Connection, name: str) -> Person:
    """Return a person; raises Missing."""
    return _person(only(cx, f"person {name}", "SELECT name, roles, password, disabled FROM person WHERE name = ?", name))


def people(cx: apsw.Connection) -> Sequence[Person]:
    """Return everybody, by name."""
    return [_person(row) for row in every(cx, "SELECT name, roles, password, disabled FROM person ORDER BY name")]


def save_key(cx: apsw.Connection, key: Key, actor: str, at: datetime) -> None:
    """Add or revoke a key; the audit chain learns whose, not its hash."""
    cx.execute(
        "INSERT INTO key (id, hash, person, source, created_at, revoked) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET hash = excluded.hash, person = excluded.person, source = excluded.source,"
        " revoked = excluded.revoked",
        (key.id, key.hash, key.person, key.source, moment(key.created_at or at), key.revoked),
    )
    audit.append(cx, entries.key_saved(key, actor, at))


def key(cx: apsw.Connection, hash: str) -> Key | None:
    """Find the key with this hash that is not revoked."""
    columns = "SELECT id, hash, person, source, created_at, revoked FROM key"
    row = find(cx, columns + " WHERE hash = ? AND revoked = 0", hash)
    return None if row is None else _key(row)


def keys(cx: apsw.Connection) -> Sequence[Key]:
    """Return every key, revoked ones too, oldest first."""
    columns = "SELECT id, hash, person, source, created_at, revoked FROM key"
    return [_key(row) for row in every(cx, columns + " ORDER BY created_at, id")]


def lease(cx: apsw.Connection, real: float, name: str, holder: str, seconds: float) -> int | None:
    """Take a lease that is free or ran out (its fence grows), or renew one's own (it stays); None while another holds it."""
    row = find(
        cx,
        "INSERT INTO lease (name, holder, until, fence) VALUES (?1, ?2, ?3, 1)"
        " ON CONFLICT DO UPDATE SET holder = ?2, until = ?3, fence = fence + (until <= ?4)"
        " WHERE until <= ?4 OR holder = ?2 RETURNING fence",
        *(name, holder, real + seconds, real),
    )
    return None if row is None else row[0]


def check(cx: apsw.Connection) -> None:
    """Write something, so that the commit proves the store."""
    cx.execute("UPDATE probe SET times = times + 1")


def _person(row: Row) -> Person:
    name, roles, password, disabled = row
    return Person(name=name, roles=read(roles, frozenset[str]), password=password, disabled=bool(disabled))


def _key(row: Row) -> Key:
    id, hash, person, source, created_at, revoked = row
    return Key(id=id, hash=hash, person=person, source=source, created_at=when(created_at), revoked=bool(revoked))
