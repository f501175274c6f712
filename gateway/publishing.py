"""Publications become feeds: a pure function of the publication and the expiries passed, so all nodes serve the same bytes."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from gateway.alert import Kind, digest, whole
from gateway.channel import Feed, Narrowing, Publication, Published
from gateway.fault import Unavailable
from gateway.formats import cap
from gateway.journal.contract import Journal
from gateway.journal.records import Snapshot

LONG_AGO = datetime.min.replace(tzinfo=UTC)
TRUSTED = timedelta(seconds=30)
MOST_MADE = 2000


class Served(Struct, frozen=True, kw_only=True):
    """Bytes to serve; `etag` is a strong one made of the bytes, `modified` the time they speak for."""

    body: bytes
    media_type: str
    etag: str
    modified: datetime


class View(Struct, frozen=True, kw_only=True):
    """All that is published, as of one moment; whatever is made of it is made of nothing else."""

    publication: Publication
    feeds: Mapping[str, tuple[Published, ...]]


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
        self._spoken = self._snapshot.publication
        self._made: dict[str, asyncio.Future[Served]] = {}

    @property
    def paths(self) -> Sequence[str]:
        """Where the feeds stand."""
        return sorted(self._feeds)

    async def current(self, path: str, asked: Mapping[str, str] | None = None) -> Served | None:
        """Return a feed as of now, or None where there is no such feed; `asked` may name a part of it.

        Raises as `view` does, and what the feed says of `asked`.
        """
        if (feed := self._feeds.get(path)) is None:
            return None
        wanted = feed.narrowed(asked) if asked and isinstance(feed, Narrowing) else feed
        return await self.made(await self.view(), wanted.path, wanted.media_type, lambda view: self._joined(wanted, view))

    async def view(self) -> View:
        """Return what is published now; its time never goes back, even if the clock does.

        While the record is away, what was published last counts until it is 30 s old; then this raises Unavailable.
        """
        snapshot = await self._newest()
        self._reached = max(self._reached, snapshot.publication.at, *self._passed())
        return View(publication=Publication(snapshot.publication.revision, self._reached), feeds=snapshot.feeds)

    async def made(self, view: View, name: str, media_type: str, make: Callable[[View], bytes]) -> Served:
        """Return what `make` makes of a view, in a thread of its own and once for all who ask while nothing else is published."""
        if view.publication != self._spoken:
            self._spoken, self._made = view.publication, {}
        if name not in self._made:
            if len(self._made) >= MOST_MADE:
                del self._made[next(iter(self._made))]
            self._made[name] = asyncio.ensure_future(asyncio.to_thread(_made, make, view, media_type))
        return await asyncio.shield(self._made[name])

    def _joined(self, feed: Feed, view: View) -> bytes:
        return feed.join(view.publication, view.feeds.get(feed.name, ()), self._base_url)

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


def _made(make: Callable[[View], bytes], view: View, media_type: str) -> Served:
    return _served(make(view), media_type, view.publication.at)


def _served(body: bytes, media_type: str, at: datetime) -> Served:
    return Served(body=body, media_type=media_type, etag=f'"{digest(body)[:32]}"', modified=whole(at.astimezone(UTC)))
