"""Writing and reading the audit chains."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import apsw

from gateway.journal.audit import NO_HEAD, SEALED, SEALS, heads_digest, link
from gateway.journal.records import AuditEntry
from gateway.journal.sql.codec import canonical, moment, when
from gateway.journal.sql.entries import Entry
from gateway.journal.sqlite.sql import Row, each, every, together

# Leaps along the index from one chain to the next, however many entries each has
_HEADS = (
    "WITH RECURSIVE one (chain) AS (SELECT min(chain) FROM audit"
    " UNION ALL SELECT (SELECT min(chain) FROM audit WHERE chain > one.chain) FROM one WHERE chain IS NOT NULL)"
    " SELECT one.chain, newest.number, newest.digest FROM one CROSS JOIN audit newest ON newest.chain = one.chain"
    " AND newest.number = (SELECT max(number) FROM audit WHERE chain = one.chain) WHERE one.chain <> ?"
)


def note(  # noqa: PLR0913, PLR0917 - an entry has as many parts
    cx: apsw.Connection, chain: str, actor: str, act: str, body: Mapping[str, object], at: datetime
) -> None:
    """Append to a chain."""
    append(cx, Entry(chain, at, actor, act, dict(body)))


def append(cx: apsw.Connection, new: Entry) -> str:
    """Append to a chain and return the new entry's digest."""
    [entry] = append_all(cx, [new])
    return entry.digest


def append_all(cx: apsw.Connection, news: Sequence[Entry]) -> Sequence[AuditEntry]:
    """Append to several chains, reading the head of each once."""
    newest = "SELECT chain, number, digest FROM audit WHERE chain = ? ORDER BY number DESC LIMIT 1"
    heads = {chain: (number, digest) for chain, number, digest in each(cx, newest, {(new.chain,): None for new in news})}
    linked = []
    for new in news:
        entry = link(new.chain, heads.get(new.chain, NO_HEAD), new.at, new.actor, new.act, canonical(new.body).encode())
        heads[new.chain] = (entry.number, entry.digest)
        linked.append(entry)
    together(
        cx,
        "INSERT INTO audit (chain, number, at, actor, act, body, previous, digest) VALUES ROWS",
        [(e.chain, e.number, moment(e.at), e.actor, e.act, e.body, e.previous, e.digest) for e in linked],
    )
    return linked


def read(cx: apsw.Connection, chain: str | None = None, *, after: int = 0, most: int = 1000) -> Sequence[AuditEntry]:
    """Return entries in the order they were written; `after` counts the chain's entries, or all, that were read before."""
    columns = "SELECT chain, number, at, actor, act, body, previous, digest FROM audit "
    if chain is None:
        return [_entry(row) for row in every(cx, columns + "WHERE id > ? ORDER BY id LIMIT ?", after, most)]
    found = every(cx, columns + "WHERE chain = ? AND number > ? ORDER BY number LIMIT ?", chain, after, most)
    return [_entry(row) for row in found]


def seal(cx: apsw.Connection, at: datetime) -> str:
    """Append the digest of all chain heads to the chain of seals and return that entry's digest."""
    heads = {chain: (number, digest) for chain, number, digest in every(cx, _HEADS, SEALS)}
    return append(cx, Entry(SEALS, at, "gateway", SEALED, {"chains": len(heads), "digest": heads_digest(heads)}))


def _entry(row: Row) -> AuditEntry:
    chain, number, at, actor, act, body, previous, digest = row
    return AuditEntry(chain=chain, number=number, at=when(at), actor=actor, act=act, body=body, previous=previous, digest=digest)
