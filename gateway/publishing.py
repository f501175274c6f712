"""Publications become feeds: a pure function of the publication and the expiries passed, so all nodes serve the same bytes."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from gateway.alert import Kind, digest, whole
from gateway.channel import Feed, Publication, Published
from gateway.fault import Unavailable
from gateway.formats import cap
from gateway.journal.contract import Journal
from gateway.journal.records import Snapshot

LONG_AGO = datetime.min.replace(tzinfo=UTC)
TRUSTED = timedelta(seconds=30)


class Served(Struct, frozen=True, kw_only=True):
    """Bytes to serve; `etag` is a strong one made of the bytes, `modified` the time they speak for."""

    body: bytes
    media_type: str
    etag: str
    modified: datetime


class Feeds:
    """What others fetch, always of the newest publication."""

    def __init__(self, journal: Journal, feeds: Sequence[Feed], base_url: str, now: Callable[[], datetime]) -> None:
        """Serve these feeds under `base_url`, reading the record through `journal`."""
        self._journal = journal
        self._feeds = {feed.path: feed for feed in feeds}
        self._base_url = base_url
        self._now = now
        self._snapshot = Snapshot(publication=Publication(-1, LONG_AGO), feeds={})
        self._reached = LONG_AGO
        self._expiries: Sequence[datetime] = ()
        self._joined: dict[str, tuple[Publication, asyncio.Future[Served]]] = {}

    @property
    def paths(self) -> Sequence[str]:
        """Where the feeds stand."""
        return sorted(self._feeds)

    async def current(self, path: str) -> Served | None:
        """Return a feed as of now, or None where there is no such feed; its time never goes back, even if the clock does.

        While the record is away, what was published last is served until it is 30 s old; then this raises Unavailable.
        """
        if (feed := self._feeds.get(path)) is None:
            return None
        snapshot = await self._newest()
        self._reached = max(self._reached, snapshot.publication.at, *self._passed())
        spoken = Publication(snapshot.publication.revision, self._reached)
        if path not in self._joined or self._joined[path][0] != spoken:
            rows = snapshot.feeds.get(feed.name, ())
            self._joined[path] = spoken, asyncio.ensure_future(asyncio.to_thread(_join, feed, spoken, rows, self._base_url))
        return await asyncio.shield(self._joined[path][1])

    def _passed(self) -> Sequence[datetime]:
        """Return the newest expiry that has passed, if any has."""
        return self._expiries[: bisect_right(self._expiries, self._now())][-1:]

    async def document(self, identifier: str) -> Served:
        """Return an issued CAP document verbatim; raises Missing."""
        body, issued_at = await self._journal.document(identifier)
        return _served(body, cap.MEDIA_TYPE, issued_at)

    async def _newest(self) -> Snapshot:
        """Return the newest snapshot that anybody here has seen, however late the record's answers came."""
        try:
            if (await self._journal.publication()).revision > self._snapshot.publication.revision:
                self._keep(await self._journal.snapshot())
        except Unavailable:
            if self._now() - self._snapshot.publication.at > TRUSTED:
                raise
        return self._snapshot

    def _keep(self, snapshot: Snapshot) -> None:
        if snapshot.publication.revision > self._snapshot.publication.revision:
            self._snapshot = snapshot
            self._expiries = expiries(snapshot)


def expiries(snapshot: Snapshot) -> Sequence[datetime]:
    """Return when the warnings of a snapshot run out, in order; from each of these times on, feeds speak for that time."""
    return sorted({row.expires for rows in snapshot.feeds.values() for row in rows if row.kind in (Kind.ALERT, Kind.UPDATE)})


def _join(feed: Feed, spoken: Publication, rows: Sequence[Published], base_url: str) -> Served:
    return _served(feed.join(spoken, rows, base_url), feed.media_type, spoken.at)


def _served(body: bytes, media_type: str, at: datetime) -> Served:
    return Served(body=body, media_type=media_type, etag=f'"{digest(body)[:32]}"', modified=whole(at.astimezone(UTC)))
