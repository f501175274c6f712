"""What comes in: receipts, raw bytes, incidents with their episodes, watches, refused items."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import apsw
import msgspec

from gateway.alert import IncidentKey, digest
from gateway.fault import Conflict
from gateway.incident import Incident
from gateway.journal.records import Head, ItemAnswer, Quarantined, Receipt
from gateway.journal.sql import entries
from gateway.journal.sql.arriving import window
from gateway.journal.sql.codec import read, when
from gateway.journal.sqlite import audit
from gateway.journal.sqlite.sql import Row, change, every, find, only
from gateway.source import Raw, Refusal

MOST_SHOWN = 200

# The newest answer to a receipt key, or to bytes without one
_GIVEN = "SELECT id, sha256, received_at FROM receipt WHERE source = ?"
_GIVEN_KEY = f"{_GIVEN} AND key = ? ORDER BY received_at DESC LIMIT 1"
_GIVEN_BODY = f"{_GIVEN} AND key IS NULL AND sha256 = ? ORDER BY received_at DESC LIMIT 1"
HEADS = (
    "SELECT i.source, i.id, i.episode, i.revision, i.open, r.body, i.arrived, i.alert, i.stopped"
    " FROM incident i JOIN report r ON r.position = i.newest"
)
_QUARANTINED = (
    "SELECT q.id, r.id, q.item, q.refusal, q.settled, r.source, r.media_type, coalesce(r.body, b.body), r.received_at, r.headers"
    " FROM quarantine q JOIN receipt r ON r.id = q.receipt LEFT JOIN blob b ON r.body IS NULL AND b.sha256 = r.sha256 "
)


def heads(cx: apsw.Connection, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Head]:
    """Return the newest episode of each incident that is known."""
    found = ((key, _head(cx, key)) for key in keys)
    return {key: head for key, head in found if head is not None}


def watches(cx: apsw.Connection, keys: Sequence[str]) -> Mapping[str, tuple[int, bytes]]:
    """Return (revision, state) of each watch that is known."""
    found = ((key, find(cx, "SELECT revision, state FROM watch WHERE key = ?", key)) for key in keys)
    return {key: (row[0], row[1]) for key, row in found if row is not None}


def known(cx: apsw.Connection, raw: Raw, key: str | None) -> Receipt | None:
    """Return the answer given before: for the same header key in 30 days, else for the same bytes in 10 minutes."""
    sha256 = digest(raw.body)
    _, lasting = window(sha256, key)
    row = find(cx, _GIVEN_BODY if key is None else _GIVEN_KEY, raw.source, sha256 if key is None else key)
    if row is None or when(row[2]) <= raw.received_at - lasting:
        return None
    if row[1] != sha256:
        hint = "send the same bytes again, or use a new key"
        raise Conflict("receipt-conflict", "this receipt key came with other bytes before", hint=hint)
    return msgspec.structs.replace(receipt(cx, row[0]), again=True)


def receipt(cx: apsw.Connection, id: str) -> Receipt:
    """Return a receipt; raises Missing."""
    row = only(cx, f"receipt {id}", "SELECT source, received_at, items FROM receipt WHERE id = ?", id)
    items = read(row[2], tuple[ItemAnswer, ...])
    return Receipt(id=id, source=row[0], received_at=when(row[1]), items=items)


def quarantine(cx: apsw.Connection, *, settled: bool = False) -> Sequence[Quarantined]:
    """Return the newest refused items, oldest of them first."""
    newest = every(cx, _QUARANTINED + "WHERE ? OR q.settled = '' ORDER BY q.id DESC LIMIT ?", settled, MOST_SHOWN)
    return [_quarantined(row) for row in reversed(newest)]


def quarantined(cx: apsw.Connection, id: int) -> Quarantined:
    """Return one refused item; raises Missing."""
    return _quarantined(only(cx, f"refused item {id}", _QUARANTINED + "WHERE q.id = ?", id))


def settle_quarantine(cx: apsw.Connection, id: int, how: str, actor: str, at: datetime) -> None:
    """Record, once, that a person replayed or raised a refused item."""
    of = "SELECT r.source, r.id, q.item FROM quarantine q JOIN receipt r ON r.id = q.receipt WHERE q.id = ?"
    source, receipt_id, index = only(cx, f"refused item {id}", of, id)
    if not change(cx, "UPDATE quarantine SET settled = ? WHERE id = ? AND settled = ''", how, id):
        raise Conflict("quarantine-settled", "somebody dealt with this item before")
    audit.append(cx, entries.Entry(f"source:{source}", at, actor, how, {"receipt": receipt_id, "index": index}))


def bind(cx: apsw.Connection, key: IncidentKey, alert: str) -> None:
    """Remember which alert is about an incident's episode."""
    change(
        cx,
        "UPDATE incident SET alert = ? WHERE source = ? AND id = ? AND episode = ?",
        *(alert, key.source, key.id, key.episode),
    )


def stop(cx: apsw.Connection, alert: str, level: str) -> None:
    """Remember at which level a person cancelled or ended what is told of an incident."""
    change(cx, "UPDATE incident SET stopped = ? WHERE alert = ?", level, alert)


def _head(cx: apsw.Connection, key: tuple[str, str]) -> Head | None:
    row = find(
        cx,
        f"{HEADS} WHERE i.source = ? AND i.id = ? ORDER BY i.episode DESC LIMIT 1",
        *key,
    )
    return None if row is None else read_head(row)


def read_head(row: Row) -> Head:
    """Return an episode as `HEADS` finds it."""
    source, id, episode, revision, is_open, report, arrived, alert, stopped = row
    return Head(
        key=IncidentKey(source, id, episode),
        revision=revision,
        open=bool(is_open),
        report=read(report, Incident),
        arrived=when(arrived),
        alert=alert,
        stopped=stopped,
    )


def _quarantined(row: Row) -> Quarantined:
    id, receipt_id, index, refusal, settled, source, media_type, body, received_at, headers = row
    raw = Raw(
        source=source,
        media_type=media_type,
        body=body,
        received_at=when(received_at),
        headers=read(headers, dict[str, str]),
    )
    return Quarantined(id=id, receipt=receipt_id, index=index, refusal=read(refusal, Refusal), raw=raw, settled=settled)
