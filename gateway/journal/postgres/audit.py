"""Writing and reading the audit chains."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from gateway.journal.audit import SEALED, SEALS, heads_digest, link
from gateway.journal.postgres.sql import Cx, Row, every, find, only
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
    entry = link(new.chain, await _head(cx, new.chain), new.at, new.actor, new.act, canonical(new.body).encode())
    await cx.execute(
        "WITH headed AS (UPDATE chain SET number = $2, digest = $8 WHERE name = $1)"
        " INSERT INTO audit (chain, number, at, actor, act, body, previous, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        *(entry.chain, entry.number, entry.at, entry.actor, entry.act, entry.body, entry.previous, entry.digest),
    )
    return entry.digest


async def append_all(cx: Cx, news: Iterable[Entry]) -> None:
    """Append to several chains, always in the same order of chains, so that nobody waits for each other."""
    for new in sorted(news, key=lambda new: new.chain):
        await append(cx, new)


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


async def _head(cx: Cx, chain: str) -> tuple[int, str]:
    held = "SELECT number, digest FROM chain WHERE name = $1 FOR UPDATE"
    if (row := await find(cx, held, chain)) is None:
        await cx.execute("INSERT INTO chain (name) VALUES ($1) ON CONFLICT DO NOTHING", chain)
        row = await only(cx, f"chain {chain}", held, chain)
    number, digest = row
    return number, digest


def _entry(row: Row) -> AuditEntry:
    chain, number, at, actor, act, body, previous, digest = row
    return AuditEntry(chain=chain, number=number, at=at, actor=actor, act=act, body=body, previous=previous, digest=digest)
