"""What is published: one publication, bumped whenever it changes, and the newest issued version of every alert."""

from collections.abc import Sequence
from datetime import datetime

from gateway.alert import Kind
from gateway.channel import Publication, Published
from gateway.journal.postgres.alerts import records
from gateway.journal.postgres.sql import Cx, Row, columns, every, only, unnest
from gateway.journal.records import AlertRecord, Snapshot, VersionKey
from gateway.journal.sql.times import KEPT_FOR, next_publication

# The server's timeline, which every promotion moves on, stands in the names of its log's files
_LINE = "('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int - 1"
_CURRENT = f"SELECT revision, at, {_LINE} FROM publication"


async def snapshot(cx: Cx) -> Snapshot:
    """Return the publication and every alert's newest issued version that is live or was until lately."""
    publication = await current(cx)
    versions = await every(
        cx,
        "SELECT id, newest_issued FROM alert WHERE live"
        " UNION ALL SELECT a.id, v.number FROM version v JOIN alert a ON a.id = v.alert AND a.newest_issued = v.number"
        " WHERE v.state = 'issued' AND v.kind IN ('cancel', 'end') AND v.issued_at >= $1"
        " UNION ALL SELECT a.id, v.number FROM alert a JOIN version v ON v.alert = a.id AND v.number = a.newest_issued"
        " WHERE NOT a.live AND a.newest_issued > 0 AND (a.expires >= $1 OR a.expires IS NULL) AND v.expires >= $1"
        " AND v.kind NOT IN ('cancel', 'end') ORDER BY 1",
        publication.at - KEPT_FOR,
    )
    return Snapshot(publication=publication, versions=versions)


async def published(cx: Cx, versions: Sequence[VersionKey]) -> Sequence[tuple[str, Published]]:
    """Return the rows of issued versions, with the names of their feeds."""
    rows = await every(
        cx,
        "SELECT i.channel, i.alert, i.number, v.kind, v.issued_at, v.expires, b.body"
        f" FROM {unnest('text int')} AS w (alert, number) JOIN issued i USING (alert, number)"
        " JOIN version v USING (alert, number) JOIN blob b USING (sha256) WHERE i.way = 'feed' ORDER BY i.channel",
        *columns(2, versions),
    )
    return [_published(row) for row in rows]


async def current(cx: Cx) -> Publication:
    """Return the publication as it stands."""
    return Publication(*await only(cx, "publication", _CURRENT))


async def bump(cx: Cx, now: datetime) -> Publication:
    """Publish anew: later than the publication before, than now, and than every expiry feeds have already acted on.

    Call it before the change it publishes, while what expired unrecorded still counts as live. Whoever publishes next waits
    until the transaction ends.
    """
    before = Publication(*await only(cx, "publication", _CURRENT + " FOR UPDATE"))
    after = Publication(before.revision + 1, next_publication(before.at, now, await _past_expiry(cx, now)), before.line)
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


def _published(row: Row) -> tuple[str, Published]:
    feed, alert, number, kind, issued_at, expires, body = row
    return feed, Published(alert=alert, number=number, kind=Kind(kind), issued_at=issued_at, expires=expires, body=body)
