"""What is published: one publication, bumped whenever it changes, and the newest issued version of every alert."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from gateway.alert import Kind
from gateway.channel import Publication, Published
from gateway.journal.postgres.alerts import records
from gateway.journal.postgres.sql import Cx, Row, every, only
from gateway.journal.records import AlertRecord, Snapshot
from gateway.journal.sql.times import KEPT_FOR, next_publication

_CURRENT = "SELECT revision, at FROM publication"


async def snapshot(cx: Cx) -> Snapshot:
    """Return the publication and, by feed, every alert's newest issued version that is live or was until lately."""
    publication = await current(cx)
    rows = await every(
        cx,
        "SELECT i.channel, a.id, v.number, v.kind, v.issued_at, v.expires, b.body FROM alert a"
        " JOIN version v ON v.alert = a.id AND v.number = a.newest_issued"
        " JOIN issued i ON i.alert = a.id AND i.number = v.number AND i.way = 'feed'"
        " JOIN blob b ON b.sha256 = i.sha256"
        " WHERE a.live OR (v.state = 'issued'"
        " AND CASE WHEN v.kind IN ('cancel', 'end') THEN v.issued_at ELSE v.expires END >= $1)"
        " ORDER BY i.channel, a.id",
        publication.at - KEPT_FOR,
    )
    feeds = {name: tuple(_published(row) for row in group) for name, group in groupby(rows, key=lambda row: str(row[0]))}
    return Snapshot(publication=publication, feeds=feeds)


async def current(cx: Cx) -> Publication:
    """Return the publication as it stands."""
    return Publication(*await only(cx, "publication", _CURRENT))


async def bump(cx: Cx, now: datetime) -> Publication:
    """Publish anew: later than the publication before, than now, and than every expiry feeds have already acted on.

    Call it before the change it publishes, while what expired unrecorded still counts as live. Whoever publishes next waits
    until the transaction ends.
    """
    before = Publication(*await only(cx, "publication", _CURRENT + " FOR UPDATE"))
    after = Publication(before.revision + 1, next_publication(before.at, now, await _past_expiry(cx, now)))
    await cx.execute("UPDATE publication SET revision = $1, at = $2", after.revision, after.at)
    return after


async def heartbeat(cx: Cx, now: datetime, every_s: float) -> Publication:
    """Bump the publication when it is old enough."""
    publication = Publication(*await only(cx, "publication", _CURRENT + " FOR UPDATE"))
    return await bump(cx, now) if (now - publication.at).total_seconds() >= every_s else publication


async def document(cx: Cx, identifier: str) -> tuple[bytes, datetime]:
    """Return an issued CAP document and when it was issued; raises Missing."""
    stored = "SELECT body, issued_at FROM document JOIN blob USING (sha256) WHERE identifier = $1"
    body, issued_at = await only(cx, f"document {identifier}", stored, identifier)
    return body, issued_at


async def due_to_expire(cx: Cx, now: datetime) -> Sequence[AlertRecord]:
    """Return alerts that are live in the record but expired."""
    rows = await every(
        cx,
        "SELECT a.id FROM alert a JOIN version v ON v.alert = a.id AND v.number = a.newest_issued"
        " WHERE a.live AND (a.expires <= $1 OR a.expires IS NULL) AND v.expires <= $1 ORDER BY v.expires, a.id",
        now,
    )
    return await records(cx, [id for (id,) in rows])


async def _past_expiry(cx: Cx, now: datetime) -> datetime | None:
    newest = (
        "SELECT max(v.expires) FROM alert a JOIN version v ON v.alert = a.id AND v.number = a.newest_issued"
        " WHERE a.live AND (a.expires <= $1 OR a.expires IS NULL) AND v.expires <= $1"
    )
    [at] = await only(cx, "expiry", newest, now)
    return at if isinstance(at, datetime) else None


def _published(row: Row) -> Published:
    _, alert_id, number, kind, issued_at, expires, body = row
    return Published(alert=alert_id, number=number, kind=Kind(kind), issued_at=issued_at, expires=expires, body=body)
