"""What other agencies say: each message once, under its name."""

from collections.abc import Sequence
from datetime import datetime

from gateway.journal.postgres.sql import Cx, Row, columns, every, only, unnest
from gateway.journal.records import Foreign, Heard
from gateway.journal.sql.arriving import Request
from gateway.journal.sql.codec import canonical
from gateway.journal.sql.foreign import COUNTS, ORDER, select, shown

_HEARD = select("string_agg")


async def heard(cx: Cx, now: datetime | None = None, *, most: int = 200) -> Sequence[Heard]:
    """Return messages, the one sent last first: those that count at `now`, or without it all."""
    if now is None:
        return [_heard(row) for row in await every(cx, f"{_HEARD}{ORDER} LIMIT $1", most)]
    return [_heard(row) for row in await every(cx, f"{_HEARD}WHERE h.expires > $1 AND {COUNTS} {ORDER} LIMIT $2", now, most)]


async def heard_one(cx: Cx, id: str) -> Heard:
    """Return one message; raises Missing."""
    return _heard(await only(cx, f"message {id} of another agency", f"{_HEARD}WHERE h.id = $1", id))


async def heard_bytes(cx: Cx, id: str) -> bytes:
    """Return the document it came in; raises Missing."""
    document = "SELECT b.body FROM heard h JOIN blob b ON b.sha256 = h.sha256 WHERE h.id = $1"
    body: bytes = (await only(cx, f"message {id} of another agency", document, id))[0]
    return body


async def known(cx: Cx, ids: Sequence[str]) -> set[str]:
    """Keep everybody else from recording these messages until the transaction ends; return which of them came before."""
    locked = "SELECT pg_advisory_xact_lock(hashtextextended(id, 0)) FROM unnest($1::text[]) AS n (id)"
    await cx.execute(locked, ids)
    return {id for (id,) in await every(cx, "SELECT id FROM heard WHERE id = ANY($1)", ids)}


async def add(cx: Cx, said: Sequence[tuple[Request, Foreign]]) -> None:
    """Record messages that never came before."""
    rows = [_row(request, foreign) for request, foreign in said]
    await cx.execute(
        "INSERT INTO heard (id, source, receipt, sha256, arrived, sent, kind, status, expires, body) SELECT * FROM"
        f" {unnest('text text text text timestamptz timestamptz text text timestamptz text')}",
        *columns(10, rows),
    )
    follows = [(foreign.id, earlier) for _, foreign in said for earlier in foreign.earlier]
    await cx.execute(f"INSERT INTO follows (message, earlier) SELECT * FROM {unnest('text text')}", *columns(2, follows))


def _row(request: Request, foreign: Foreign) -> Row:
    said, receipt = foreign.message, request.receipt
    return (
        *(foreign.id, receipt.source, receipt.id, request.sha256, request.arrival.at, said.sent),
        *(said.msg_type, said.status, foreign.expires, canonical(foreign)),
    )


def _heard(row: Row) -> Heard:
    return shown(row, row[4])
