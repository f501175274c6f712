"""What is published: one publication, bumped whenever it changes, and the newest issued version of every alert."""

from collections.abc import Sequence
from datetime import datetime

import apsw

from gateway.alert import Kind
from gateway.channel import Publication, Published
from gateway.journal.records import AlertRecord, Snapshot, VersionKey
from gateway.journal.sql.codec import moment, when
from gateway.journal.sql.times import KEPT_FOR, next_publication
from gateway.journal.sqlite.alerts import alert as record
from gateway.journal.sqlite.sql import Row, each, every, only


def snapshot(cx: apsw.Connection) -> Snapshot:
    """Return the publication and every alert's newest issued version that is live or was until lately."""
    publication = current(cx)
    versions = every(
        cx,
        "SELECT id, newest_issued FROM alert WHERE live = 1"
        " UNION ALL SELECT a.id, v.number FROM version v JOIN alert a ON a.id = v.alert AND a.newest_issued = v.number"
        " WHERE v.state = 'issued' AND v.kind IN ('cancel', 'end') AND v.issued_at >= ?1"
        " UNION ALL SELECT a.id, v.number FROM alert a JOIN version v ON v.alert = a.id AND v.number = a.newest_issued"
        " WHERE a.live = 0 AND a.newest_issued > 0 AND a.expires >= ?1 AND v.kind NOT IN ('cancel', 'end')"
        " ORDER BY 1",
        moment(publication.at - KEPT_FOR),
    )
    return Snapshot(publication=publication, versions=versions)


def published(cx: apsw.Connection, versions: Sequence[VersionKey]) -> Sequence[tuple[str, Published]]:
    """Return the rows of issued versions, with the names of their feeds."""
    rows = each(
        cx,
        "SELECT i.channel, i.alert, i.number, v.kind, v.issued_at, v.expires, b.body FROM issued i"
        " JOIN version v USING (alert, number) JOIN blob b USING (sha256)"
        " WHERE i.alert = ? AND i.number = ? AND i.way = 'feed' ORDER BY i.channel",
        versions,
    )
    return [_published(row) for row in rows]


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
    return [record(cx, id) for (id,) in rows]


def _past_expiry(cx: apsw.Connection, now: datetime) -> datetime | None:
    row = only(
        cx,
        "expiry",
        "SELECT max(expires) FROM alert WHERE live = 1 AND expires <= ?",
        moment(now),
    )
    return when(row[0]) if row[0] else None


def _published(row: Row) -> tuple[str, Published]:
    feed, alert, number, kind, issued_at, expires, body = row
    told = Published(alert=alert, number=number, kind=Kind(kind), issued_at=when(issued_at), expires=when(expires), body=body)
    return feed, told
