"""People, keys and singletons' leases."""

from collections.abc import Sequence
from datetime import datetime

from gateway.journal.postgres import audit
from gateway.journal.postgres.sql import Cx, Here, Row, every, find, only
from gateway.journal.records import Key, Person
from gateway.journal.sql import entries
from gateway.journal.sql.codec import canonical, read

_PERSON = "SELECT name, roles, password, disabled FROM person"
_KEY = "SELECT id, hash, person, source, created_at, revoked FROM key"


async def save_person(cx: Cx, person: Person, actor: str, at: datetime) -> None:
    """Add or change a person; the audit chain learns everything but the password."""
    await cx.execute(
        "INSERT INTO person (name, roles, password, disabled) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (name) DO UPDATE SET roles = excluded.roles, password = excluded.password, disabled = excluded.disabled",
        *(person.name, canonical(sorted(person.roles)), person.password, person.disabled),
    )
    await audit.append(cx, entries.person_saved(person, actor, at))


async def person(cx: Cx, name: str) -> Person:
    """Return a person; raises Missing."""
    return _person(await only(cx, f"person {name}", _PERSON + " WHERE name = $1", name))


async def people(cx: Cx) -> Sequence[Person]:
    """Return everybody, by name."""
    return [_person(row) for row in await every(cx, _PERSON + " ORDER BY name")]


async def save_key(cx: Cx, key: Key, actor: str, at: datetime) -> None:
    """Add or revoke a key; the audit chain learns whose, not its hash."""
    await cx.execute(
        "INSERT INTO key (id, hash, person, source, created_at, revoked) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, person = excluded.person, source = excluded.source,"
        " revoked = excluded.revoked",
        *(key.id, key.hash, key.person, key.source, key.created_at or at, key.revoked),
    )
    await audit.append(cx, entries.key_saved(key, actor, at))


async def key(cx: Cx, hash: str) -> Key | None:
    """Find the key with this hash that is not revoked."""
    row = await find(cx, _KEY + " WHERE hash = $1 AND NOT revoked", hash)
    return None if row is None else _key(row)


async def keys(cx: Cx) -> Sequence[Key]:
    """Return every key, revoked ones too, oldest first."""
    return [_key(row) for row in await every(cx, _KEY + " ORDER BY created_at, id")]


async def lease(cx: Cx, here: Here, name: str, holder: str, seconds: float) -> int | None:
    """Take a lease that is free or ran out (its fence grows), or renew one's own (it stays); None while another holds it."""
    row = await find(
        cx,
        "INSERT INTO lease AS l (name, holder, until, fence) VALUES ($1, $2, $3, 1) ON CONFLICT (name)"
        " DO UPDATE SET holder = $2, until = $3, fence = l.fence + (l.until <= $4)::int"
        " WHERE l.until <= $4 OR l.holder = $2 RETURNING fence",
        *(name, holder, here.time + seconds, here.time),
    )
    return None if row is None else row[0]


async def check(cx: Cx) -> None:
    """Write something, so that the commit proves the store."""
    await cx.execute("UPDATE probe SET times = times + 1")


def _person(row: Row) -> Person:
    name, roles, password, disabled = row
    return Person(name=name, roles=read(roles, frozenset[str]), password=password, disabled=disabled)


def _key(row: Row) -> Key:
    id, hash, person, source, created_at, revoked = row
    return Key(id=id, hash=hash, person=person, source=source, created_at=created_at, revoked=revoked)
