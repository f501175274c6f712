"""What comes in: receipts, raw bytes, incidents with their episodes, watches, refused items."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

import apsw
import msgspec

from gateway.alert import IncidentKey, digest
from gateway.fault import Conflict
from gateway.incident import Incident
from gateway.journal.contract import Stale
from gateway.journal.records import Arrival, Head, ItemAnswer, Placed, Quarantined, Receipt, Watched
from gateway.journal.sql import entries
from gateway.journal.sql.codec import canonical, moment, read, when
from gateway.journal.sql.times import SAME_BODY_FOR, SAME_KEY_FOR
from gateway.journal.sqlite import audit, work
from gateway.journal.sqlite.sql import Row, change, every, find, keep, only
from gateway.source import Raw, Refusal

MOST_SHOWN = 200

_QUARANTINED = (
    "SELECT q.id, r.id, q.item, q.refusal, q.settled, r.source, r.media_type, b.body, r.received_at, r.headers"
    " FROM quarantine q JOIN receipt r ON r.id = q.receipt JOIN blob b ON b.sha256 = r.sha256 "
)


def heads(cx: apsw.Connection, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Head]:
    """Return the newest episode of each incident that is known."""
    found = ((key, _head(cx, key)) for key in keys)
    return {key: head for key, head in found if head is not None}


def watches(cx: apsw.Connection, keys: Sequence[str]) -> Mapping[str, tuple[int, bytes]]:
    """Return (revision, state) of each watch that is known."""
    found = ((key, find(cx, "SELECT revision, state FROM watch WHERE key = ?", key)) for key in keys)
    return {key: (row[0], row[1]) for key, row in found if row is not None}


def accept(cx: apsw.Connection, arrival: Arrival) -> Receipt:
    """Record everything a request or a tick brings, once."""
    if arrival.raw is not None and (given := known(cx, arrival.raw, arrival.key)) is not None:
        return given
    _unmoved(cx, arrival)
    receipt = _receipt(cx, arrival)
    for placed in arrival.reports:
        _place(cx, placed, arrival.at, receipt.id or None)
    for watched in arrival.watches:
        _watch(cx, watched)
    for todo in arrival.todos:
        work.owe(cx, todo, arrival.at)
    for entry in entries.arrived(arrival, receipt):
        audit.append(cx, entry)
    return receipt


def known(cx: apsw.Connection, raw: Raw, key: str | None) -> Receipt | None:
    """Return the answer given before: for the same header key in 30 days, else for the same bytes in 10 minutes."""
    newest = "ORDER BY received_at DESC LIMIT 1"
    columns = "SELECT id, sha256 FROM receipt WHERE source = ? AND "
    if key is None:
        since = moment(raw.received_at - SAME_BODY_FOR)
        same = columns + "key IS NULL AND sha256 = ? AND received_at > ? " + newest
        row = find(cx, same, raw.source, digest(raw.body), since)
    else:
        since = moment(raw.received_at - SAME_KEY_FOR)
        row = find(cx, columns + "key = ? AND received_at > ? " + newest, raw.source, key, since)
    if row is not None and row[1] != digest(raw.body):
        hint = "send the same bytes again, or use a new key"
        raise Conflict("receipt-conflict", "this receipt key came with other bytes before", hint=hint)
    return None if row is None else msgspec.structs.replace(receipt(cx, row[0]), again=True)


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
        "SELECT episode, revision, open, report, arrived, alert, stopped FROM incident"
        " WHERE source = ? AND id = ? ORDER BY episode DESC LIMIT 1",
        *key,
    )
    return None if row is None else _read_head(key, row)


def _read_head(key: tuple[str, str], row: Row) -> Head:
    episode, revision, is_open, report, arrived, alert, stopped = row
    return Head(
        key=IncidentKey(*key, episode),
        revision=revision,
        open=bool(is_open),
        report=read(report, Incident),
        arrived=when(arrived),
        alert=alert,
        stopped=stopped,
    )


def _unmoved(cx: apsw.Connection, arrival: Arrival) -> None:
    """Only the first report of an incident is held against the record; those after it were placed after each other."""
    first = {(placed.report.source, placed.report.id): placed.expected for placed in reversed(arrival.reports)}
    for key, expected in first.items():
        if _revision(cx, key) != expected:
            raise Stale(f"incident {key[1]}")
    for watched in arrival.watches:
        row = find(cx, "SELECT revision FROM watch WHERE key = ?", watched.key)
        if (row[0] if row else 0) != watched.expected:
            raise Stale(f"watch {watched.key}")


def _revision(cx: apsw.Connection, key: tuple[str, str]) -> int:
    newest = "SELECT revision FROM incident WHERE source = ? AND id = ? ORDER BY episode DESC LIMIT 1"
    row = find(cx, newest, *key)
    return row[0] if row else 0


def _receipt(cx: apsw.Connection, arrival: Arrival) -> Receipt:
    if (raw := arrival.raw) is None:
        return Receipt(id="", source="", received_at=arrival.at, items=arrival.answers)
    made = Receipt(id=secrets.token_hex(12), source=raw.source, received_at=raw.received_at, items=arrival.answers)
    row = (made.id, raw.source, arrival.key, keep(cx, raw.body), raw.media_type, canonical(raw.headers), arrival.actor)
    cx.execute(
        "INSERT INTO receipt (id, source, key, sha256, media_type, headers, actor, received_at, items)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, moment(raw.received_at), canonical(arrival.answers)),
    )
    for index, refusal in arrival.refusals:
        refused = "INSERT INTO quarantine (receipt, item, refusal) VALUES (?, ?, ?)"
        cx.execute(refused, (made.id, index, canonical(refusal)))
    return made


def _place(cx: apsw.Connection, placed: Placed, at: datetime, receipt_id: str | None) -> None:
    report = placed.report
    key = (report.source, report.id, placed.episode)
    body = canonical(report)
    cx.execute(
        "INSERT INTO report (source, id, episode, receipt, arrived, applied, closes, why, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*key, receipt_id, moment(at), placed.applied, placed.closes, placed.why, body),
    )
    if placed.applied:
        _apply(cx, key, placed.expected + 1, body, moment(at))
    if placed.closes:
        change(cx, "UPDATE incident SET open = 0 WHERE source = ? AND id = ? AND episode = ?", *key)


def _apply(cx: apsw.Connection, key: tuple[str, str, int], revision: int, body: str, at: str) -> None:
    """An episode's revision goes on from the one before it, so that no revision of an incident is seen twice."""
    cx.execute(
        "INSERT INTO incident (source, id, episode, revision, open, report, arrived) VALUES (?, ?, ?, ?, 1, ?, ?)"
        " ON CONFLICT DO UPDATE SET report = excluded.report, arrived = excluded.arrived, revision = excluded.revision",
        (*key, revision, body, at),
    )


def _watch(cx: apsw.Connection, watched: Watched) -> None:
    cx.execute(
        "INSERT INTO watch (key, revision, state) VALUES (?, 1, ?)"
        " ON CONFLICT DO UPDATE SET revision = revision + 1, state = excluded.state",
        (watched.key, watched.state),
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
