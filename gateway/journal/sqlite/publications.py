"""What is published: one publication, bumped whenever it changes, and the newest issued version of every alert."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import apsw

from gateway.alert import Kind
from gateway.channel import Publication, Published
from gateway.journal.records import AlertRecord, Snapshot
from gateway.journal.sql.codec import moment, when
from gateway.journal.sql.times import KEPT_FOR, next_publication
from gateway.journal.sqlite.alerts import alert
from gateway.journal.sqlite.sql import Row, every, only


def snapshot(cx: apsw.Connection) -> Snapshot:
    """Return the publication and, by feed, every alert's newest issued version that is live or was until lately."""
    publication = current(cx)
    rows = every(
        cx,
        "SELECT i.channel, a.id, v.number, v.kind, v.issued_at, v.expires, b.body FROM alert a"
        " JOIN version v ON v.alert = a.id AND v.number = a.newest_issued"
        " JOIN issued i ON i.alert = a.id AND i.number = v.number AND i.way = 'feed'"
        " JOIN blob b ON b.sha256 = i.sha256"
        " WHERE a.live = 1 OR (v.state = 'issued'"
        " AND CASE WHEN v.kind IN ('cancel', 'end') THEN v.issued_at ELSE v.expires END >= ?1)"
        " ORDER BY i.channel, a.id",
        moment(publication.at - KEPT_FOR),
    )
    feeds = {name: tuple(_published(row) for row in group) for name, group in groupby(rows, key=lambda row: str(row[0]))}
    return Snapshot(publication=publication, feeds=feeds)


def current(cx: apsw.Connection) -> Publication:
    """Return the publication as it stands."""
    revision, at = only(cx, "publication", "SELECT revision, at FROM publication")
    return Publication(revision, when(at))


def bump(cx: apsw.Connection, now: datetime) -> Publication:
    """Publish anew: later than the publication before, than now, and than every expiry feeds have already acted on.

    Call it before the change it publishes, while what expired unrecorded still counts as live.
    """
    before = current(cx)
    at = next_publication(before.at, now, _past_expiry(cx, now))
    after = Publication(before.revision + 1, at)
    cx.execute("UPDATE publication SET revision = ?, at = ?", (after.revision, moment(at)))
    return after


def heartbeat(cx: apsw.Connection, now: datetime, every_s: float) -> Publication:
    """Bump the publication when it is old enough."""
    publication = current(cx)
    return bump(cx, now) if (now - publication.at).total_seconds() >= every_s else publication


def document(cx: apsw.Connection, identifier: str) -> tuple[bytes, datetime]:
    """Return an issued CAP document and when it was issued; raises Missing."""
    stored = "SELECT body, issued_at FROM document JOIN blob USING (sha256) WHERE identifier = ?"
    body, issued_at = only(cx, f"document {identifier}", stored, identifier)
    return body, when(issued_at)


def due_to_expire(cx: apsw.Connection, now: datetime) -> Sequence[AlertRecord]:
    """Return alerts that are live in the record but expired."""
    rows = every(
        cx,
        "SELECT id FROM alert WHERE live = 1 AND expires <= ? ORDER BY expires, id",
        moment(now),
    )
    return [alert(cx, id) for (id,) in rows]


def _past_expiry(cx: apsw.Connection, now: datetime) -> datetime | None:
    row = only(
        cx,
        "expiry",
        "SELECT max(expires) FROM alert WHERE live = 1 AND expires <= ?",
        moment(now),
    )
    return when(row[0]) if row[0] else None


def _published(row: Row) -> Published:
    _, alert_id, number, kind, issued_at, expires, body = row
    return Published(alert=alert_id, number=number, kind=Kind(kind), issued_at=when(issued_at), expires=when(expires), body=body)
