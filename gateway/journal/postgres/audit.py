"""Writing and reading the audit chains."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from gateway.journal.audit import SEALED, SEALS, heads_digest, link
from gateway.journal.postgres.sql import Cx, Row, columns, every, unnest
from gateway.journal.records import AuditEntry
from gateway.journal.sql.codec import canonical
from gateway.journal.sql.entries import Entry


async def note(  # noqa: PLR0913, PLR0917 - an entry has as many parts
    cx: Cx, chain: str, actor: str, act: str, body: Mapping[str, object], at: datetime
) -> None:
    """Append to a chain."""
    await append(cx, Entry(chain, at, actor, act, dict(body)))


async def append(cx: Cx, new: Entry) -> str:
    """Append to a chain, whose head is ours until the transaction ends, and return the new entry's digest."""
    [entry] = await append_all(cx, [new])
    return entry.digest


async def append_all(cx: Cx, news: Sequence[Entry]) -> Sequence[AuditEntry]:
    """Append to several chains, always in the same order of chains, so that nobody waits for each other."""
    if not news:
        return []
    heads = await _heads(cx, sorted({new.chain for new in news}))
    linked = []
    for new in sorted(news, key=lambda new: new.chain):
        entry = link(new.chain, heads[new.chain], new.at, new.actor, new.act, canonical(new.body).encode())
        heads[new.chain] = (entry.number, entry.digest)
        linked.append(entry)
    rows = [(e.chain, e.number, e.at, e.actor, e.act, e.body, e.previous, e.digest) for e in linked]
    await cx.execute(
        "WITH written AS (INSERT INTO audit (chain, number, at, actor, act, body, previous, digest) SELECT * FROM"
        f" {unnest('text bigint timestamptz text text bytea text text')})"
        f" UPDATE chain c SET number = n.number, digest = n.digest FROM {unnest('text bigint text', 9)}"
        " AS n (name, number, digest) WHERE c.name = n.name",
        *columns(8, rows),
        *columns(3, [(chain, *head) for chain, head in heads.items()]),
    )
    return linked


async def read(cx: Cx, chain: str | None = None, *, after: int = 0, most: int = 1000) -> Sequence[AuditEntry]:
    """Return entries in the order they were written; `after` counts the chain's entries, or all, that were read before."""
    columns = "SELECT chain, number, at, actor, act, body, previous, digest FROM audit "
    if chain is None:
        await _let_writers_finish(cx)
        return [_entry(row) for row in await every(cx, columns + "ORDER BY id OFFSET $1 LIMIT $2", after, most)]
    found = await every(cx, columns + "WHERE chain = $1 AND number > $2 ORDER BY number LIMIT $3", chain, after, most)
    return [_entry(row) for row in found]


async def seal(cx: Cx, at: datetime) -> str:
    """Append the digest of all chain heads to the chain of seals and return that entry's digest."""
    await _let_writers_finish(cx)
    newest = await every(cx, "SELECT name, number, digest FROM chain WHERE name <> $1 AND number > 0", SEALS)
    heads = {chain: (number, digest) for chain, number, digest in newest}
    return await append(cx, Entry(SEALS, at, "gateway", SEALED, {"chains": len(heads), "digest": heads_digest(heads)}))


async def _let_writers_finish(cx: Cx) -> None:
    """An entry gets its place before its transaction commits; after this, none can appear in front of one that is seen."""
    await cx.execute("LOCK TABLE audit IN SHARE ROW EXCLUSIVE MODE")


async def _heads(cx: Cx, chains: Sequence[str]) -> dict[str, tuple[int, str]]:
    held = "SELECT name, number, digest FROM chain WHERE name = ANY($1) ORDER BY name FOR UPDATE"
    if len(rows := await every(cx, held, chains)) < len(chains):
        await cx.execute(f"INSERT INTO chain (name) SELECT {unnest('text')} ORDER BY 1 ON CONFLICT DO NOTHING", chains)
        rows = await every(cx, held, chains)
    return {name: (number, digest) for name, number, digest in rows}


def _entry(row: Row) -> AuditEntry:
    chain, number, at, actor, act, body, previous, digest = row
    return AuditEntry(chain=chain, number=number, at=at, actor=actor, act=act, body=body, previous=previous, digest=digest)
