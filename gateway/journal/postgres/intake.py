"""What comes in: receipts, raw bytes, incidents with their episodes, watches, refused items."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from gateway.alert import IncidentKey, digest
from gateway.fault import Conflict
from gateway.incident import Incident
from gateway.journal.postgres import audit
from gateway.journal.postgres.changes import Change, Shape
from gateway.journal.postgres.sql import Cx, Row, change, every, find, only
from gateway.journal.records import Head, ItemAnswer, Quarantined, Receipt
from gateway.journal.sql import entries
from gateway.journal.sql.arriving import window
from gateway.journal.sql.codec import read
from gateway.source import Raw, Refusal

MOST_SHOWN = 200

_QUARANTINED = (
    "SELECT q.id, r.id, q.item, q.refusal, q.settled, r.source, r.media_type, b.body, r.received_at, r.headers"
    " FROM quarantine q JOIN receipt r ON r.id = q.receipt JOIN blob b ON b.sha256 = r.sha256 "
)
_HELD = Shape(
    "INSERT INTO incident (source, id) SELECT * FROM ROWS AS n ORDER BY 1, 2"
    " ON CONFLICT (source, id) DO UPDATE SET revision = incident.revision",
    "text text",
    "source id revision",
)


async def heads(cx: Cx, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Head]:
    """Return the newest episode of each incident that is known."""
    rows = await every(
        cx,
        "SELECT DISTINCT ON (source, id) source, id, e.number, i.revision, e.open, e.report, e.arrived, e.alert, e.stopped"
        " FROM incident i JOIN episode e USING (source, id)"
        " WHERE (source, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))"
        " ORDER BY source, id, e.number DESC",
        *([source for source, _ in keys], [id for _, id in keys]),
    )
    return {(row[0], row[1]): read_head(row) for row in rows}


async def watches(cx: Cx, keys: Sequence[str]) -> Mapping[str, tuple[int, bytes]]:
    """Return (revision, state) of each watch that is known."""
    rows = await every(cx, "SELECT key, revision, state FROM watch WHERE key = ANY($1) AND revision > 0", list(keys))
    return {key: (revision, state) for key, revision, state in rows}


async def known(cx: Cx, raw: Raw, key: str | None) -> Receipt | None:
    """Return the answer given before: for the same header key in 30 days, else for the same bytes in 10 minutes."""
    sha256 = digest(raw.body)
    name, lasting = window(sha256, key)
    # The lock is written down, so the commit waits until a standby has that too, and with it what is acknowledged again
    newest = "SELECT receipt, sha256 FROM given WHERE source = $1 AND name = $2 AND received_at > $3 FOR KEY SHARE"
    if (row := await find(cx, newest, raw.source, name, raw.received_at - lasting)) is None:
        return None
    if row[1] != sha256:
        hint = "send the same bytes again, or use a new key"
        raise Conflict("receipt-conflict", "this receipt key came with other bytes before", hint=hint)
    return msgspec.structs.replace(await receipt(cx, row[0]), again=True)


async def receipt(cx: Cx, id: str) -> Receipt:
    """Return a receipt; raises Missing."""
    row = await only(cx, f"receipt {id}", "SELECT source, received_at, items FROM receipt WHERE id = $1", id)
    return Receipt(id=id, source=row[0], received_at=row[1], items=read(row[2], tuple[ItemAnswer, ...]))


async def quarantine(cx: Cx, *, settled: bool = False) -> Sequence[Quarantined]:
    """Return the newest refused items, oldest of them first."""
    newest = _QUARANTINED + "WHERE $1 OR q.settled = '' ORDER BY q.id DESC LIMIT $2"
    return [_quarantined(row) for row in reversed(await every(cx, newest, settled, MOST_SHOWN))]


async def quarantined(cx: Cx, id: int) -> Quarantined:
    """Return one refused item; raises Missing."""
    return _quarantined(await only(cx, f"refused item {id}", _QUARANTINED + "WHERE q.id = $1", id))


async def settle_quarantine(cx: Cx, id: int, how: str, actor: str, at: datetime) -> None:
    """Record, once, that a person replayed or raised a refused item."""
    of = "SELECT r.source, r.id, q.item FROM quarantine q JOIN receipt r ON r.id = q.receipt WHERE q.id = $1"
    source, receipt_id, index = await only(cx, f"refused item {id}", of, id)
    if not await change(cx, "UPDATE quarantine SET settled = $2 WHERE id = $1 AND settled = ''", id, how):
        raise Conflict("quarantine-settled", "somebody dealt with this item before")
    await audit.append(cx, entries.Entry(f"source:{source}", at, actor, how, {"receipt": receipt_id, "index": index}))


async def bind(cx: Cx, key: IncidentKey, alert: str) -> None:
    """Remember which alert is about an incident's episode; where that is known, nobody waits for a report being placed."""
    about = "UPDATE episode SET alert = $1 WHERE source = $2 AND id = $3 AND number = $4 AND alert IS DISTINCT FROM $1"
    await cx.execute(about, alert, key.source, key.id, key.episode)


async def stop(cx: Cx, alert: str, level: str) -> None:
    """Remember at which level a person cancelled or ended what is told of an incident."""
    await cx.execute("UPDATE episode SET stopped = $2 WHERE alert = $1", alert, level)


def holding(keys: Sequence[tuple[str, str]]) -> Change:
    """Keep everybody else from these incidents until the transaction ends; tells their revisions, 0 for new ones."""
    return _HELD.of(keys)


def read_head(row: Row) -> Head:
    """Return an episode as recorded."""
    source, id, episode, revision, is_open, report, arrived, alert, stopped = row
    return Head(
        key=IncidentKey(source, id, episode),
        revision=revision,
        open=is_open,
        report=read(report, Incident),
        arrived=arrived,
        alert=alert,
        stopped=stopped,
    )


def _quarantined(row: Row) -> Quarantined:
    id, receipt_id, index, refusal, settled, source, media_type, body, received_at, headers = row
    raw = Raw(
        source=source,
        media_type=media_type,
        body=body,
        received_at=received_at,
        headers=read(headers, dict[str, str]),
    )
    return Quarantined(id=id, receipt=receipt_id, index=index, refusal=read(refusal, Refusal), raw=raw, settled=settled)
