"""Writing and reading the audit chains."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from gateway.journal.audit import SEALED, SEALS, beginning, heads_digest, link
from gateway.journal.postgres.changes import Change, Shape, make
from gateway.journal.postgres.sql import Cx, Row, every, find, only, unnest
from gateway.journal.records import AuditEntry
from gateway.journal.sql.codec import canonical
from gateway.journal.sql.entries import Entry

LOOK_S = 0.01
# How many entries there are at least between two places that are noted
APART = 1000
_ENTRIES = "SELECT id, chain, number, at, actor, act, body, previous, digest FROM audit "
_APPENDED = Shape("SELECT append_to_audit(COLUMNS)", "text timestamptz text text bytea text")


async def note(  # noqa: PLR0913, PLR0917 - an entry has as many parts
    cx: Cx, chain: str, actor: str, act: str, body: Mapping[str, object], at: datetime
) -> None:
    """Append to a chain."""
    await append(cx, Entry(chain, at, actor, act, dict(body)))


async def append(cx: Cx, new: Entry) -> None:
    """Append to a chain, whose head is ours until the transaction ends."""
    await append_all(cx, [new])


async def append_all(cx: Cx, news: Sequence[Entry]) -> None:
    """Append to several chains."""
    if news:
        await make(cx, appending(news))


def appending(news: Sequence[Entry]) -> Change:
    """Append to several chains, always in the same order of chains, so that nobody waits for each other.

    The database knows the heads, so it sets each entry's number and digest, as `gateway.journal.audit.link` would.
    """
    written = [(new, canonical(new.body).encode()) for new in sorted(news, key=lambda new: new.chain)]
    rows = [
        (new.chain, new.at, new.actor, new.act, body, beginning(new.chain, new.at, new.actor, new.act, body))
        for new, body in written
    ]
    return _APPENDED.of(rows)


async def read(cx: Cx, chain: str | None = None, *, after: int = 0, most: int = 1000) -> Sequence[AuditEntry]:
    """Return entries in the order they were written; `after` counts the chain's entries, or all, that were read before."""
    if chain is None:
        return await _read_all(cx, after, most)
    found = await every(cx, _ENTRIES + "WHERE chain = $1 AND number > $2 ORDER BY number LIMIT $3", chain, after, most)
    return [_entry(row) for row in found]


async def _read_all(cx: Cx, after: int, most: int) -> list[AuditEntry]:
    """Go on from the last place that somebody noted who read as far as here, and note how far this is."""
    [newest] = await only(cx, "place", "SELECT last_value FROM audit_id_seq")
    await _settled(cx)
    known = await find(cx, "SELECT entries, id FROM audit_place WHERE entries <= $1 ORDER BY entries DESC LIMIT 1", after)
    entries, id = known or (0, 0)
    page = _ENTRIES + "WHERE id > $1 AND id <= $2 ORDER BY id OFFSET $3 LIMIT $4"
    found = await every(cx, page, id, newest, after - entries, most)
    if found and after + len(found) - entries >= APART:
        await _note_place(cx, after + len(found), found[-1][0])
    return [_entry(row) for row in found]


async def _note_place(cx: Cx, entries: int, id: int) -> None:
    # It may be lost, and nobody who reads waits for a standby
    await cx.execute("SET LOCAL synchronous_commit = off")
    await cx.execute("INSERT INTO audit_place (entries, id) VALUES ($1, $2) ON CONFLICT DO NOTHING", entries, id)


async def seal(cx: Cx, at: datetime) -> str:
    """Append the digest of all chain heads to the chain of seals and return that entry's digest.

    The seal takes its place first, then waits for whoever may have a place in front of it; nobody waits for the seal.
    """
    head = (await _heads(cx, [SEALS]))[SEALS]
    # As every writer does, so that whoever reads waits for what has a place
    await cx.execute("LOCK TABLE audit IN ROW EXCLUSIVE MODE")
    [place] = await only(cx, "place", "SELECT nextval('audit_id_seq')")
    await _settled(cx)
    heads = {chain: (number, digest) for chain, number, digest in await every(cx, _HEADS_BEFORE, place, SEALS)}
    body = {"chains": len(heads), "digest": heads_digest(heads)}
    new = link(SEALS, head, at, "gateway", SEALED, canonical(body).encode())
    await cx.execute(_SEAL, place, SEALS, new.number, new.at, new.actor, new.act, new.body, new.previous, new.digest)
    return new.digest


# A chain that went on since shows in its next entry how it stood
_HEADS_BEFORE = (
    "SELECT c.name, coalesce(n.number - 1, c.number), coalesce(n.previous, c.digest) FROM chain c LEFT JOIN"
    " (SELECT DISTINCT ON (chain) chain, number, previous FROM audit WHERE id > $1 ORDER BY chain, number) n ON n.chain = c.name"
    " WHERE c.name <> $2 AND coalesce(n.number - 1, c.number) > 0"
)
_SEAL = (
    "WITH written AS (INSERT INTO audit (id, chain, number, at, actor, act, body, previous, digest)"
    " OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))"
    " UPDATE chain SET number = $3, digest = $9 WHERE name = $2"
)
_WRITERS = (
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND relation = 'audit'::regclass"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()"
)


async def _settled(cx: Cx) -> None:
    """Wait until all have ended who were writing: an entry gets its place before its transaction commits."""
    writing = await _writers(cx)
    while writing:
        await asyncio.sleep(LOOK_S)
        writing &= await _writers(cx)


async def _writers(cx: Cx) -> set[str]:
    return {writer for (writer,) in await every(cx, _WRITERS)}


async def _heads(cx: Cx, chains: Sequence[str]) -> dict[str, tuple[int, str]]:
    held = "SELECT name, number, digest FROM chain WHERE name = ANY($1) ORDER BY name FOR UPDATE"
    if len(rows := await every(cx, held, chains)) < len(chains):
        await cx.execute(f"INSERT INTO chain (name) SELECT {unnest('text')} ORDER BY 1 ON CONFLICT DO NOTHING", chains)
        rows = await every(cx, held, chains)
    return {name: (number, digest) for name, number, digest in rows}


def _entry(row: Row) -> AuditEntry:
    _, chain, number, at, actor, act, body, previous, digest = row
    return AuditEntry(chain=chain, number=number, at=at, actor=actor, act=act, body=body, previous=previous, digest=digest)
