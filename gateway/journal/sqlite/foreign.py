"""What other agencies say: each message once, under its name."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import apsw

from gateway.journal.records import Foreign, Heard
from gateway.journal.sql.arriving import Request
from gateway.journal.sql.codec import canonical, moment, when
from gateway.journal.sql.foreign import COUNTS, ORDER, select, shown
from gateway.journal.sqlite.sql import Row, each, every, only

_HEARD = select("group_concat")


def heard(cx: apsw.Connection, now: datetime | None = None, *, most: int = 200) -> Sequence[Heard]:
    """Return messages, the one sent last first: those that count at `now`, or without it all."""
    if now is None:
        return [_heard(row) for row in every(cx, f"{_HEARD}{ORDER} LIMIT ?", most)]
    return [_heard(row) for row in every(cx, f"{_HEARD}WHERE h.expires > ? AND {COUNTS} {ORDER} LIMIT ?", moment(now), most)]


def heard_one(cx: apsw.Connection, id: str) -> Heard:
    """Return one message; raises Missing."""
    return _heard(only(cx, f"message {id} of another agency", f"{_HEARD}WHERE h.id = ?", id))


def heard_bytes(cx: apsw.Connection, id: str) -> bytes:
    """Return the document it came in; raises Missing."""
    document = "SELECT b.body FROM heard h JOIN blob b ON b.sha256 = h.sha256 WHERE h.id = ?"
    body: bytes = only(cx, f"message {id} of another agency", document, id)[0]
    return body


def known(cx: apsw.Connection, ids: Iterable[str]) -> set[str]:
    """Return which of these messages came before."""
    return {id for (id,) in each(cx, "SELECT id FROM heard WHERE id = ?", [(id,) for id in ids])}


def add(cx: apsw.Connection, said: Sequence[tuple[Request, Foreign]]) -> None:
    """Record messages that never came before."""
    each(
        cx,
        "INSERT INTO heard (id, source, receipt, sha256, arrived, sent, kind, status, expires, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(request, foreign) for request, foreign in said],
    )
    follows = [(foreign.id, earlier) for _, foreign in said for earlier in foreign.earlier]
    each(cx, "INSERT INTO follows (message, earlier) VALUES (?, ?)", follows)


def _row(request: Request, foreign: Foreign) -> tuple[str, ...]:
    said, receipt = foreign.message, request.receipt
    return (
        *(foreign.id, receipt.source, receipt.id, request.sha256, moment(request.arrival.at), moment(said.sent)),
        *(said.msg_type, said.status, moment(foreign.expires), canonical(foreign)),
    )


def _heard(row: Row) -> Heard:
    return shown(row, when(row[4]))
